/** The timeline of an execution as it is looked at: its rows by task or by agent, what of time is
 * in sight, and what one points at. */
import { besideOf } from '../fold/beside';
import {
  airy,
  airyBehind,
  bars,
  extent,
  fit,
  fresh,
  lived,
  relived,
  timed,
  zoom,
  type Bar,
  type Group,
  type Interval,
  type Timed,
  type View,
} from '../fold/gantt';
import { heldAt, laneExtent, laneMarks, lanesOf, type LaneText } from '../fold/lanes';
import { barMarks, type Mark } from '../fold/marks';
import type { Task } from '../fold/tree';
import { clock, route } from './app.svelte';
import { Comparison } from './comparison.svelte';
import type { ExecutionState } from './execution.svelte';

/** Below this share of the plan, what was lived so far is shown at first. */
const LIVED_SHARE = 0.25;
/** All rows are made anew so often; those in sight follow what happens at once. */
const REMADE_MS = 1_000;
const REMADE_MS_PER_TASK = 2;
/** How far beside a bar one may point. */
const POINTED_PX = 3;
const DONE: readonly string[] = ['COMPLETE', 'SKIPPED'];

export interface Drawn {
  marks: Mark[];
  texts: LaneText[];
}

export class TimelineState {
  closed = $state.raw<ReadonlySet<string>>(new Set());
  width = $state(600);
  /** The task that one points at. */
  focused = $state<string | null>(null);
  private chosen = $state.raw<View | null>(null);
  private whole = $state<'plan' | 'lived' | 'auto'>('auto');

  readonly isByAgent = $derived(route.query.get('by') === 'agent');
  readonly wish = $derived(this.isByAgent ? null : route.query.get('beside'));
  readonly comparison = $derived.by(() => {
    const beside = besideOf(this.wish);
    return beside === null ? null : new Comparison(beside, this.shown.id);
  });
  readonly now = $derived.by(() => this.then() ?? clock.now);

  private readonly spans = $derived.by(() => timed(this.shown.timeline.data?.tasks ?? []));
  /** When all rows were last made anew. */
  private readonly turn = $derived.by(() => {
    const every = Math.max(REMADE_MS, this.spans.length * REMADE_MS_PER_TASK);
    return this.then() ?? Math.floor(clock.now / every) * every;
  });
  private readonly shape = $derived.by(() => {
    void this.shown.tick;
    return this.shown.tree.shape;
  });
  private readonly groups = $derived.by(() => {
    void this.shape;
    const found = new Map<string, Group>();
    for (const task of this.shown.tree.tasks.values())
      if (!task.is_leaf) found.set(task.task_id, task);
    return found;
  });
  private readonly alive = $derived.by(() => {
    void [this.shape, this.turn];
    const { tasks } = this.shown.tree;
    return this.spans.map((it) => relived(it, tasks.get(it.span.task_id)));
  });
  private readonly times = $derived(new Map(this.alive.map((it) => [it.span.task_id, it])));
  private readonly rows = $derived(
    this.isByAgent ? [] : bars(this.alive, this.groups, this.closed, this.turn),
  );
  private readonly laid = $derived(
    this.isByAgent
      ? lanesOf(this.alive, (id) => this.shown.tree.tasks.get(id), this.turn)
      : { lanes: [], unowned: 0 },
  );
  readonly lanes = $derived(this.laid.lanes);
  readonly unowned = $derived(this.laid.unowned);
  readonly count = $derived(this.isByAgent ? this.lanes.length : this.rows.length);

  /** The other timeline's tasks, by this one's clock. */
  readonly beside = $derived.by((): ReadonlyMap<string, Interval> => {
    const began = this.shown.summary.data?.started_at ?? null;
    return this.comparison?.tasks(began) ?? new Map();
  });
  readonly found = $derived(this.comparison?.against(this.alive, this.beside) ?? null);

