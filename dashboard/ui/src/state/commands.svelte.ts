/** What a person wants of an execution: asked once more, sent, and told what came of it. */
import { executions, feed } from '../api/calls';
import { refusal, type Refused } from '../api/client';
import type { Execution } from '../api/types';
import { plain } from '../text';
import { toasts } from './app.svelte';

export type Order = 'pause' | 'resume' | 'start' | 'cancel' | 'reassign';

export const ORDERS: Record<Order, { word: string; done: string; ask: string; isDanger: boolean }> =
  {
    pause: {
      word: 'Pause',
      done: 'Paused',
      ask: 'No more work is given out until you resume. Tasks that agents hold may finish or wait.',
      isDanger: false,
    },
    resume: { word: 'Resume', done: 'Resumed', ask: 'Work is given out again.', isDanger: false },
    start: {
      word: 'Start',
      done: 'Started',
      ask: 'Its tasks are given to agents that can do them.',
      isDanger: false,
    },
    cancel: {
      word: 'Cancel',
      done: 'Cancelled',
      ask: 'This cannot be taken back. Tasks that are running wind down; what was done stays in the log.',
      isDanger: true,
    },
    reassign: {
      word: 'Reassign',
      done: 'Reassigned',
      ask: 'Open tasks go to this agent; without one, to any that can do them.',
      isDanger: false,
    },
  };

const STATUS = {
  pause: 'PAUSED',
  resume: 'RUNNING',
  start: 'RUNNING',
  cancel: 'CANCELLED',
} as const;

export function bodyOf(order: Order, reason: string, agent: string) {
  const why = reason.trim() === '' ? {} : { reason: reason.trim() };
  return order === 'reassign'
    ? { agent_id: agent === '' ? null : agent, ...why }
    : { status: STATUS[order], ...why };
}

/** Why an order is not possible now; null where it is. */
export function whyNot(order: Order, execution: Execution, may: boolean): string | null {
  if (!may) return 'Your role may look and not command';
  if (execution.allowed_commands.includes(order)) return null;
  const can = execution.allowed_commands.filter((it): it is Order => it in ORDERS);
  const next = can.length > 0 ? `; possible now: ${can.join(', ')}` : '';
  return `It is ${execution.status}${next}`;
}

/** Sends the order. */
export async function give(
  execution: Execution,
  order: Order,
  reason: string,
  agent: string,
): Promise<void> {
  await executions.change(execution.execution_id, bodyOf(order, reason, agent));
  const undo: Partial<Record<Order, Order>> = { pause: 'resume', resume: 'pause' };
  const back = undo[order];
  const more = back ? { undo: () => void undone(execution, back) } : {};
  toasts.say('green', `${ORDERS[order].done}: ${plain(execution.title)}`, more);
}

async function undone(execution: Execution, order: Order): Promise<void> {
  try {
    await give(execution, order, 'taken back', '');
  } catch (error) {
    const { problem } = await explained(refusal(error), execution.execution_id);
    toasts.say('red', problem.title, { detail: problem.detail });
  }
}

/** Adds to a conflict who was first. */
export async function explained(refused: Refused, execution_id: string): Promise<Refused> {
  if (refused.problem.status !== 409 && refused.problem.status !== 412) return refused;
  try {
    const last = await feed.list({ execution_id, group: 'decision,lifecycle', limit: 1 });
    const first = last.entries[0];
    if (first) refused.problem.detail += `. First was: ${plain(first.sentence)}`;
  } catch {
    // The refusal itself says enough.
  }
  return refused;
}
