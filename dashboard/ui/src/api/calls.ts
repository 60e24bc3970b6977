/** Every call that the dashboard makes, by what it is for. */
import { afterWrite, api, ok, okAt } from './client';
import type { components } from './schema';
import { jsonOrText } from '../text';
import type { Blocker, EventFrame, FeedEntry, Resolution } from './types';

type Schemas = components['schemas'];

/** How many rows a page has at most. */
export const PAGE = 500;

export interface Events {
  event_type: string;
  payload: unknown;
}

const at = (execution_id: string) => ({ path: { execution_id } });

export const executions = {
  list: (query: {
    q?: string;
    status?: string;
    plan_id?: string;
    agent_id?: string;
    cursor?: string;
    limit?: number;
  }) =>
    ok(api.GET('/api/executions', { params: { query: { ...query, ...afterWrite() } as never } })),
  get: (id: string, as_of?: string) =>
    ok(
      api.GET('/api/executions/{execution_id}', {
        params: { ...at(id), query: { as_of, ...afterWrite(as_of) } },
      }),
    ),
  create: (body: Schemas['NewExecution']) => ok(api.POST('/api/executions', { body })),
  change: (id: string, body: Schemas['ExecutionPatch'], dry_run = false) =>
    ok(
      api.PATCH('/api/executions/{execution_id}', {
        params: { ...at(id), query: { dry_run } },
        body,
      }),
    ),
  /** A page of the tree, without what can be long, and the position that it shows. */
  tasks: (
    id: string,
    query: { limit?: number; cursor?: string; as_of?: string; min_position?: number },
  ) =>
    okAt(
      api.GET('/api/executions/{execution_id}/tasks', {
        params: { ...at(id), query: { brief: true, ...afterWrite(query.as_of), ...query } },
      }),
    ),
  /** One task with all that is known of it. */
  task: (id: string, task_id: string, as_of?: string) =>
    ok(
      api.GET('/api/executions/{execution_id}/tasks/{task_id}', {
        params: { path: { execution_id: id, task_id }, query: { as_of, ...afterWrite(as_of) } },
      }),
    ),
  breakDown: (id: string, task_id: string, body: Schemas['PartsByHand'], dry_run = false) =>
    ok(
      api.PUT('/api/executions/{execution_id}/tasks/{task_id}/subtasks', {
        params: { path: { execution_id: id, task_id }, query: { dry_run } },
        body,
      }),
    ),
  why: (id: string, task_id: string) =>
    ok(
      api.GET('/api/executions/{execution_id}/tasks/{task_id}/why', {
        params: { path: { execution_id: id, task_id } },
      }),
    ),
  timeline: (id: string, as_of?: string) =>
    ok(
      api.GET('/api/executions/{execution_id}/timeline', {
        params: { ...at(id), query: { as_of } },
      }),
    ),
  blockers: (id: string, as_of?: string) =>
    ok(
      api.GET('/api/executions/{execution_id}/blockers', {
        params: { ...at(id), query: { limit: PAGE, as_of, ...afterWrite(as_of) } },
      }),
    ),
  resolve: (blocker: Blocker, body: Schemas['WayOut'], dry_run = false) =>
    ok(
      api.POST('/api/executions/{execution_id}/blockers/{blocker_id}/resolve', {
        params: {
          path: { execution_id: blocker.execution_id, blocker_id: blocker.blocker_id },
          query: { dry_run },
        },
        body,
      }),
    ),
  events: (id: string, query: Record<string, string | number | undefined>) =>
    ok(
      api.GET('/api/executions/{execution_id}/events', {
        params: { ...at(id), query: query as never },
      }),
    ),
  diff: (id: string, from: string, to: string) =>
    ok(
      api.GET('/api/executions/{execution_id}/diff', {
        params: { ...at(id), query: { from, to } },
      }),
    ),
  fork: (id: string, at_version?: number) =>
    ok(api.POST('/api/executions/{execution_id}/fork', { params: at(id), body: { at_version } })),
};