  private readonly wanted = $derived.by(() => {
    const { lanes, rows, turn } = this;
    const done = laneExtent(lanes, true);
    const planned = this.isByAgent ? airy(laneExtent(lanes), turn) : extent(rows, turn);
    const past = !this.isByAgent ? lived(rows, turn) : done ? airyBehind(done) : planned;
    // What is beside is mostly about what is still to come.
    const isShort =
      this.comparison === null && past.to - past.from < LIVED_SHARE * (planned.to - planned.from);
    return this.whole === 'lived' || (this.whole === 'auto' && isShort) ? past : planned;
  });
  readonly view = $derived(this.chosen ?? fit(this.wanted, this.width));

  readonly task = $derived.by(() => {
    void this.shown.tick;
    return this.focused === null ? undefined : this.shown.tree.tasks.get(this.focused);
  });
  /** What that one waits for, itself or with what it is a part of, that is not done. */
  readonly waits = $derived.by(() => {
    if (!this.task) return [];
    const { tree } = this.shown;
    const all = [this.task, ...tree.above(this.task.task_id)];
    const named = all.flatMap((it) => (it.waits_for ?? []) as { task_id: string }[]);
    const ids = new Set(named.map((it) => it.task_id));
    return [...ids].flatMap((id): Task[] => {
      const other = tree.tasks.get(id);
      return other && !DONE.includes(other.status) ? [other] : [];
    });
  });
  readonly awaited = $derived(new Set(this.waits.map((it) => it.task_id)));

  constructor(
    private readonly shown: ExecutionState,
    /** The moment that is looked at; none for now. */
    private readonly then: () => number | null,
  ) {}

  timesOf(id: string | null): Timed | undefined {
    return id === null ? undefined : this.times.get(id);
  }

  /** The rows in sight as they are now. */
  inside(first: number, last: number): Bar[] {
    void this.shown.tick;
    const { tasks } = this.shown.tree;
    const rows = this.rows.slice(first, last);
    return rows.map((bar) => fresh(bar, tasks.get(bar.span.task_id), this.now));
  }

  /** What is drawn of the rows in sight, from the top of the first one. */
  drawn(first: number, last: number, height: number): Drawn {
    return this.isByAgent
      ? this.lanesDrawn(first, last, height)
      : { marks: this.barsDrawn(first, last, height), texts: [] };
  }

  private barsDrawn(first: number, last: number, height: number): Mark[] {
    const { view, width, beside, awaited } = this;
    return this.inside(first, last).flatMap((bar, at) => {
      const id = bar.span.task_id;
      const extra = { then: beside.get(id) ?? null, isAwaited: awaited.has(id) };
      return barMarks(bar, extra, { view, width, y: at * height, height });
    });
  }

  private lanesDrawn(first: number, last: number, height: number): Drawn {
    const { view, width } = this;
    const all = this.lanes
      .slice(first, last)
      .map((lane, at) => laneMarks(lane, { view, width, y: at * height, height }));
    return { marks: all.flatMap((it) => it.marks), texts: all.flatMap((it) => it.texts) };
  }

  /** The pointer is on a row, so many pixels from the left. */
  point(row: number, x: number): void {
    const { view } = this;
    const lane = this.lanes[row];
    const slack = POINTED_PX * view.msPerPixel;
    const held = lane ? heldAt(lane, view.from + x * view.msPerPixel, slack) : null;
    const bar = this.rows[row];
    this.focused = this.isByAgent ? (held?.task_id ?? null) : (bar?.span.task_id ?? null);
  }

  move(view: View | null): void {
    this.chosen = view;
  }

  zoom(factor: number): void {
    this.chosen = zoom(this.view, factor, this.width / 2);
  }

  show(what: 'plan' | 'lived'): void {
    this.whole = what;
    this.chosen = null;
  }

  fold(id: string): void {
    const next = new Set(this.closed);
    if (!next.delete(id)) next.add(id);
    this.closed = next;
  }
}
