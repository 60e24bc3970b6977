import { describe, expect, test } from 'vitest';
import type { FeedEntry } from '../api/types';
import { AWAY_MS_MIN, awayOf, awaySince, visitOf } from './away';

const entry = (event_position: number, kind: string, more: Partial<FeedEntry> = {}): FeedEntry =>
  ({ event_position, kind, event_group: 'work', actor: 'agent:larry', ...more }) as FeedEntry;
const since = { position: 10, at: 0 };

describe('a visit', () => {
  test('is read as it was kept, and nothing else is taken for one', () => {
    expect(visitOf('{"position":7,"at":1000}')).toEqual({ position: 7, at: 1_000 });
    for (const wrong of [null, '', '{', '{}', '[]', 'null', '{"position":"7","at":1}'])
      expect(visitOf(wrong)).toBeNull();
  });

  test('that was a moment ago is none that one comes back from', () => {
    expect(awaySince(since, AWAY_MS_MIN - 1)).toBeNull();
    expect(awaySince(since, AWAY_MS_MIN)).toEqual(since);
    expect(awaySince(null, AWAY_MS_MIN)).toBeNull();
  });
});

describe('what happened since', () => {
  test('is told in figures and the lines that matter, without what was seen before', () => {
    const found = awayOf(
      [
        entry(14, 'blocker_raised', { event_group: 'problem' }),
        entry(13, 'task_completed'),
        entry(12, 'task_completed'),
        entry(11, 'execution_completed', { event_group: 'lifecycle' }),
        entry(10, 'task_completed'),
      ],
      since,
      'user:ada',
    );
    expect(found.events).toBe(4);
    expect(found.figures.map(({ count, word }) => `${count} ${word}`)).toEqual([
      '2 tasks completed',
      '1 execution ended',
      '1 blocker',
    ]);
    expect(found.notable.map((it) => it.event_position)).toEqual([14, 11]);
  });

  test('has nothing of what the reader did', () => {
    const own = entry(12, 'execution_paused', { event_group: 'decision', actor: 'user:ada' });
    expect(awayOf([own], since, 'user:ada').events).toBe(0);
  });
});
