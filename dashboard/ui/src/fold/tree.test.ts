import { describe, expect, test } from 'vitest';
import type { TaskNode, TaskState } from '../api/types';
import { Tree, markdown } from './tree';

function node(
  task_id: string,
  parent: string | null,
  ordinal: number,
  more: Partial<TaskNode> = {},
): TaskNode {
  return {
    task_id,
    parent_task_id: parent,
    ordinal,
    title: task_id,
    status: 'QUEUED',
    is_leaf: true,
    kind: 'task',
    depth: 1,
    action: null,
    agent_id: null,
    approval: null,
    assigned_to: null,
    attempt: 0,
    attempts_failed: 0,
    awaits_review: false,
    blockers_open: 0,
    cost_microusd: 0,
    ended_at: null,
    estimated_ms: null,
    execution_id: 'e',
    granted_at: null,
    last_error: null,
    late_reports: null,
    lease_expires_at: null,
    leaves_finished: 0,
    leaves_total: 1,
    output: null,
    priority: 'normal',
    progress_percent: 0,
    retry_at: null,
    role: null,
    started_at: null,
    times_out_at: null,
    tokens: 0,
    waits_for: null,
    workspace: 'default',
    ...more,
  } as TaskNode;
}

function state(task_id: string, more: Partial<TaskState> = {}): TaskState {
  return {
    task_id,
    parent_task_id: 'p',
    title: task_id,
    status: 'RUNNING',
    progress_percent: 10,
    agent_id: 'larry',
    attempt: 1,
    blockers_open: 0,
    started_at: null,
    ended_at: null,
    ...more,
  };
}

function small(): Tree {
  const tree = new Tree();
  tree.read([
    node('p', null, 0, { is_leaf: false }),
    node('b', 'p', 2),
    node('a', 'p', 1),
    node('q', null, 3),
  ]);
  return tree;
}
const all = { closed: new Set<string>(), search: '', only: 'all' as const };
const ids = (tree: Tree, wish: Parameters<Tree['rows']>[0] = all) =>
  tree.rows(wish).map((row) => row.task.task_id);

