/** The API's types by their own names, made from its description. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Execution = Schemas['Execution'];
export type ExecutionStatus = Schemas['Status'];
export type TaskNode = Schemas['TaskNode'];
export type Blocker = Schemas['Blocker'];
export type Agent = Schemas['Agent'];
export type Plan = Schemas['Plan'];
export type PlanTask = Schemas['PlanTask'];
export type Problem = Schemas['Problem'];
export type RecordedEvent = Schemas['Event'];
export type FeedEntry = Schemas['FeedEntry'];
export type Timeline = Schemas['Timeline'];
export type Span = Schemas['Span'];
export type Resolution = Schemas['ResolutionWord'];
export type Projection = Schemas['Projection'];
export type Rebuild = Schemas['RebuildShown'];
export type Webhook = Schemas['Webhook'];
export type Delivery = Schemas['WebhookDelivery'];
export type ApiKey = Schemas['ApiKey'];
export type Session = Schemas['Session'];
export type Difference = Schemas['Difference'];
export type Statistics = Schemas['Statistics'];
export type AgentPlan = Schemas['AgentPlan'];
export type AgentPlanStatus = Schemas['AgentPlanStatus'];
export type AgentLog = Schemas['AgentLog'];
export type Remembered = Schemas['Context'];

/** The statuses of a task: the rows of the tree name them as text. */
export type TaskStatus =
  'QUEUED' | 'RUNNING' | 'BLOCKED' | 'COMPLETE' | 'ERROR' | 'SKIPPED' | 'CANCELLED';

export type AgentStatus = 'active' | 'idle' | 'paused' | 'draining' | 'offline' | 'retired';

/** What a stream says of an execution. */
export interface Progress {
  tasks_completed: number;
  tasks_total: number;
  percent: number;
  current_task_id?: string | null;
  current_task_title?: string | null;
}

export interface ExecutionState {
  execution_id: string;
  plan_id: string;
  title: string;
  status: ExecutionStatus;
  status_message: string;
  agent_id: string | null;
  progress: Progress;
  counts: Record<string, number>;
  blockers_open: number;
  allowed_commands: string[];
  started_at: string | null;
  completed_at: string | null;
  version: number;
}

/** What a stream says of a task. */
export interface TaskState {
  task_id: string;
  parent_task_id: string | null;
  title: string;
  status: TaskStatus;
  progress_percent: number;
  agent_id: string | null;
  attempt: number;
  blockers_open: number;
  started_at: string | null;
  ended_at: string | null;
  is_removed?: boolean;
}

export interface EventFrame {
  type: 'event';
  event_id: string;
  execution_id: string | null;
  plan_id?: string | null;
  event_type: string;
  task_id: string | null;
  agent_id: string | null;
  message: string;
  said?: string | null;
  timestamp: string;
  position: number;
}

interface At {
  timestamp: string;
  position: number;
}

export type SnapshotFrame = At & {
  type: 'snapshot';
  execution: ExecutionState | null;
  tasks: TaskState[];
  executions: ExecutionState[];
  is_partial: boolean;
};

export type ExecutionUpdate = At & ExecutionState & { type: 'execution_update' };

export type TaskUpdate = At & TaskState & { type: 'task_update'; execution_id: string };
export type LaggedFrame = At & { type: 'lagged'; reason: string; is_cut: boolean };
export type HeartbeatFrame = At & { type: 'heartbeat' };
export type ClosingFrame = { type: 'closing'; reason: string; resume_after: number };

export type Frame =
  | SnapshotFrame
  | EventFrame
  | ExecutionUpdate
  | TaskUpdate
  | LaggedFrame
  | HeartbeatFrame
  | ClosingFrame;
