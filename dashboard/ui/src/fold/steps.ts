/** The steps of a plan that an agent brought, each with how its task stands. */
import type { TaskNode, TaskStatus } from '../api/types';

export interface Step {
  number: number;
  action: string | null;
  description: string;
  minutes: number | null;
  after: number[];
  status: TaskStatus;
  task_id: string;
}

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** Reads what the agent sent, in which anything may stand. */
export function stepsOf(plan_json: unknown, tasks: readonly TaskNode[]): Step[] {
  const list = (plan_json as { steps?: unknown } | null)?.steps;
  if (!Array.isArray(list)) return [];
  const known = new Map(tasks.map((task) => [task.task_id, task]));
  return list.map((it: unknown, at): Step => {
    const said = (typeof it === 'object' && it !== null ? it : {}) as Record<string, unknown>;
    const number = isNumber(said.step) ? said.step : at + 1;
    const task_id = `step_${number}`;
    const task = known.get(task_id);
    const title = task?.title ?? task_id;
    return {
      number,
      task_id,
      action: typeof said.action === 'string' ? said.action : null,
      description: typeof said.description === 'string' ? said.description : title,
      minutes: isNumber(said.estimated_duration) ? said.estimated_duration : null,
      after: Array.isArray(said.dependencies) ? said.dependencies.filter(isNumber) : [],
      status: (task?.status as TaskStatus | undefined) ?? 'QUEUED',
    };
  });
}
