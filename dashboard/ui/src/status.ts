/** What every status looks like: total tables, so that a new status does not compile without. */
import type {
  AgentPlanStatus,
  AgentStatus,
  Delivery,
  ExecutionStatus,
  Resolution,
  TaskStatus,
} from './api/types';
import type { IconName } from './icons';

/** The colours, by what they mean. */
export type Tone = 'green' | 'blue' | 'orange' | 'red' | 'grey' | 'violet';

export interface Look {
  tone: Tone;
  icon: IconName;
  word: string;
}

export const EXECUTION: Record<ExecutionStatus, Look> = {
  CREATED: { tone: 'grey', icon: 'circle', word: 'Created' },
  QUEUED: { tone: 'grey', icon: 'clock', word: 'Queued' },
  RUNNING: { tone: 'blue', icon: 'play', word: 'Running' },
  BLOCKED: { tone: 'orange', icon: 'blocked', word: 'Blocked' },
  PAUSED: { tone: 'violet', icon: 'pause', word: 'Paused' },
  COMPLETED: { tone: 'green', icon: 'check', word: 'Completed' },
  FAILED: { tone: 'red', icon: 'cross', word: 'Failed' },
  CANCELLED: { tone: 'grey', icon: 'slash', word: 'Cancelled' },
};

export const TASK: Record<TaskStatus, Look> = {
  QUEUED: { tone: 'grey', icon: 'circle', word: 'Waiting' },
  RUNNING: { tone: 'blue', icon: 'play', word: 'Running' },
  BLOCKED: { tone: 'orange', icon: 'blocked', word: 'Blocked' },
  COMPLETE: { tone: 'green', icon: 'check', word: 'Complete' },
  ERROR: { tone: 'red', icon: 'cross', word: 'Error' },
  SKIPPED: { tone: 'grey', icon: 'skip', word: 'Skipped' },
  CANCELLED: { tone: 'grey', icon: 'slash', word: 'Cancelled' },
};

export const AGENT: Record<AgentStatus, Look> = {
  active: { tone: 'blue', icon: 'play', word: 'At work' },
  idle: { tone: 'green', icon: 'check', word: 'Ready' },
  paused: { tone: 'violet', icon: 'pause', word: 'Paused' },
  draining: { tone: 'violet', icon: 'pause', word: 'Finishing' },
  offline: { tone: 'grey', icon: 'circle', word: 'Offline' },
  retired: { tone: 'grey', icon: 'slash', word: 'Retired' },
};

/** How a plan stands. */
export type PlanStatus =
  'generating' | 'failed' | 'stopped' | 'importing' | 'ready' | 'archived' | 'deleted';

export const PLAN: Record<PlanStatus, Look> = {
  generating: { tone: 'blue', icon: 'play', word: 'Being made' },
  failed: { tone: 'red', icon: 'cross', word: 'Failed' },
  stopped: { tone: 'grey', icon: 'slash', word: 'Stopped' },
  importing: { tone: 'blue', icon: 'upload', word: 'Being read' },
  ready: { tone: 'green', icon: 'check', word: 'Ready' },
  archived: { tone: 'grey', icon: 'clock', word: 'Archived' },
  deleted: { tone: 'grey', icon: 'cross', word: 'Deleted' },
};

/** How a plan stands that an agent brought. */
export const OWN: Record<AgentPlanStatus, Look> = {
  pending: { tone: 'grey', icon: 'clock', word: 'Not begun' },
  in_progress: { tone: 'blue', icon: 'play', word: 'Under way' },
  blocked: { tone: 'orange', icon: 'blocked', word: 'Blocked' },
  completed: { tone: 'green', icon: 'check', word: 'Completed' },
  failed: { tone: 'red', icon: 'cross', word: 'Failed' },
  cancelled: { tone: 'grey', icon: 'slash', word: 'Cancelled' },
};

