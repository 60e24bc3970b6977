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

/** The tasks of one execution. It is changed in place: `changed` counts the changes. */
export class Tree {
  readonly tasks = new Map<string, Task>();
  changed = 0;
  private parts = new Map<string | null, string[]>();
  private isSorted = true;

  /** Takes rows that were read. */
  read(rows: readonly TaskNode[]): void {
    for (const row of rows) this.put(row as Task);
    this.changed += 1;
  }

  /** Takes what a stream says of some tasks; whether a task came or went. */
  told(states: readonly TaskState[]): boolean {
    let isOther = false;
    for (const state of states) isOther = this.one(state) || isOther;
    if (states.length > 0) this.changed += 1;
    return isOther;
  }

  private one(state: TaskState): boolean {
    const known = this.tasks.get(state.task_id);
    if (state.is_removed) {
      if (known) this.remove(known);
      return known !== undefined;
    }
    if (!known) return true;
    const { is_removed: _, ...said } = state;
    const isSame = (Object.keys(said) as (keyof typeof said)[]).every(
      (name) => !(name in known) || known[name as keyof Task] === said[name],
    );
    if (!isSame) this.tasks.set(known.task_id, { ...known, ...only(said) });
    return false;
  }

  private put(task: Task): void {
    const known = this.tasks.get(task.task_id);
    this.tasks.set(task.task_id, task);
    if (known && known.parent_task_id === task.parent_task_id) return;
    if (known) this.unlink(known);
    const parts = this.parts.get(task.parent_task_id) ?? [];
    parts.push(task.task_id);
    this.parts.set(task.parent_task_id, parts);
    this.isSorted = false;
  }

  private remove(task: Task): void {
    for (const part of this.parts.get(task.task_id) ?? []) {
      const inside = this.tasks.get(part);
      if (inside) this.remove(inside);
    }
    this.parts.delete(task.task_id);
    this.unlink(task);
    this.tasks.delete(task.task_id);
  }

  private unlink(task: Task): void {
    const siblings = this.parts.get(task.parent_task_id) ?? [];
    const place = siblings.indexOf(task.task_id);
    if (place >= 0) siblings.splice(place, 1);
  }

  /** How many leaves have each status. */
  counts(): Record<TaskStatus, number> {
    const counts: Record<TaskStatus, number> = {
      QUEUED: 0,
      RUNNING: 0,
      BLOCKED: 0,
      COMPLETE: 0,
      ERROR: 0,
      SKIPPED: 0,
      CANCELLED: 0,
    };
    for (const task of this.tasks.values()) if (task.is_leaf) counts[task.status] += 1;
    return counts;
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

  /** The rows to be shown, from the top. */
  rows(wish: Wish): Row[] {
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
function only(state: TaskState): Partial<Task> {
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
