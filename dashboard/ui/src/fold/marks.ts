/** What is drawn of the timeline's rows: rectangles, of which those that look alike are one path. A
 * hundred rows are a dozen paths, so that a zoom changes little of the page. */
import type { Tone } from '../status';
import { look, TASK } from '../status';
import { pixels, type Bar, type Interval, type View } from './gantt';

/** What a rectangle stands for; in the order in which they are drawn, the lowest first. */
export const MARKS = [
  'awaited',
  'planned',
  'span',
  'then',
  'forecast',
  'actual',
  'held',
  'path',
] as const;
export type MarkKind = (typeof MARKS)[number];

/** How round its corners are. */
const ROUND: Record<MarkKind, number> = {
  awaited: 0,
  planned: 4,
  span: 2,
  then: 1,
  forecast: 3,
  actual: 3,
  held: 3,
  path: 0,
};

export interface Mark {
  kind: MarkKind;
  tone: Tone;
  x: number;
  y: number;
  w: number;
  h: number;
}

/** All rectangles of one kind and tone. */
export interface Path {
  key: string;
  kind: MarkKind;
  tone: Tone;
  d: string;
}

/** Where a row is drawn, and of which time. */
export interface Place {
  view: View;
  width: number;
  y: number;
  height: number;
}

/** What beside a task's own times is drawn in its row. */
export interface Extra {
  /** How it was then, or there. */
  then: Interval | null;
  isAwaited: boolean;
}

/** The rectangles of a task or a group. */
export function barMarks(bar: Bar, { then, isAwaited }: Extra, place: Place): Mark[] {
  const { view, width, y, height } = place;
  const tone = look(TASK, bar.span.status).tone;
  const found: Mark[] = [];
  if (isAwaited) found.push({ kind: 'awaited', tone, x: 0, y, w: width, h: height });
  const add = (kind: MarkKind, interval: Interval | null, inset: number, h: number): void => {
    const seen = interval ? pixels(interval, view, width) : null;
    if (seen) found.push({ kind, tone, x: seen.x, y: y + inset, w: Math.max(seen.w, 2), h });
  };
  if (bar.isGroup) {
    add('span', bar.planned, height / 2 - 2, 4);
    add('actual', bar.actual, height / 2 - 2, 4);
    return found;
  }
  add('planned', bar.planned, 6, height - 12);
  add('forecast', bar.forecast, 10, height - 20);
  add('actual', bar.actual, 9, height - 18);
  add('then', then, height - 7, 4);
  if (bar.span.is_critical) add('path', bar.planned, 4, 2);
  return found;
}

/** The rectangles, put together by kind and tone, those that lie lowest first. */
export function paths(marks: readonly Mark[]): Path[] {
  const found = new Map<string, Path>();
  for (const mark of marks) {
    const key = `${mark.kind} ${mark.tone}`;
    const known = found.get(key);
    if (known) known.d += rectangle(mark);
    else found.set(key, { key, kind: mark.kind, tone: mark.tone, d: rectangle(mark) });
  }
  const place = (it: Path): number => MARKS.indexOf(it.kind);
  return [...found.values()].sort((a, b) => place(a) - place(b) || a.key.localeCompare(b.key));
}

const short = (it: number): number => Math.round(it * 10) / 10;

function rectangle({ kind, x, y, w, h }: Mark): string {
  const r = short(Math.min(ROUND[kind], w / 2, h / 2));
  const [across, down] = [short(w - 2 * r), short(h - 2 * r)];
  if (r === 0) return `M${short(x)} ${short(y)}h${across}v${down}h${-across}z`;
  const corner = (dx: number, dy: number): string => `a${r} ${r} 0 0 1 ${dx} ${dy}`;
  const top = `M${short(x + r)} ${short(y)}h${across}${corner(r, r)}v${down}${corner(-r, r)}`;
  return `${top}h${-across}${corner(-r, -r)}v${-down}${corner(r, -r)}z`;
}