export const plans = {
  list: (query: { q?: string; cursor?: string; limit?: number }) =>
    ok(api.GET('/api/plans', { params: { query: { ...query, ...afterWrite() } } })),
  get: (plan_id: string) =>
    ok(api.GET('/api/plans/{plan_id}', { params: { path: { plan_id }, query: afterWrite() } })),
  /** How it was read in. */
  report: (plan_id: string) =>
    ok(api.GET('/api/plans/{plan_id}/report', { params: { path: { plan_id } } })),
  tasks: (plan_id: string, cursor?: string) =>
    ok(
      api.GET('/api/plans/{plan_id}/tasks', {
        params: { path: { plan_id }, query: { limit: PAGE, cursor, ...afterWrite() } },
      }),
    ),
  remove: (plan_id: string) =>
    ok(api.DELETE('/api/plans/{plan_id}', { params: { path: { plan_id } } })),
  /** Has every task broken down that has no parts and names no action. */
  decompose: (plan_id: string) =>
    ok(
      api.POST('/api/plans/{plan_id}/decompose', {
        params: { path: { plan_id } },
        body: {} as never,
      }),
    ),
  review: (plan_id: string, task_id: string, body: Schemas['ReviewForm'], dry_run = false) =>
    ok(
      api.POST('/api/plans/{plan_id}/tasks/{task_id}/review', {
        params: { path: { plan_id, task_id }, query: { dry_run } },
        body,
      }),
    ),
  breakDown: (plan_id: string, task_id: string, body: Schemas['PartsByHand'], dry_run = false) =>
    ok(
      api.PUT('/api/plans/{plan_id}/tasks/{task_id}/subtasks', {
        params: { path: { plan_id, task_id }, query: { dry_run } },
        body,
      }),
    ),
  /** Sends a file as it is, saying what it is. */
  import: (body: Blob, type: string) =>
    ok(
      api.POST('/api/plans', {
        body: body as never,
        bodySerializer: (it) => it as never,
        headers: { 'content-type': type },
      }),
    ),
};

export const demonstration = {
  remove: () => ok(api.DELETE('/api/demonstration')),
};

export const agents = {
  register: (body: Schemas['NewAgent']) => ok(api.POST('/api/agents', { body })),
  list: (cursor?: string) =>
    ok(api.GET('/api/agents', { params: { query: { limit: PAGE, cursor, ...afterWrite() } } })),
  get: (agent_id: string) =>
    ok(api.GET('/api/agents/{agent_id}', { params: { path: { agent_id }, query: afterWrite() } })),
  change: (agent_id: string, body: Schemas['AgentPatch'], dry_run = false) =>
    ok(
      api.PATCH('/api/agents/{agent_id}', {
        params: { path: { agent_id }, query: { dry_run } },
        body,
      }),
    ),
};

/** Plans that agents brought, what they logged, and what they remember. */
export const own = {
  list: (query: { agent_id?: string; status?: string; cursor?: string; limit?: number }) =>
    ok(api.GET('/api/agent-plans', { params: { query: { ...query, ...afterWrite() } as never } })),
  get: (agent_plan_id: string) =>
    ok(
      api.GET('/api/agent-plans/{agent_plan_id}', {
        params: { path: { agent_plan_id }, query: afterWrite() },
      }),
    ),
  logs: (query: {
    plan_id: string;
    start_date?: string;
    end_date?: string;
    cursor?: string;
    limit?: number;
  }) => ok(api.GET('/api/agent-logs', { params: { query } })),
  memory: (query: {
    plan_id?: string;
    agent_id?: string;
    search_query?: string;
    context_type?: string;
    limit?: number;
  }) => ok(api.GET('/api/context', { params: { query: query as never } })),
};

export const blockers = {
  open: (cursor?: string) =>
    ok(api.GET('/api/blockers', { params: { query: { limit: PAGE, cursor, ...afterWrite() } } })),
  past: (limit: number) =>
    ok(api.GET('/api/blockers', { params: { query: { status: 'resolved', limit } } })),
};

