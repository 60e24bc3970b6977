import { describe, expect, test } from 'vitest';
import type { Span } from '../api/types';
import {
  bars as barsOf,
  extent,
  fit,
  fresh,
  lived,
  pan,
  pixels,
  relived,
  ticks,
  timed,
  zoom,
  type Group,
} from './gantt';

const at = (second: number): string => new Date(second * 1_000).toISOString();
const span = (task_id: string, more: Partial<Span> = {}): Span => ({
  task_id,
  parent_task_id: 'p',
  title: task_id,
  status: 'QUEUED',
  is_critical: false,
  planned_ms: 0,
  planned_start_ms: 0,
  slack_ms: 0,
  planned_start_at: at(0),
  planned_end_at: at(100),
  ...more,
});
const groups = new Map<string, Group>([
  ['p', { task_id: 'p', parent_task_id: null, title: 'P', status: 'RUNNING' }],
]);
const none = new Set<string>();
const bars = (spans: Span[], ...more: [typeof groups, Set<string>, number]) =>
  barsOf(timed(spans), ...more);

describe('the timeline', () => {
  test('puts leaves under their groups, which span what is in them', () => {
    const found = bars([span('a'), span('b', { planned_end_at: at(300) })], groups, none, 0);
    expect(found.map((it) => [it.span.task_id, it.level])).toEqual([
      ['p', 0],
      ['a', 1],
      ['b', 1],
    ]);
    expect(found[0]?.planned).toEqual({ from: 0, to: 300_000 });
  });

  test('hides what is folded, and the group still spans it', () => {
    const found = bars(
      [span('a'), span('b', { planned_end_at: at(300) })],
      groups,
      new Set(['p']),
      0,
    );
    expect(found).toHaveLength(1);
    expect(found[0]?.planned).toEqual({ from: 0, to: 300_000 });
  });

  test('draws work that goes on up to now, and what is expected from now on', () => {
    const running = span('a', {
      started_at: at(10),
      forecast_start_at: at(10),
      forecast_end_at: at(90),
    });
    const [, bar] = bars([running], groups, none, 50_000);
    expect(bar?.actual).toEqual({ from: 10_000, to: 50_000 });
    expect(bar?.forecast).toEqual({ from: 50_000, to: 90_000 });
  });

  test('expects nothing of what has ended, and bears times in the wrong order', () => {
    const [, bar] = bars(
      [
        span('a', {
          started_at: at(20),
          ended_at: at(10),
          forecast_start_at: at(1),
          forecast_end_at: at(0),
        }),
      ],
      groups,
      none,
      0,
    );
    expect(bar?.actual).toEqual({ from: 10_000, to: 20_000 });
    expect(bar?.forecast).toBeNull();
  });

  test('shows everything with air, and what was lived apart from a long plan', () => {
    const all = bars(
      [span('a', { started_at: at(1), ended_at: at(4), planned_end_at: at(1_000) })],
      groups,
      none,
      5_000,
    );
    expect(extent(all, 0)).toEqual({ from: -30_000, to: 1_030_000 });
    expect(lived(all, 0).to).toBe(5_000);
    expect(extent([], 60_000)).toEqual({ from: 30_000, to: 90_000 });
  });

  test('zooms so that the moment under the pointer stays there', () => {
    const view = fit({ from: 0, to: 100_000 }, 500);
    const closer = zoom(view, 0.5, 100);
    expect(closer.from + 100 * closer.msPerPixel).toBeCloseTo(view.from + 100 * view.msPerPixel);
    expect(zoom(view, 1e-12, 0).msPerPixel).toBe(10);
    expect(pan(view, 10).from).toBe(2_000);
  });

  test('draws nothing that is out of sight, and always something of what is in it', () => {
    const view = { from: 0, msPerPixel: 100 };
    expect(pixels({ from: -5_000, to: -1_000 }, view, 300)).toBeNull();
    expect(pixels({ from: 100, to: 100 }, view, 300)).toEqual({ x: 1, w: 2 });
    expect(pixels({ from: -1e9, to: 1e9 }, view, 300)).toEqual({ x: -8, w: 316 });
  });

  test('draws what is in sight as its task is now, and anew only what changed', () => {
    const [group, bar] = bars([span('a')], groups, none, 0);
    const task = { status: 'RUNNING', started_at: at(5), ended_at: null };
    const now = fresh(bar!, task, 9_000);
    expect(now.actual).toEqual({ from: 5_000, to: 9_000 });
    expect(now.span.status).toBe('RUNNING');
    expect(fresh(now, task, 12_000).actual).toEqual({ from: 5_000, to: 12_000 });
    const ended = fresh(bar!, { ...task, status: 'COMPLETE', ended_at: at(8) }, 9_000);
    expect(fresh(ended, { ...task, status: 'COMPLETE', ended_at: at(8) }, 12_000)).toBe(ended);
    expect(fresh(bar!, undefined, 0)).toBe(bar);
    expect(fresh(group!, { ...task, status: 'BLOCKED' }, 0).span.status).toBe('BLOCKED');
    const [known] = timed([span('a')]);
    expect(relived(known!, { status: 'QUEUED', started_at: null, ended_at: null })).toBe(known);
  });

  test('makes the bars of five thousand tasks in a few milliseconds', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => span(`t${index}`));
    const all = timed(many);
    const from = performance.now();
    expect(barsOf(all, groups, none, 0)).toHaveLength(5_001);
    expect(performance.now() - from).toBeLessThan(250);
  });

  test('labels the axis at whole steps', () => {
    expect(ticks({ from: 500, msPerPixel: 10 }, 300, 1_000)).toEqual([1_000, 2_000, 3_000]);
  });
});
