/** Where everything stands on the timeline: pure geometry, without a drawing. */
import type { Span } from '../api/types';
import type { Zone } from '../time';

export interface Bar {
  span: Span;
  /** Of a leaf: what it was made from. */
  of: Timed | null;
  level: number;
  /** Of a group: its folded parts; of a leaf none. */
  isGroup: boolean;
  isOpen: boolean;
  planned: Interval | null;
  actual: Interval | null;
  forecast: Interval | null;
}

export interface Interval {
  from: number;
  to: number;
}

export interface View {
  /** The moment at the left edge, and how much time a pixel shows. */
  from: number;
  msPerPixel: number;
}

/** A group above spans: what the tree knows of it. */
export interface Group {
  task_id: string;
  parent_task_id: string | null;
  title: string;
  status: string;
}

const MS_PER_PIXEL_MIN = 10;
const MS_PER_PIXEL_MAX = 30 * 24 * 3_600_000;

/** A span with its moments read once: there are thousands, and they are drawn again and again. */
export interface Timed {
  span: Span;
  planned: Interval | null;
  expected: Interval | null;
  started: number | null;
  ended: number | null;
}

export function timed(spans: readonly Span[]): Timed[] {
  return spans.map((span) => ({
    span,
    planned: between(span.planned_start_at, span.planned_end_at),
    expected: between(span.forecast_start_at, span.forecast_end_at),
    started: moment(span.started_at),
    ended: moment(span.ended_at),
  }));
}

/** What the tree knows of a task, which may be newer than its span. */
export interface Alive {
  status: string;
  started_at: string | null;
  ended_at: string | null;
}

/** A span as its task is now. */
export function relived(it: Timed, task: Alive | undefined): Timed {
  if (!task) return it;
  const { started, ended } = momentsOf(task);
  const isSame = it.started === started && it.ended === ended && it.span.status === task.status;
  return isSame ? it : { ...it, span: { ...it.span, status: task.status }, started, ended };
}

/** The moments of a task, read once: whatever changes of a task makes it another object. */
const moments = new WeakMap<Alive, { started: number | null; ended: number | null }>();

function momentsOf(task: Alive): { started: number | null; ended: number | null } {
  let found = moments.get(task);
  if (!found) {
    found = { started: moment(task.started_at), ended: moment(task.ended_at) };
    moments.set(task, found);
  }
  return found;
}

/** The bars, from the top: groups in the order of their first leaf, and what is open in them. */
export function bars(
  spans: readonly Timed[],
  groups: ReadonlyMap<string, Group>,
  closed: ReadonlySet<string>,
  now: number,
): Bar[] {
  const found: Bar[] = [];
  const seen = new Map<string, Bar>();
  const chains = new Map<string | null, Group[]>();
  for (const it of spans) {
    const parent = it.span.parent_task_id ?? null;
    const above = chains.get(parent) ?? chain(parent, groups);
    chains.set(parent, above);
    const own = intervals(it, now);
    let isHidden = false;
    above.forEach((group, level) => {
      let bar = seen.get(group.task_id);
      if (!bar) {
        bar = groupBar(group, level, !closed.has(group.task_id));
        seen.set(group.task_id, bar);
        if (!isHidden) found.push(bar);
      }
      bar.planned = both(bar.planned, own.planned);
      bar.actual = both(bar.actual, own.actual);
      bar.forecast = both(bar.forecast, own.forecast);
      isHidden ||= !bar.isOpen;
    });
    if (!isHidden) found.push(leafBar(it, above.length, own));
  }
  return found;
}

type Intervals = Pick<Bar, 'planned' | 'actual' | 'forecast'>;

function leafBar(of: Timed, level: number, own: Intervals): Bar {
  return { span: of.span, of, level, isGroup: false, isOpen: false, ...own };
}

/** A bar in sight as its task is now: the list of bars is made anew less often. */
export function fresh(bar: Bar, task: Alive | undefined, now: number): Bar {
  if (!task) return bar;
  if (!bar.of) {
    const isSame = bar.span.status === task.status;
    return isSame ? bar : { ...bar, span: { ...bar.span, status: task.status } };
  }
  const of = relived(bar.of, task);
  const isGrowing = of.started !== null && of.ended === null;
  return of === bar.of && !isGrowing ? bar : leafBar(of, bar.level, intervals(of, now));
}

