import { describe, expect, test } from 'vitest';
import type { Span } from '../api/types';
import { besideOf, compared, thenOf } from './beside';
import { timed } from './gantt';

const at = (second: number): string => new Date(second * 1_000).toISOString();
const span = (task_id: string, from: number, to: number): Span => ({
  task_id,
  title: task_id.toUpperCase(),
  status: 'COMPLETE',
  is_critical: false,
  planned_ms: 0,
  planned_start_ms: 0,
  slack_ms: 0,
  started_at: at(from),
  ended_at: at(to),
});

test('what it is compared with stands in the address', () => {
  expect(besideOf(null)).toBeNull();
  expect(besideOf('now')).toEqual({ of: 'now' });
  expect(besideOf('execution:a:b')).toEqual({ of: 'execution', id: 'a:b' });
  expect(besideOf('version:12')).toEqual({ of: 'moment', at: 'version:12' });
  expect(besideOf('2026-02-11T16:00:00Z')).toMatchObject({ of: 'moment' });
});

describe('two timelines', () => {
  const now = timed([span('a', 0, 10), span('b', 10, 30), span('new', 30, 40)]);

  test('name how many tasks moved, which most, and when the whole ends', () => {
    const then = thenOf(timed([span('a', 0, 10), span('b', 10, 20), span('old', 20, 50)]), 0);
    expect(compared(now, then)).toEqual({
      later: 1,
      sooner: 0,
      same: 1,
      added: 1,
      gone: 1,
      endMs: -10_000,
      most: [{ task_id: 'b', title: 'B', ms: 10_000 }],
    });
  });

  test('begin together, where they are of two executions', () => {
    const then = thenOf(timed([span('a', 1_000, 1_010), span('b', 1_010, 1_030)]), -1_000_000);
    expect(then.get('b')).toEqual({ from: 10_000, to: 30_000 });
    expect(compared(now, then)).toMatchObject({ same: 2, later: 0, sooner: 0, added: 1, gone: 0 });
  });

  test('are compared by what was expected where nothing was done yet', () => {
    const planned: Span = {
      ...span('a', 0, 0),
      started_at: null,
      ended_at: null,
      planned_start_at: at(0),
      planned_end_at: at(5),
      forecast_start_at: at(2),
      forecast_end_at: at(8),
    };
    expect(thenOf(timed([planned]), 0).get('a')).toEqual({ from: 2_000, to: 8_000 });
  });

  test('that have nothing in common say so, and one without times cannot be compared', () => {
    expect(compared(now, thenOf(timed([span('x', 0, 1)]), 0))).toMatchObject({ added: 3, gone: 1 });
    expect(compared(now, new Map())).toBeNull();
  });
});
