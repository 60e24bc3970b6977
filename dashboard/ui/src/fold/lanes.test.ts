import { describe, expect, test } from 'vitest';
import type { Span } from '../api/types';
import { timed } from './gantt';
import { heldAt, laneExtent, laneMarks, lanesOf, LANES_MAX, type Owned } from './lanes';

const at = (second: number): string => new Date(second * 1_000).toISOString();
const span = (task_id: string, more: Partial<Span> = {}): Span => ({
  task_id,
  parent_task_id: null,
  title: `Task ${task_id}`,
  status: 'COMPLETE',
  is_critical: false,
  planned_ms: 0,
  planned_start_ms: 0,
  slack_ms: 0,
  ...more,
});
const done = (task_id: string, from: number, to: number): Span =>
  span(task_id, { started_at: at(from), ended_at: at(to) });
const owned =
  (agents: Record<string, string>) =>
  (task_id: string): Owned => ({
    status: 'COMPLETE',
    started_at: null,
    ended_at: null,
    agent_id: agents[task_id] ?? null,
    assigned_to: null,
  });
const tasks = (lane: { held: { task_id: string }[] } | undefined) =>
  lane?.held.map((it) => it.task_id);

describe('the lanes', () => {
  test('are one for each agent, with its tasks in the order of time', () => {
    const spans = timed([done('b', 5, 9), done('a', 0, 4), done('c', 1, 2)]);
    const { lanes } = lanesOf(spans, owned({ a: 'ada', b: 'ada', c: 'larry' }), 0);
    expect(lanes.map((it) => it.agent)).toEqual(['ada', 'larry']);
    expect(tasks(lanes[0])).toEqual(['a', 'b']);
    expect(laneExtent(lanes)).toEqual({ from: 0, to: 9_000 });
  });

  test('stand beside each other where an agent has several tasks at once', () => {
    const spans = timed([done('a', 0, 4), done('b', 1, 3), done('c', 4, 5)]);
    const { lanes } = lanesOf(spans, owned({ a: 'ada', b: 'ada', c: 'ada' }), 0);
    expect(lanes.map((it) => [it.isFirst, tasks(it)])).toEqual([
      [true, ['a', 'c']],
      [false, ['b']],
    ]);
    expect(lanes[0]?.tasks).toBe(3);
  });

  test('are never more than there is room for, and nothing is left out', () => {
    const many = Array.from({ length: 2 * LANES_MAX }, (_, index) => `t${index}`);
    const owners = Object.fromEntries(many.map((it) => [it, 'ada']));
    const { lanes } = lanesOf(timed(many.map((it) => done(it, 0, 9))), owned(owners), 0);
    expect(lanes).toHaveLength(LANES_MAX);
    expect(lanes.flatMap((it) => it.held)).toHaveLength(many.length);
  });

  test('grow with the clock while something is at work, up to its expected end', () => {
    const running = span('a', {
      status: 'RUNNING',
      started_at: at(0),
      forecast_start_at: at(0),
      forecast_end_at: at(10),
    });
    const { lanes } = lanesOf(timed([running]), owned({ a: 'ada' }), 4_000);
    expect(lanes[0]?.held[0]).toMatchObject({
      actual: { from: 0, to: 4_000 },
      forecast: { from: 4_000, to: 10_000 },
      whole: { from: 0, to: 10_000 },
    });
  });

  test('leave out what belongs to nobody, and count it; what was given up has no time', () => {
    const cancelled = span('b', {
      status: 'CANCELLED',
      planned_start_at: at(0),
      planned_end_at: at(5),
    });
    const { lanes, unowned } = lanesOf(timed([done('a', 0, 1), cancelled]), owned({ b: 'ada' }), 0);
    expect([lanes.length, unowned]).toEqual([0, 1]);
  });

  test('are drawn where they are in sight, with titles where there is room', () => {
    const spans = timed([done('a', 0, 100), done('b', 200, 201), done('c', 900, 950)]);
    const { lanes } = lanesOf(spans, owned({ a: 'ada', b: 'ada', c: 'ada' }), 0);
    const lane = lanes[0];
    if (!lane) throw new Error('there is no lane');
    const view = { from: 0, msPerPixel: 1_000 };
    const { marks, texts } = laneMarks(lane, { view, width: 400, y: 30, height: 30 });
    expect(marks.map((it) => [it.kind, it.x])).toEqual([
      ['held', 0],
      ['held', 200],
    ]);
    expect(texts.map((it) => it.text)).toEqual(['Task a']);
    expect(heldAt(lane, 50_000, 0)?.task_id).toBe('a');
    expect(heldAt(lane, 150_000, 0)).toBeNull();
  });
});