export const DELIVERY: Record<Delivery['state'], Look> = {
  pending: { tone: 'grey', icon: 'clock', word: 'On its way' },
  delivered: { tone: 'green', icon: 'check', word: 'Delivered' },
  failed: { tone: 'orange', icon: 'retry', word: 'Will be tried again' },
  dead: { tone: 'red', icon: 'cross', word: 'Given up' },
};

/** The life of a window's generation. */
export type WindowPhase =
  'building' | 'catching_up' | 'ready' | 'live' | 'retired' | 'cancelled' | 'failed';

export const WINDOW: Record<WindowPhase, Look> = {
  building: { tone: 'blue', icon: 'play', word: 'Building' },
  catching_up: { tone: 'blue', icon: 'play', word: 'Catching up' },
  ready: { tone: 'violet', icon: 'person', word: 'Ready to switch' },
  live: { tone: 'green', icon: 'check', word: 'Live' },
  retired: { tone: 'grey', icon: 'clock', word: 'Retired' },
  cancelled: { tone: 'grey', icon: 'slash', word: 'Cancelled' },
  failed: { tone: 'red', icon: 'cross', word: 'Failed' },
};

/** Why a task or an execution is blocked. */
export type BlockerKind =
  | 'incident'
  | 'human_review'
  | 'external_dependency'
  | 'approval'
  | 'decomposition_review'
  | 'quarantined'
  | 'agent_unreachable'
  | 'execution_timeout'
  | 'budget_exceeded';

export const BLOCKER: Record<BlockerKind, Look> = {
  incident: { tone: 'red', icon: 'cross', word: 'Error that retrying does not mend' },
  human_review: { tone: 'violet', icon: 'person', word: 'Asks for a person' },
  external_dependency: { tone: 'orange', icon: 'blocked', word: 'Waits for something outside' },
  approval: { tone: 'violet', icon: 'person', word: 'Waits for approval' },
  decomposition_review: { tone: 'violet', icon: 'person', word: 'Breakdown to review' },
  quarantined: { tone: 'red', icon: 'blocked', word: 'Agents fell silent over it' },
  agent_unreachable: { tone: 'orange', icon: 'blocked', word: 'Its agent is lost' },
  execution_timeout: { tone: 'orange', icon: 'clock', word: 'Older than it may be' },
  budget_exceeded: { tone: 'orange', icon: 'blocked', word: 'Budget used up' },
};

export const RESOLUTION: Record<Resolution, { word: string; done: string }> = {
  approve_alternative: { word: 'Approve', done: 'Approved' },
  provide_input: { word: 'Give input', done: 'Input given' },
  retry: { word: 'Retry', done: 'Will be tried again' },
  reassign: { word: 'Reassign', done: 'Reassigned' },
  skip_task: { word: 'Skip task', done: 'Skipped' },
  fail_task: { word: 'Fail task', done: 'Failed' },
  cancel_execution: { word: 'Cancel execution', done: 'Cancelled' },
};

/** The bar of an execution, in the order in which it is drawn. */
export const BAR: readonly TaskStatus[] = [
  'COMPLETE',
  'SKIPPED',
  'RUNNING',
  'BLOCKED',
  'ERROR',
  'QUEUED',
  'CANCELLED',
];

const UNKNOWN: Look = { tone: 'grey', icon: 'circle', word: '' };

/** The look of a word from outside: one that is not known is shown as it is. */
export function look<K extends string>(table: Record<K, Look>, word: string): Look {
  return Object.hasOwn(table, word) ? table[word as K] : { ...UNKNOWN, word };
}

/** The tone of an event, by its kind. */
export function toneOf(kind: string): Tone {
  if (/completed$|resolved$|approved$|unblocked$/.test(kind)) return 'green';
  if (/failed|given_up|error|expired|rejected/.test(kind)) return 'red';
  if (/blocker_raised|blocked|escalated|retry/.test(kind)) return 'orange';
  if (/granted|started|progressed|resumed/.test(kind)) return 'blue';
  if (/paused|amended|reassigned|changed/.test(kind)) return 'violet';
  return 'grey';
}
