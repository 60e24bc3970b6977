/** The tree of tasks: rows from what was read, kept up to date by what a stream says. */
import type { TaskNode, TaskState, TaskStatus } from '../api/types';

/** A task as the tree shows it: all that was read, and what the stream said since. */
export type Task = Omit<TaskNode, 'status'> & { status: TaskStatus };

export interface Row {
  task: Task;
  level: number;
  isOpen: boolean;
  hasParts: boolean;
  /** Its place among its siblings, from 1, and how many they are. */
  place: number;
  siblings: number;
}

export type Only = 'all' | 'failed' | 'blocked' | 'running';

export interface Wish {
  closed: ReadonlySet<string>;
  search: string;
  only: Only;
}

/** What a stream said of a task, and where. */
interface Said {
  state: TaskState;
  position: number;
}

const nothing = (): Record<TaskStatus, number> => ({
  QUEUED: 0,
  RUNNING: 0,
  BLOCKED: 0,
  COMPLETE: 0,
  ERROR: 0,
  SKIPPED: 0,
  CANCELLED: 0,
});

/** The tasks of one execution. It is changed in place: `changed` counts the changes, `shape` those
 * after which other rows stand there, or in another order. */
export class Tree {
  readonly tasks = new Map<string, Task>();
  changed = 0;
  shape = 0;
  private parts = new Map<string | null, string[]>();
  private isSorted = true;
  /** Up to which position of the log each task is known. */
  private known = new Map<string, number>();
  /** What was said of tasks that were not read yet. */
  private early = new Map<string, Said>();
  private readonly tally = nothing();
  private readonly hands = new Map<string, number>();
  private shown: { key: string; closed: ReadonlySet<string>; rows: Row[] } | null = null;

  /** Takes rows as they were at a position; what was said of a task since stays. */
  read(rows: readonly TaskNode[], position = 0): void {
    for (const row of rows) this.put(row as Task, position);
    this.changed += 1;
  }

  /** Takes what a stream says of tasks at a position; whether one came or went. */
  told(states: readonly TaskState[], position = Number.MAX_SAFE_INTEGER): boolean {
    let isOther = false;
    for (const state of states) isOther = this.one(state, position) || isOther;
    if (states.length > 0) this.changed += 1;
    return isOther;
  }

  private one(state: TaskState, position: number): boolean {
    const known = this.tasks.get(state.task_id);
    if (!known) {
      if (!state.is_removed) this.early.set(state.task_id, { state, position });
      return !state.is_removed;
    }
    if (position < (this.known.get(state.task_id) ?? 0)) return false;
    if (state.is_removed) {
      this.remove(known);
      return true;
    }
    this.known.set(state.task_id, position);
    const said = only(state);
    const isSame = (Object.keys(said) as (keyof Task)[]).every((name) => known[name] === said[name]);
    if (!isSame) this.keep({ ...known, ...said });
    return false;
  }

  private put(row: Task, position: number): void {
    const id = row.task_id;
    const known = this.tasks.get(id);
    const early = this.early.get(id);
    this.early.delete(id);
    let task = row;
    let at = position;
    if (known && (this.known.get(id) ?? 0) > position) {
      task = { ...row, ...only(known) };
      at = this.known.get(id) ?? position;
    } else if (early && early.position > position) {
      task = { ...row, ...only(early.state) };
      at = early.position;
    }
    this.known.set(id, at);
    this.keep(task);
    if (known && known.parent_task_id === task.parent_task_id) {
      if (known.ordinal !== task.ordinal) this.reorder();
      return;
    }
    if (known) this.unlink(known);
    const parts = this.parts.get(task.parent_task_id) ?? [];
    parts.push(id);
    this.parts.set(task.parent_task_id, parts);
    this.reorder();
  }

  private reorder(): void {
    this.isSorted = false;
    this.shape += 1;
  }

  private keep(task: Task): void {
    const known = this.tasks.get(task.task_id);
    if (known) this.count(known, -1);
    this.count(task, 1);
    this.tasks.set(task.task_id, task);
  }

  private count(task: Task, by: 1 | -1): void {
    if (!task.is_leaf) return;
    this.tally[task.status] = (this.tally[task.status] ?? 0) + by;
    if (task.status !== 'RUNNING' || task.agent_id === null) return;
    const held = (this.hands.get(task.agent_id) ?? 0) + by;
    if (held > 0) this.hands.set(task.agent_id, held);
    else this.hands.delete(task.agent_id);
  }

  private remove(task: Task): void {
    for (const part of [...(this.parts.get(task.task_id) ?? [])]) {
      const inside = this.tasks.get(part);
      if (inside) this.remove(inside);
    }
    this.parts.delete(task.task_id);
    this.unlink(task);
    this.count(task, -1);
    this.tasks.delete(task.task_id);
    this.known.delete(task.task_id);
    this.shape += 1;
  }

