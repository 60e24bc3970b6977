import { describe, expect, test } from 'vitest';
import type { EventFrame } from '../api/types';
import { ENTRIES_MAX, Story } from './story';

const event = (position: number, more: Partial<EventFrame> = {}): EventFrame => ({
  type: 'event',
  event_id: `e${position}`,
  execution_id: 'x',
  event_type: 'task_completed',
  task_id: 't',
  agent_id: 'larry',
  message: `m${position}`,
  timestamp: '2026-01-01T00:00:00Z',
  position,
  ...more,
});
const all = { task: null, agent: null, type: null };
const positions = (
  story: Story,
  filter = all as { task: string | null; agent: string | null; type: string | null },
) => story.shown(filter).map((it) => (it.kind === 'event' ? it.event.position : -it.position));

describe('the feed', () => {
  test('tells the newest first, and each event once, in whatever order it came', () => {
    const story = new Story();
    for (const position of [3, 5, 4, 5, 3]) story.add(event(position));
    expect(positions(story)).toEqual([5, 4, 3]);
  });

  test('holds what is new back while one reads, and counts it', () => {
    const story = new Story();
    story.add(event(1));
    story.hold();
    story.add(event(2));
    story.add(event(3, { agent_id: 'carol' }));
    expect(positions(story)).toEqual([1]);
    expect(story.waiting(all)).toBe(2);
    expect(story.waiting({ ...all, agent: 'carol' })).toBe(1);
    story.release();
    expect(positions(story)).toEqual([3, 2, 1]);
    expect(story.waiting(all)).toBe(0);
  });

  test('shows a gap where it is, whatever is filtered', () => {
    const story = new Story();
    story.add(event(1));
    story.gap(4, 'too_slow');
    story.add(event(6));
    expect(positions(story, { ...all, type: 'nothing' })).toEqual([-4]);
    expect(positions(story)).toEqual([6, -4, 1]);
  });

  test('filters by task, agent and kind', () => {
    const story = new Story();
    story.add(event(1, { task_id: 'a' }));
    story.add(event(2, { event_type: 'task_failed' }));
    expect(positions(story, { ...all, task: 'a' })).toEqual([1]);
    expect(positions(story, { ...all, type: 'task_failed' })).toEqual([2]);
  });

  test('keeps a limited number, and lets the oldest go', () => {
    const story = new Story();
    for (let position = 1; position <= ENTRIES_MAX + 10; position += 1) story.add(event(position));
    expect(story.entries).toHaveLength(ENTRIES_MAX);
    expect(story.oldest()).toBe(11);
  });
});
