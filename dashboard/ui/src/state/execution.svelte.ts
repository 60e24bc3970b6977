/** One execution as it is now, kept up to date by its stream; or as it was at a moment. */
import { ahead, taken } from '../api/ahead';
import { executions, feed, PAGE, told as toldOf } from '../api/calls';
import { refusal, type Refused } from '../api/client';
import type {
  Blocker,
  EventFrame,
  Execution,
  ExecutionUpdate,
  Frame,
  TaskState,
  Timeline,
} from '../api/types';
import { Story } from '../fold/story';
import { Tree } from '../fold/tree';
import { Live } from '../live/live.svelte';
import { hub } from './hub.svelte';
import { Resource } from './resource.svelte';

/** How many of the last events are told at first. */
const STORY_FIRST = 100;
/** How many tasks are read at first: more than anybody sees at once. */
const TASKS_FIRST = 100;
const BLOCKERS_MS = 300;
/** What the stream does not say of the execution, such as its cost, is read that late. */
const REST_MS = 5_000;
/** What is expected changes slowly, and is much to read where there are many tasks. */
const TIMELINE_MS = 1_500;
const TIMELINE_MS_PER_TASK = 2;

const first = {
  summary: (id: string) => `execution ${id}`,
  tasks: (id: string) => `tasks ${id}`,
  story: (id: string) => `story ${id}`,
};
const firstTasks = (id: string, as_of?: string) =>
  executions.tasks(id, { limit: TASKS_FIRST, as_of });
const firstStory = (id: string) => feed.listAt({ execution_id: id, limit: STORY_FIRST });

/** Asks for what the page of an execution shows first. */
export function askAhead(id: string): void {
  ahead(first.summary(id), () => executions.get(id));
  ahead(first.tasks(id), () => firstTasks(id));
  ahead(first.story(id), () => firstStory(id));
}

export class ExecutionState {
  readonly tree = new Tree();
  readonly story = new Story();
  readonly summary: Resource<Execution>;
  readonly blockers: Resource<Blocker[]>;
  readonly timeline: Resource<Timeline>;
  /** Rises whenever the tree or the story changed. */
  tick = $state(0);
  tasksError = $state.raw<Refused | null>(null);
  areTasksRead = $state(false);
  olderCursor = $state<string | null>(null);
  private end: (() => void) | null = null;
  private isOver = false;
  /** Which reading of the tasks is the last one: those before it are given up. */
  private reading = 0;
  private isReading = false;
  /** Of the past: the position before which everything stands. */
  private pastBefore: number | undefined;
  /** The position that the tasks must have been read at, or later. */
  private needed = 0;

  constructor(
    readonly id: string,
    readonly asOf: string | undefined = undefined,
  ) {
    this.summary = new Resource(() =>
      asOf === undefined
        ? taken(first.summary(id), () => executions.get(id))
        : executions.get(id, asOf),
    );
    this.blockers = new Resource(async () => (await executions.blockers(id, asOf)).blockers);
    this.timeline = new Resource(() => executions.timeline(id, asOf));
  }

  /** Reads everything, then listens; the answer ends it. */
  start(): () => void {
    const summary = this.summary.refresh();
    void this.readTasks();
    void this.blockers.refresh();
    if (this.asOf === undefined) void this.begin(summary);
    return () => {
      this.isOver = true;
      this.reading += 1;
      this.end?.();
      hub.own = null;
      for (const it of [this.summary, this.blockers, this.timeline]) it.stop();
    };
  }

  /** Tells the last events, and listens to what follows them. */
  private async begin(summary: Promise<void>): Promise<void> {
    let after = 0;
    try {
      const { data, position } = await taken(first.story(this.id), () => firstStory(this.id));
      this.story.older(data.entries.map(toldOf));
      this.olderCursor = data.next_cursor ?? null;
      this.tick += 1;
      after = position;
    } catch {
      // The stream tells everything from the beginning, and knows when to come back.
    }
    await summary;
    // What is not there has no stream.
    if (!this.isOver && this.summary.error?.problem.status !== 404) this.listen(after);
  }