  private unlink(task: Task): void {
    const siblings = this.parts.get(task.parent_task_id) ?? [];
    const place = siblings.indexOf(task.task_id);
    if (place >= 0) siblings.splice(place, 1);
  }

  /** Lets go of tasks that are not among these: they went while nobody listened. */
  onlyThese(ids: ReadonlySet<string>): void {
    for (const [id, task] of [...this.tasks]) {
      if (!ids.has(id) && this.tasks.has(id)) this.remove(task);
    }
    this.changed += 1;
  }

  /** Forgets up to where each task is known: whatever is read or told next counts. */
  distrust(): void {
    this.known.clear();
    this.early.clear();
  }

  /** How many leaves have each status. */
  counts(): Record<TaskStatus, number> {
    return { ...this.tally };
  }

  /** How many agents have something under way. */
  agentsAtWork(): number {
    return this.hands.size;
  }

  /** Those above a task, the topmost first. */
  above(id: string): Task[] {
    const found: Task[] = [];
    for (let at = this.tasks.get(id)?.parent_task_id; at; at = this.tasks.get(at)?.parent_task_id) {
      const task = this.tasks.get(at);
      if (!task || found.includes(task)) break;
      found.unshift(task);
    }
    return found;
  }

  /** The rows to be shown, from the top: the same list for as long as nothing moves in it. A row's
   * task is as it was when the list was made; as it is now it stands in `tasks`. */
  rows(wish: Wish): Row[] {
    const isWhole = wish.search.trim() === '' && wish.only === 'all';
    const key = isWhole ? `${this.shape}` : `${this.changed} ${wish.only} ${wish.search}`;
    if (this.shown?.key !== key || this.shown.closed !== wish.closed) {
      this.shown = { key, closed: wish.closed, rows: this.made(wish) };
    }
    return this.shown.rows;
  }

  private made(wish: Wish): Row[] {
    this.sort();
    const shown = this.wanted(wish);
    const rows: Row[] = [];
    const visit = (parent: string | null, level: number): void => {
      const ids = (this.parts.get(parent) ?? []).filter((id) => !shown || shown.has(id));
      ids.forEach((id, index) => {
        const task = this.tasks.get(id);
        if (!task) return;
        const hasParts = (this.parts.get(id)?.length ?? 0) > 0;
        const isOpen = hasParts && (shown !== null || !wish.closed.has(id));
        rows.push({ task, level, isOpen, hasParts, place: index + 1, siblings: ids.length });
        if (isOpen) visit(id, level + 1);
      });
    };
    visit(null, 1);
    return rows;
  }

  /** What is searched for, with those above it; null where everything is wanted. */
  private wanted({ search, only: kind }: Wish): Set<string> | null {
    const word = search.trim().toLowerCase();
    if (word === '' && kind === 'all') return null;
    const shown = new Set<string>();
    for (const task of this.tasks.values()) {
      if (!fits(task, kind) || !(word === '' || named(task).includes(word))) continue;
      let at: Task | undefined = task;
      while (at && !shown.has(at.task_id)) {
        shown.add(at.task_id);
        at = at.parent_task_id ? this.tasks.get(at.parent_task_id) : undefined;
      }
    }
    return shown;
  }

  private sort(): void {
    if (this.isSorted) return;
    const place = (id: string): number => this.tasks.get(id)?.ordinal ?? 0;
    for (const ids of this.parts.values()) ids.sort((a, b) => place(a) - place(b));
    this.isSorted = true;
  }
}

/** What the stream says of a task, without the fields of its frame. */
function only(state: TaskState | Task): Partial<Task> {
  const { task_id, parent_task_id, title, status, progress_percent } = state;
  const { agent_id, attempt, blockers_open, started_at, ended_at } = state;
  return {
    task_id,
    parent_task_id,
    title,
    status,
    progress_percent,
    agent_id,
    attempt,
    blockers_open,
    started_at,
    ended_at,
  };
}

function fits(task: Task, kind: Only): boolean {
  switch (kind) {
    case 'all':
      return true;
    case 'failed':
      return task.status === 'ERROR' || task.attempts_failed > 0;
    case 'blocked':
      return task.blockers_open > 0;
    case 'running':
      return task.is_leaf && task.status === 'RUNNING';
  }
}

function named(task: Task): string {
  return `${task.title}\n${task.task_id}\n${task.agent_id ?? ''}`.toLowerCase();
}

/** The tree as Markdown, as it is shown. */
export function markdown(rows: readonly Row[]): string {
  const line = ({ task, level }: Row): string => {
    const box = task.status === 'COMPLETE' || task.status === 'SKIPPED' ? 'x' : ' ';
    const more = task.is_leaf && task.agent_id ? ` (${task.agent_id})` : '';
    const title = task.title.replace(/([\\`*_{}[\]<>#|])/g, '\\$1').replace(/\s+/g, ' ');
    return `${'  '.repeat(level - 1)}- [${box}] ${title}: ${task.status}${more}`;
  };
  return rows.map(line).join('\n') + '\n';
}
