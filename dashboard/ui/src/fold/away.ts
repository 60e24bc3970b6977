/** What happened since a person was last here: from the feed, told in a few figures. */
import type { FeedEntry } from '../api/types';
import type { Tone } from '../status';

/** Where somebody was, and when. */
export interface Visit {
  /** Up to where everything was seen. */
  position: number;
  at: number;
}

/** Who comes back sooner was not away. */
export const AWAY_MS_MIN = 5 * 60_000;

/** Reads a visit as it was kept; none where it is not one. */
export function visitOf(text: string | null): Visit | null {
  if (text === null) return null;
  try {
    const { position, at } = JSON.parse(text) as Partial<Visit>;
    const isOne = Number.isSafeInteger(position) && Number.isFinite(at);
    return isOne ? { position: position as number, at: at as number } : null;
  } catch {
    return null;
  }
}

/** Since when somebody was away; none where they were not. */
export function awaySince(last: Visit | null, now: number): Visit | null {
  return last !== null && now - last.at >= AWAY_MS_MIN ? last : null;
}

export interface Figure {
  word: string;
  count: number;
  tone: Tone;
}

export interface Away {
  /** How many events there were. */
  events: number;
  figures: Figure[];
  /** What a person wants to know of first, the newest first. */
  notable: FeedEntry[];
}

const FIGURES: { one: string; many: string; tone: Tone; fits: (it: FeedEntry) => boolean }[] = [
  {
    one: 'task completed',
    many: 'tasks completed',
    tone: 'green',
    fits: (it) => it.kind === 'task_completed',
  },
  {
    one: 'execution ended',
    many: 'executions ended',
    tone: 'blue',
    fits: (it) => /^execution_(completed|failed|cancelled)$/.test(it.kind),
  },
  { one: 'blocker', many: 'blockers', tone: 'orange', fits: (it) => it.kind === 'blocker_raised' },
  {
    one: 'failed attempt',
    many: 'failed attempts',
    tone: 'red',
    fits: (it) => it.kind === 'task_failed',
  },
  {
    one: 'decision',
    many: 'decisions',
    tone: 'violet',
    fits: (it) => it.event_group === 'decision',
  },
];
const NOTABLE: readonly string[] = ['lifecycle', 'problem', 'decision', 'plan'];
const NOTABLE_MAX = 6;

/** Puts it together from the feed, the newest first, without what the reader did. */
export function awayOf(entries: readonly FeedEntry[], since: Visit, reader: string): Away {
  const fresh = entries.filter((it) => it.event_position > since.position && it.actor !== reader);
  const figures = FIGURES.flatMap(({ one, many, tone, fits }) => {
    const count = fresh.filter(fits).length;
    return count === 0 ? [] : [{ word: count === 1 ? one : many, count, tone }];
  });
  const notable = fresh.filter((it) => NOTABLE.includes(it.event_group)).slice(0, NOTABLE_MAX);
  return { events: fresh.length, figures, notable };
}