  /** Reads all tasks, page by page, as they are at a position or later. */
  readTasks = async (min_position?: number): Promise<void> => {
    this.reading += 1;
    const reading = this.reading;
    const seen = new Set<string>();
    let lowest = Number.MAX_SAFE_INTEGER;
    this.tasksError = null;
    this.isReading = true;
    try {
      let page =
        min_position === undefined && this.asOf === undefined
          ? await taken(first.tasks(this.id), () => firstTasks(this.id))
          : await executions.tasks(this.id, { limit: PAGE, as_of: this.asOf, min_position });
      for (;;) {
        if (reading !== this.reading) return;
        this.tree.read(page.data.tasks, page.position);
        for (const task of page.data.tasks) seen.add(task.task_id);
        if (this.asOf !== undefined && seen.size === page.data.tasks.length)
          void this.tellPast(page.position);
        lowest = Math.min(lowest, page.position);
        this.tick += 1;
        const cursor = page.data.next_cursor;
        if (!cursor) break;
        page = await executions.tasks(this.id, { limit: PAGE, cursor, as_of: this.asOf });
      }
      this.tree.onlyThese(seen);
      this.areTasksRead = true;
      this.tick += 1;
    } catch (error) {
      if (reading === this.reading) this.tasksError = refusal(error);
    }
    if (reading !== this.reading) return;
    this.isReading = false;
    if (this.asOf === undefined && !this.tasksError && lowest < this.needed)
      void this.readTasks(this.needed);
  };

  /** Tells what had happened by then. */
  private async tellPast(position: number): Promise<void> {
    const before = position + 1;
    const wanted = { execution_id: this.id, limit: STORY_FIRST, before };
    const page = await feed.list(wanted).catch(() => null);
    if (page === null || this.isOver) return;
    this.story.older(page.entries.map(toldOf));
    this.olderCursor = page.next_cursor ?? null;
    this.pastBefore = before;
    this.tick += 1;
  }

  /** Has the tasks read as they are at a position or later, if they are not. */
  private need(position: number): void {
    this.needed = Math.max(this.needed, position);
    if (!this.isReading) void this.readTasks(this.needed);
  }

  private listen(after: number): void {
    const path = `/api/executions/${encodeURIComponent(this.id)}/stream`;
    const live = new Live(path, (frames) => this.told(frames), after);
    hub.own = live;
    this.end = live.start();
  }

  private told(frames: Frame[]): void {
    let areTold = false;
    for (const frame of frames) {
      switch (frame.type) {
        case 'snapshot':
          if (frame.execution) this.stands(frame.execution);
          this.tasksTold(frame.tasks, frame.position);
          // What does not stand in it may have changed while nobody listened.
          if (frame.is_partial) this.need(frame.position);
          this.blockers.soon(BLOCKERS_MS);
          areTold = true;
          break;
        case 'task_update':
          this.tasksTold([frame], frame.position);
          areTold = true;
          break;
        case 'execution_update':
          this.stands(frame);
          break;
        case 'event':
          this.story.add(frame);
          this.happened(frame);
          break;
        case 'lagged':
          this.story.gap(frame.position, frame.reason);
          if (frame.reason === 'log_went_back') this.beginAnew();
          break;
        case 'heartbeat':
        case 'closing':
          break;
      }
    }
    if (areTold && this.timeline.data !== null)
      this.timeline.soon(TIMELINE_MS + TIMELINE_MS_PER_TASK * this.tree.tasks.size);
    this.tick += 1;
  }

  private tasksTold(tasks: readonly TaskState[], position: number): void {
    const isOther = this.tree.told(tasks, position);
    // Tasks that are being read for the first time come with their pages.
    if (isOther && this.areTasksRead) this.need(position);
  }

  private happened({ event_type, position }: EventFrame): void {
    if (/blocker|cancelled|reassigned/.test(event_type)) this.blockers.soon(BLOCKERS_MS);
    // The stream does not say all that such an event changes of a task.
    if (/amended|tasks_added|decompos/.test(event_type)) this.need(position);
  }

  /** The log is another one: what was known by its positions is not. */
  private beginAnew(): void {
    this.tree.distrust();
    this.needed = 0;
    void this.readTasks(0);
    void this.summary.refresh();
  }

  private stands(now: Omit<ExecutionUpdate, 'type' | 'timestamp' | 'position'>): void {
    const known = this.summary.data;
    if (known && known.version <= now.version) {
      const { status, status_message, agent_id, progress, counts } = now;
      const { blockers_open, allowed_commands, started_at, completed_at, version } = now;
      const stands = { status, status_message, agent_id, progress, counts, blockers_open };
      this.summary.data = {
        ...known,
        ...stands,
        allowed_commands,
        started_at,
        completed_at,
        version,
      };
    }
    // What was not there a moment ago, since nobody had made it, is there now.
    this.summary.soon(known ? REST_MS : 0);
  }

  /** Reads what happened before what is shown. */
  older = async (): Promise<void> => {
    if (this.olderCursor === null) return;
    const cursor = this.olderCursor;
    const before = this.pastBefore;
    const wanted = { execution_id: this.id, limit: STORY_FIRST, cursor, before };
    const page = await feed.list(wanted);
    this.story.older(page.entries.map(toldOf));
    this.olderCursor = page.next_cursor ?? null;
    this.tick += 1;
  };
}
