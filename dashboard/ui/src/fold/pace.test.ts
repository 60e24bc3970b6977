import { expect, test } from 'vitest';
import type { Timeline } from '../api/types';
import { buckets, paceOf } from './pace';

const at = (second: number): string => new Date(second * 1_000).toISOString();
const task = (from: number, ms: number, ended: boolean) => ({
  task_id: `t${from}`,
  planned_start_at: at(from),
  planned_ms: ms,
  ended_at: ended ? at(from + 1) : null,
});
const timeline = (tasks: unknown[]): Timeline =>
  ({ tasks, forecast: { slip_ms: 5_000, likely_end_at: at(40) } }) as unknown as Timeline;

test('tasks weigh what they were estimated, and the clock says what is due', () => {
  const found = paceOf(timeline([task(0, 10_000, true), task(10, 30_000, false)]), 25_000);
  expect(found).toEqual({ done: 25, due: 63, slipMs: 5_000, likelyEndAt: at(40) });
});

test('where nothing was estimated there is nothing to be measured by', () => {
  expect(paceOf(timeline([task(0, 0, true)]), 9_000)).toBeNull();
});

test('moments are counted in equal parts, those at the edges too', () => {
  expect(buckets([0, 1, 49, 50, 100, 101], 0, 100, 2)).toEqual([3, 2]);
  expect(buckets([], 5, 5, 3)).toEqual([0, 0, 0]);
});
