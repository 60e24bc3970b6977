/** Two timelines beside each other: now and a moment back, or two executions of one plan. */
import type { Interval, Timed } from './gantt';

/** What a timeline is compared with, as the address names it. */
export type Beside = { of: 'execution'; id: string } | { of: 'now' } | { of: 'moment'; at: string };

/** Reads it from the address; none where nothing is compared. */
export function besideOf(word: string | null): Beside | null {
  if (!word) return null;
  if (word === 'now') return { of: 'now' };
  const [kind, ...rest] = word.split(':');
  return kind === 'execution'
    ? { of: 'execution', id: rest.join(':') }
    : { of: 'moment', at: word };
}

/** From when to when a task was, is or will be worked on. */
export function wholeOf({ planned, expected, started, ended }: Timed): Interval | null {
  const from = started ?? expected?.from ?? planned?.from;
  const to = ended ?? expected?.to ?? planned?.to;
  return from === undefined || to === undefined ? null : { from, to: Math.max(from, to) };
}

/** The tasks of the other timeline, moved in time so that both begin together. */
export function thenOf(other: readonly Timed[], shift: number): Map<string, Interval> {
  const found = new Map<string, Interval>();
  for (const it of other) {
    const whole = wholeOf(it);
    if (whole) found.set(it.span.task_id, { from: whole.from + shift, to: whole.to + shift });
  }
  return found;
}

/** How much later a task ends than then; less than nothing: sooner. */
export interface Moved {
  task_id: string;
  title: string;
  ms: number;
}

export interface Compared {
  later: number;
  sooner: number;
  same: number;
  /** Tasks that the other one does not have, and those that only it has. */
  added: number;
  gone: number;
  /** How much later the last one ends. */
  endMs: number;
  /** Those that moved most, the most first. */
  most: Moved[];
}

/** What moved less is the same. */
export const MOVED_MS_MIN = 1_000;
const MOST = 3;

/** What is different: both have the times of this one's clock. */
export function compared(
  now: readonly Timed[],
  then: ReadonlyMap<string, Interval>,
): Compared | null {
  const found: Compared = { later: 0, sooner: 0, same: 0, added: 0, gone: 0, endMs: 0, most: [] };
  const moved: Moved[] = [];
  let [end, endThen] = [-Infinity, -Infinity];
  for (const it of now) {
    const whole = wholeOf(it);
    const other = then.get(it.span.task_id);
    if (whole) end = Math.max(end, whole.to);
    if (!other) found.added += 1;
    if (!whole || !other) continue;
    const ms = whole.to - other.to;
    if (Math.abs(ms) < MOVED_MS_MIN) found.same += 1;
    else if (ms > 0) found.later += 1;
    else found.sooner += 1;
    moved.push({ task_id: it.span.task_id, title: it.span.title, ms });
  }
  for (const it of then.values()) endThen = Math.max(endThen, it.to);
  if (end === -Infinity || endThen === -Infinity) return null;
  found.gone = then.size - moved.length;
  found.endMs = end - endThen;
  moved.sort((a, b) => Math.abs(b.ms) - Math.abs(a.ms));
  found.most = moved.filter((it) => Math.abs(it.ms) >= MOVED_MS_MIN).slice(0, MOST);
  return found;
}
