/** A lane for each agent: what it has and had, one thing after the other, beside each other where
 * it has several at once. */
import { look, TASK } from '../status';
import { plain } from '../text';
import { pixels, type Alive, type Interval, type Timed, type View } from './gantt';
import type { Mark, Place } from './marks';

/** A task in a lane. */
export interface Held {
  task_id: string;
  title: string;
  status: string;
  /** What of it is over; none where it did not begin. */
  actual: Interval | null;
  /** What of it is to be expected. */
  forecast: Interval | null;
  /** From its beginning to its expected end. */
  whole: Interval;
}

export interface Lane {
  key: string;
  agent: string;
  /** Whether it is the first one of its agent, which has its name. */
  isFirst: boolean;
  /** How many tasks the agent has in all of its lanes. */
  tasks: number;
  /** In the order of time; one ends before the next begins, but in the last lane. */
  held: Held[];
}

/** What the tree knows of a task beside its times. */
export interface Owned extends Alive {
  agent_id: string | null;
  assigned_to: string | null;
}

/** How many lanes an agent has at most; what finds no room lies in the last one, over another. */
export const LANES_MAX = 8;

/** The lanes, by the names of the agents, and how many tasks belong to nobody yet. */
export function lanesOf(
  spans: readonly Timed[],
  owner: (task_id: string) => Owned | undefined,
  now: number,
): { lanes: Lane[]; unowned: number } {
  const all = new Map<string, Held[]>();
  let unowned = 0;
  for (const it of spans) {
    const agent = ownerOf(owner(it.span.task_id));
    const held = agent === null ? null : heldOf(it, now);
    if (agent === null) unowned += 1;
    if (agent === null || held === null) continue;
    const known = all.get(agent);
    if (known) known.push(held);
    else all.set(agent, [held]);
  }
  const names = [...all.keys()].sort((a, b) => a.localeCompare(b));
  const lanes = names.flatMap((agent) => laid(agent, all.get(agent) ?? []));
  return { lanes, unowned };
}

const ownerOf = (task: Owned | undefined): string | null =>
  task?.agent_id ?? task?.assigned_to ?? null;

function heldOf({ span, expected, planned, started, ended }: Timed, now: number): Held | null {
  const { task_id, title, status } = span;
  const actual = started === null ? null : { from: started, to: ended ?? Math.max(now, started) };
  // What was given up before it began has no time of its own.
  const isOpen = ended === null && !['SKIPPED', 'CANCELLED'].includes(status);
  const to = isOpen ? (expected ?? planned)?.to : undefined;
  const from = actual?.to ?? (expected ?? planned)?.from;
  const forecast = to === undefined || from === undefined || to <= from ? null : { from, to };
  const whole = actual ?? forecast;
  if (whole === null) return null;
  const end = Math.max(whole.to, forecast?.to ?? whole.to);
  return { task_id, title, status, actual, forecast, whole: { from: whole.from, to: end } };
}

/** Lays the tasks of an agent into as few lanes as they need. */
function laid(agent: string, held: Held[]): Lane[] {
  held.sort((a, b) => a.whole.from - b.whole.from || a.task_id.localeCompare(b.task_id));
  const lanes: { held: Held[]; until: number }[] = [];
  for (const it of held) {
    let lane = lanes.find(({ until }) => until <= it.whole.from);
    if (!lane && lanes.length < LANES_MAX) {
      lane = { held: [], until: 0 };
      lanes.push(lane);
    }
    lane ??= lanes[lanes.length - 1];
    if (!lane) continue;
    lane.held.push(it);
    lane.until = Math.max(lane.until, it.whole.to);
  }
  return lanes.map((lane, at) => {
    const key = `${agent} ${at}`;
    return { key, agent, isFirst: at === 0, tasks: held.length, held: lane.held };
  });
}

/** Everything in the lanes, from the first beginning to the last end; or what of it is over. */
export function laneExtent(lanes: readonly Lane[], isLived = false): Interval | null {
  let whole: Interval | null = null;
  for (const { held } of lanes) {
    for (const it of held) {
      const own = isLived ? it.actual : it.whole;
      if (own && whole)
        whole = { from: Math.min(whole.from, own.from), to: Math.max(whole.to, own.to) };
      else whole ??= own;
    }
  }
  return whole;
}

/** What of a lane is in sight. */
function inView(lane: Lane, view: View, width: number): Held[] {
  const end = view.from + width * view.msPerPixel;
  const after = lane.held.findIndex((it) => it.whole.from > end);
  const upTo = after < 0 ? lane.held.length : after;
  return lane.held.slice(0, upTo).filter((it) => it.whole.to >= view.from);
}

export interface LaneText {
  key: string;
  x: number;
  y: number;
  text: string;
  tone: string;
}

const INSET = 4;
/** About how wide a letter is, and how many there must be room for. */
const LETTER_PX = 6.4;
const LETTERS_MIN = 5;

/** The rectangles of a lane, and the titles for which they have room. */
export function laneMarks(lane: Lane, place: Place): { marks: Mark[]; texts: LaneText[] } {
  const { view, width, y, height } = place;
  const marks: Mark[] = [];
  const texts: LaneText[] = [];
  for (const it of inView(lane, view, width)) {
    const { tone } = look(TASK, it.status);
    const [top, h] = [y + INSET, height - 2 * INSET];
    const ahead = it.forecast ? pixels(it.forecast, view, width) : null;
    if (ahead) marks.push({ kind: 'planned', tone, x: ahead.x, y: top + 2, w: ahead.w, h: h - 4 });
    const past = it.actual ? pixels(it.actual, view, width) : null;
    if (past) marks.push({ kind: 'held', tone, x: past.x, y: top, w: past.w, h });
    const seen = past ?? ahead;
    const letters = seen ? Math.floor((seen.w - 10) / LETTER_PX) : 0;
    if (!seen || letters < LETTERS_MIN) continue;
    const title = plain(it.title);
    const text = title.length > letters ? `${title.slice(0, letters - 1)}…` : title;
    const x = Math.max(seen.x, 0) + 6;
    texts.push({ key: it.task_id, x, y: y + height / 2 + 4, text, tone: past ? tone : 'grey' });
  }
  return { marks, texts };
}

/** What lies at a moment of a lane. */
export function heldAt(lane: Lane, at: number, slack: number): Held | null {
  const fits = (it: Held): boolean => it.whole.from - slack <= at && at <= it.whole.to + slack;
  return lane.held.findLast(fits) ?? null;
}