export const feed = {
  list: (query: Record<string, string | number | undefined>) =>
    ok(api.GET('/api/feed', { params: { query: query as never } })),
  /** A page of it, and the position that it shows. */
  listAt: (query: Record<string, string | number | undefined>) =>
    okAt(api.GET('/api/feed', { params: { query: query as never } })),
};

export const operator = {
  projections: () => ok(api.GET('/api/admin/projections')),
  rebuild: (name: string, keep_ready: boolean) =>
    ok(
      api.POST('/api/admin/projections/{name}/rebuild', {
        params: { path: { name }, query: { keep_ready } as never },
      }),
    ),
  progress: (rebuild_id: string) =>
    ok(api.GET('/api/admin/rebuilds/{rebuild_id}', { params: { path: { rebuild_id } } })),
  steer: (rebuild_id: string, task: string) =>
    ok(
      api.POST('/api/admin/rebuilds/{rebuild_id}/{task}', {
        params: { path: { rebuild_id, task } as never },
      }),
    ),
  statistics: () => ok(api.GET('/api/admin/metrics')),
  keys: () => ok(api.GET('/api/keys', { params: { query: { limit: PAGE } } })),
  makeKey: (body: Schemas['NewApiKey']) => ok(api.POST('/api/keys', { body })),
  revokeKey: (key_id: string) =>
    ok(api.DELETE('/api/keys/{key_id}', { params: { path: { key_id } } })),
  webhooks: () => ok(api.GET('/api/webhooks')),
  deliveries: (webhook_id: string) =>
    ok(
      api.GET('/api/webhooks/{webhook_id}/deliveries', {
        params: { path: { webhook_id }, query: { limit: 50 } },
      }),
    ),
  retry: (webhook_id: string, delivery_id: string) =>
    ok(
      api.POST('/api/webhooks/{webhook_id}/deliveries/{delivery_id}/retry', {
        params: { path: { webhook_id, delivery_id } },
      }),
    ),
  test: (webhook_id: string) =>
    ok(api.POST('/api/webhooks/{webhook_id}/test', { params: { path: { webhook_id } } })),
  enable: (webhook_id: string, enabled: boolean) =>
    ok(
      api.PATCH('/api/webhooks/{webhook_id}', {
        params: { path: { webhook_id } },
        body: { enabled },
      }),
    ),
};

/** Proofs of the log. */
export const audit = {
  state: () => ok(api.GET('/api/audit/verify')),
  checkpoint: () => ok(api.GET('/api/audit/checkpoint')),
  key: () => ok(api.GET('/api/audit/key')),
  inclusion: (position: number, size: number) =>
    ok(api.GET('/api/audit/inclusion', { params: { query: { position, size } } })),
};

export const session = {
  get: () => ok(api.GET('/api/session')),
  logIn: (body: Schemas['Login']) => ok(api.POST('/api/session', { body })),
  logOut: () => ok(api.DELETE('/api/session')),
};

/** What a rehearsal said would happen; empty where it said something else. */
export function rehearsed(answer: unknown): Events[] {
  const said = answer as { dry_run?: boolean; events?: Events[] };
  return said.dry_run === true ? (said.events ?? []) : [];
}

/** The body of a way out. */
export function wayOut(
  resolution: Resolution,
  more: { option?: string; input?: string; agent?: string; note?: string },
): Schemas['WayOut'] {
  const body: Schemas['WayOut'] = { resolution };
  if (more.option) body.option = more.option;
  if (more.input) body.input = jsonOrText(more.input) as never;
  if (more.agent) body.agent_id = more.agent;
  if (more.note) body.note = more.note;
  return body;
}

/** A line of the feed, as the stream tells it. */
export function told(entry: FeedEntry): EventFrame {
  return {
    type: 'event',
    event_id: '',
    execution_id: entry.execution_id,
    plan_id: entry.plan_id,
    event_type: entry.kind,
    task_id: entry.task_id,
    agent_id: entry.agent_id,
    message: entry.sentence,
    said: entry.message,
    timestamp: entry.recorded_at,
    position: entry.event_position,
  };
}