describe('the tree', () => {
  test('shows parts below what they are parts of, in the order of the plan', () => {
    expect(ids(small())).toEqual(['p', 'a', 'b', 'q']);
    expect(
      small()
        .rows(all)
        .map((it) => [it.level, it.place, it.siblings]),
    ).toEqual([
      [1, 1, 2],
      [2, 1, 2],
      [2, 2, 2],
      [1, 2, 2],
    ]);
  });

  test('takes the order of the plan whatever order the pages came in', () => {
    const tree = new Tree();
    tree.read([node('q', null, 3), node('b', 'p', 2)]);
    expect(ids(tree)).toEqual(['q']);
    tree.read([node('p', null, 0, { is_leaf: false }), node('a', 'p', 1)]);
    expect(ids(tree)).toEqual(['p', 'a', 'b', 'q']);
  });

  test('hides what is folded, and finds what is searched for with those above it', () => {
    expect(ids(small(), { ...all, closed: new Set(['p']) })).toEqual(['p', 'q']);
    expect(ids(small(), { ...all, closed: new Set(['p']), search: 'B' })).toEqual(['p', 'b']);
  });

  test('changes only the task that the stream speaks of, and keeps what it does not say', () => {
    const tree = small();
    tree.read([node('a', 'p', 1, { action: 'send_email' })]);
    const other = tree.tasks.get('b');
    expect(tree.told([state('a')])).toBe(false);
    expect(tree.tasks.get('a')).toMatchObject({
      status: 'RUNNING',
      agent_id: 'larry',
      action: 'send_email',
      ordinal: 1,
    });
    expect(tree.tasks.get('b')).toBe(other);
    expect(tree.counts()).toMatchObject({ RUNNING: 1, QUEUED: 2 });
  });

  test('leaves a task as it is when the stream says nothing new of it', () => {
    const tree = small();
    tree.told([state('a')]);
    const before = tree.tasks.get('a');
    tree.told([state('a')]);
    expect(tree.tasks.get('a')).toBe(before);
  });

  test('asks for the whole when a task is new, and lets go of one that is removed, with its parts', () => {
    const tree = small();
    expect(tree.told([state('new')])).toBe(true);
    expect(tree.told([state('p', { is_removed: true })])).toBe(true);
    expect(ids(tree)).toEqual(['q']);
  });

  test('keeps what was said since a page was read, and what was said before it was', () => {
    const tree = new Tree();
    tree.told([state('a', { status: 'COMPLETE', progress_percent: 100 })], 7);
    tree.read([node('a', 'p', 1), node('p', null, 0, { is_leaf: false })], 5);
    expect(tree.tasks.get('a')).toMatchObject({ status: 'COMPLETE', progress_percent: 100 });
    tree.read([node('a', 'p', 1, { status: 'RUNNING' })], 6);
    expect(tree.tasks.get('a')?.status).toBe('COMPLETE');
    tree.read([node('a', 'p', 1, { status: 'CANCELLED' })], 8);
    tree.told([state('a', { status: 'RUNNING' })], 7);
    expect(tree.tasks.get('a')?.status).toBe('CANCELLED');
    expect(tree.counts()).toMatchObject({ CANCELLED: 1, COMPLETE: 0, RUNNING: 0 });
  });

  test('counts leaves and the agents at work as they change', () => {
    const tree = small();
    tree.told([state('a'), state('b', { agent_id: 'ada' })], 1);
    expect(tree.agentsAtWork()).toBe(2);
    tree.told([state('a', { status: 'COMPLETE' })], 2);
    expect(tree.agentsAtWork()).toBe(1);
    tree.told([state('p', { is_removed: true })], 3);
    expect(tree.agentsAtWork()).toBe(0);
    expect(tree.counts()).toMatchObject({ QUEUED: 1, RUNNING: 0, COMPLETE: 0 });
  });

  test('gives the same rows while only what stands in them changes', () => {
    const tree = small();
    const before = tree.rows(all);
    tree.told([state('a')], 1);
    expect(tree.rows(all)).toBe(before);
    tree.told([state('a', { is_removed: true })], 2);
    expect(tree.rows(all)).not.toBe(before);
    tree.onlyThese(new Set(['q']));
    expect(ids(tree)).toEqual(['q']);
  });

  test('shows what failed, also where a later attempt runs', () => {
    const tree = small();
    tree.read([node('b', 'p', 2, { attempts_failed: 1, status: 'RUNNING' })]);
    expect(ids(tree, { ...all, only: 'failed' })).toEqual(['p', 'b']);
  });

  test('names those above a task, also where the parents close a circle', () => {
    const tree = small();
    expect(tree.above('a').map((it) => it.task_id)).toEqual(['p']);
    tree.tasks.set('p', { ...tree.tasks.get('p')!, parent_task_id: 'a' });
    expect(tree.above('a').map((it) => it.task_id)).toEqual(['a', 'p']);
  });

  test('writes Markdown in which a title cannot become a link or a heading', () => {
    const tree = new Tree();
    tree.read([node('x', null, 0, { title: '[evil](http://x) # `a`\nb', status: 'COMPLETE' })]);
    expect(markdown(tree.rows(all))).toBe('- [x] \\[evil\\](http://x) \\# \\`a\\` b: COMPLETE\n');
  });

  test('stays fast with five thousand tasks', () => {
    const tree = new Tree();
    const rows = Array.from({ length: 5_000 }, (_, at) =>
      node(`t${at}`, at % 10 === 0 ? null : `t${at - (at % 10)}`, at, { is_leaf: at % 10 !== 0 }),
    );
    tree.read(rows);
    expect(tree.rows(all)).toHaveLength(5_000);
  });
});
