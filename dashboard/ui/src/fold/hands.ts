/** Which agents can do a plan's tasks, and what nobody can do. */
import type { Agent, PlanTask } from '../api/types';

export interface Hand {
  agent: Agent;
  /** How many of the tasks it can do. */
  tasks: number;
}

export interface Hands {
  hands: Hand[];
  /** Actions that no agent has, by name. */
  missing: string[];
  /** How many tasks name an action, so that it can be told who does them. */
  tasks: number;
}

/** The actions of an agent, by name. */
export function abilities(agent: Pick<Agent, 'capabilities'>): string[] {
  return agent.capabilities.flatMap((it) => {
    const name = typeof it === 'string' ? it : (it as { action?: unknown }).action;
    return typeof name === 'string' ? [name] : [];
  });
}

/** The agents that can do most, first; those that are gone for good are not asked. */
export function handsOf(tasks: readonly PlanTask[], agents: readonly Agent[]): Hands {
  const wanted = new Map<string, number>();
  for (const { is_leaf, action } of tasks)
    if (is_leaf && action) wanted.set(action, (wanted.get(action) ?? 0) + 1);
  const here = agents.filter((it) => it.status !== 'retired');
  const known = new Set(here.flatMap(abilities));
  const hands = here.map((agent) => {
    const can = [...new Set(abilities(agent))].reduce((sum, it) => sum + (wanted.get(it) ?? 0), 0);
    return { agent, tasks: can };
  });
  return {
    hands: hands
      .filter((it) => it.tasks > 0)
      .sort((a, b) => b.tasks - a.tasks || a.agent.name.localeCompare(b.agent.name)),
    missing: [...wanted.keys()].filter((it) => !known.has(it)).sort(),
    tasks: [...wanted.values()].reduce((sum, it) => sum + it, 0),
  };
}
