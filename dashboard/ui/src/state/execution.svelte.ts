/** One execution as it is now, kept up to date by its stream; or as it was at a moment. */
import { allTasks, executions, feed, together } from '../api/calls';
import { refusal, type Refused } from '../api/client';
import type { Blocker, Execution, Frame, TaskState, Timeline } from '../api/types';
import { Story } from '../fold/story';
import { Tree } from '../fold/tree';
import { Live } from '../live/live.svelte';
import { hub } from './hub.svelte';
import { Resource } from './resource.svelte';

/** How many of the last events are told at first. */
const STORY_FIRST = 100;
const DETAIL_MS = 300;
const TIMELINE_MS = 1_500;

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

  constructor(
    readonly id: string,
    readonly asOf: string | undefined = undefined,
  ) {
    this.summary = new Resource(() => executions.get(id, asOf));
    this.blockers = new Resource(async () => (await executions.blockers(id, asOf)).blockers);
    this.timeline = new Resource(() => executions.timeline(id, asOf));
  }

  /** Reads everything, then listens; the answer ends it. */
  start(): () => void {
    void this.begin();
    return () => {
      this.isOver = true;
      this.end?.();
      hub.own = null;
      for (const it of [this.summary, this.blockers, this.timeline]) it.stop();
    };
  }

  private async begin(): Promise<void> {
    void this.blockers.refresh();
    await this.summary.refresh();
    if (this.summary.error || this.isOver) return;
    const after = this.asOf === undefined ? await this.firstPosition() : null;
    if (this.isOver) return;
    if (after !== null) this.listen(after);
    await this.readTasks();
  }

  readTasks = async (): Promise<void> => {
    this.tasksError = null;
    try {
      await allTasks(this.id, this.asOf, (rows) => {
        this.tree.read(rows);
        this.tick += 1;
      });
      this.areTasksRead = true;
    } catch (error) {
      this.tasksError = refusal(error);
    }
  };

  /** The position from which on the stream tells the last events again. */
  private async firstPosition(): Promise<number> {
    try {
      const last = await feed.list({ execution_id: this.id, limit: STORY_FIRST });
      this.olderCursor = last.next_cursor ?? null;
      const first = last.entries[last.entries.length - 1];
      return Math.max((first?.event_position ?? 1) - 1, 0);
    } catch {
      return 0;
    }
  }

  private listen(after: number): void {
    const path = `/api/executions/${encodeURIComponent(this.id)}/stream`;
    const live = new Live(path, (frames) => this.told(frames), after);
    hub.own = live;
    this.end = live.start();
  }

  private told(frames: Frame[]): void {
    const tasks: TaskState[] = [];
    let isAmended = false;
    for (const frame of frames) {
      switch (frame.type) {
        case 'snapshot':
          tasks.push(...frame.tasks);
          this.summary.soon(DETAIL_MS);
          break;
        case 'task_update':
          tasks.push(frame);
          break;
        case 'execution_update':
          this.updated(frame);
          break;
        case 'event':
          this.story.add(frame);
          isAmended ||= /amended|tasks_added|decompos|execution_forked/.test(frame.event_type);
          if (/blocker|cancelled|reassigned/.test(frame.event_type)) this.blockers.soon(DETAIL_MS);
          break;
        case 'lagged':
          this.story.gap(frame.position, frame.reason);
          break;
        case 'heartbeat':
        case 'closing':
          break;
      }
    }
    const isOther = this.tree.told(tasks);
    if ((isOther || isAmended) && this.areTasksRead) void this.readTasks();
    if (tasks.length > 0) this.timeline.soon(TIMELINE_MS);
    this.tick += 1;
  }

  private updated(frame: Extract<Frame, { type: 'execution_update' }>): void {
    const known = this.summary.data;
    if (known) {
      const { status, status_message, progress } = frame;
      this.summary.data = { ...known, status, status_message, progress };
    }
    this.summary.soon(DETAIL_MS);
  }

  /** Reads what happened before what is shown. */
  older = async (): Promise<void> => {
    if (this.olderCursor === null) return;
    const wanted = { execution_id: this.id, limit: STORY_FIRST, cursor: this.olderCursor };
    const page = await feed.list(wanted);
    const first = page.entries[0];
    const events = first
      ? await executions.events(this.id, {
          as_of: `position:${first.event_position}`,
          limit: STORY_FIRST,
        })
      : { events: [] };
    this.story.older(together(page.entries, events.events));
    this.olderCursor = page.next_cursor ?? null;
    this.tick += 1;
  };
}