function chain(parent: string | null, groups: ReadonlyMap<string, Group>): Group[] {
  const above: Group[] = [];
  for (let at = parent; at !== null;) {
    const group = groups.get(at);
    if (!group || above.includes(group)) break;
    above.unshift(group);
    at = group.parent_task_id;
  }
  return above;
}

function groupBar(group: Group, level: number, isOpen: boolean): Bar {
  const span: Span = {
    task_id: group.task_id,
    parent_task_id: group.parent_task_id,
    title: group.title,
    status: group.status,
    is_critical: false,
    planned_ms: 0,
    planned_start_ms: 0,
    slack_ms: 0,
  };
  const none = { planned: null, actual: null, forecast: null };
  return { span, of: null, level, isGroup: true, isOpen, ...none };
}

function intervals(it: Timed, now: number): Intervals {
  const { planned, started, ended } = it;
  const actual = started === null ? null : ordered(started, ended ?? Math.max(now, started));
  const expected = ended === null ? it.expected : null;
  const forecast =
    expected && started !== null
      ? ordered(Math.max(now, started), Math.max(expected.to, now))
      : expected;
  return { planned, actual, forecast };
}

function moment(at: string | null | undefined): number | null {
  const parsed = at ? Date.parse(at) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
}

function between(from: string | null | undefined, to: string | null | undefined): Interval | null {
  const [start, end] = [moment(from), moment(to)];
  return start === null || end === null ? null : ordered(start, end);
}

function ordered(from: number, to: number): Interval {
  return from <= to ? { from, to } : { from: to, to: from };
}

function both(a: Interval | null, b: Interval | null): Interval | null {
  if (!a || !b) return a ?? b;
  return { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) };
}

/** Everything there is to see, with a little air. */
export function extent(all: readonly Bar[], now: number): Interval {
  let whole: Interval | null = null;
  for (const bar of all)
    for (const it of [bar.planned, bar.actual, bar.forecast]) whole = both(whole, it);
  return airy(whole, now);
}

/** An interval with a little air; a minute where there is none. */
export function airy(whole: Interval | null, now: number): Interval {
  const { from, to } = whole ?? { from: now, to: now };
  const air = Math.max((to - from) * 0.03, 500);
  return to - from < 1_000
    ? { from: from - 30_000, to: to + 30_000 }
    : { from: from - air, to: to + air };
}

/** What was done and is being done, which a long plan would make too small to see. */
export function lived(all: readonly Bar[], now: number): Interval {
  let whole: Interval | null = null;
  for (const bar of all) whole = both(whole, bar.actual);
  return whole ? airyBehind(whole) : extent(all, now);
}

/** An interval with air where it goes on. */
export function airyBehind({ from, to }: Interval): Interval {
  const air = Math.max((to - from) * 0.15, 1_000);
  return { from: from - air / 3, to: to + air };
}

/** The view that shows an interval in so many pixels. */
export function fit(interval: Interval, pixels: number): View {
  const msPerPixel = clamped((interval.to - interval.from) / Math.max(pixels, 1));
  return { from: interval.from, msPerPixel };
}

/** Zooms, so that the moment under the pointer stays there. */
export function zoom(view: View, factor: number, atPixel: number): View {
  const msPerPixel = clamped(view.msPerPixel * factor);
  const moment = view.from + atPixel * view.msPerPixel;
  return { from: moment - atPixel * msPerPixel, msPerPixel };
}

export function pan(view: View, pixels: number): View {
  return { ...view, from: view.from + pixels * view.msPerPixel };
}

function clamped(msPerPixel: number): number {
  return Math.min(Math.max(msPerPixel, MS_PER_PIXEL_MIN), MS_PER_PIXEL_MAX);
}

/** Where an interval lies in pixels, cut off where nobody sees it. */
export function pixels(
  interval: Interval,
  view: View,
  width: number,
): { x: number; w: number } | null {
  const x = (interval.from - view.from) / view.msPerPixel;
  const end = (interval.to - view.from) / view.msPerPixel;
  if (end < -4 || x > width + 4) return null;
  const left = Math.max(x, -8);
  return { x: left, w: Math.max(Math.min(end, width + 8) - left, 2) };
}

/** The moments at which the axis is labelled. */
export function ticks(view: View, width: number, step: number, zone: Zone = 'local'): number[] {
  const found: number[] = [];
  const offset = zone === 'utc' ? 0 : new Date(view.from).getTimezoneOffset() * 60_000;
  const first = Math.ceil((view.from - offset) / step) * step + offset;
  for (let at = first; at <= view.from + width * view.msPerPixel; at += step) found.push(at);
  return found;
}
