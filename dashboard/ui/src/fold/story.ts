/** The feed: what happened, the newest first, with what came while one reads kept apart. */
import type { EventFrame } from '../api/types';

export type Entry =
  { kind: 'event'; event: EventFrame } | { kind: 'gap'; position: number; why: string };

export interface Filter {
  task: string | null;
  agent: string | null;
  type: string | null;
}

/** How many entries are kept; older ones are read again when they are asked for. */
export const ENTRIES_MAX = 2_000;

export class Story {
  /** The newest first. */
  entries: Entry[] = [];
  changed = 0;
  private known = new Set<number>();
  /** Up to here the reader has seen everything, while it reads. */
  private heldAt: number | null = null;

  /** Takes an event; one that is known already changes nothing. */
  add(event: EventFrame): void {
    if (this.known.has(event.position)) return;
    this.known.add(event.position);
    this.insert({ kind: 'event', event });
  }

  /** Says that something may be missing from there on. */
  gap(position: number, why: string): void {
    this.insert({ kind: 'gap', position, why });
  }

  /** Takes older events that were read. */
  older(events: readonly EventFrame[]): void {
    for (const event of events) this.add(event);
  }

  private insert(entry: Entry): void {
    const at = positionOf(entry);
    let place = 0;
    while (place < this.entries.length && positionOf(this.entries[place]) > at) place += 1;
    this.entries.splice(place, 0, entry);
    if (this.entries.length > ENTRIES_MAX && this.heldAt === null) {
      const gone = this.entries.pop();
      if (gone?.kind === 'event') this.known.delete(gone.event.position);
    }
    this.changed += 1;
  }

  /** From now on, what comes is counted and not shown. */
  hold(): void {
    if (this.heldAt !== null) return;
    this.heldAt = this.newest();
    this.changed += 1;
  }

  release(): void {
    if (this.heldAt === null) return;
    this.heldAt = null;
    this.changed += 1;
  }

  get isHeld(): boolean {
    return this.heldAt !== null;
  }

  newest(): number {
    return positionOf(this.entries[0]);
  }

  oldest(): number {
    return positionOf(this.entries[this.entries.length - 1]);
  }

  shown(filter: Filter): Entry[] {
    const held = this.heldAt ?? Number.MAX_SAFE_INTEGER;
    return this.entries.filter((it) => positionOf(it) <= held && fits(it, filter));
  }

  /** How many fitting events came since the feed was held. */
  waiting(filter: Filter): number {
    if (this.heldAt === null) return 0;
    const held = this.heldAt;
    return this.entries.filter((it) => positionOf(it) > held && fits(it, filter)).length;
  }
}

function positionOf(entry: Entry | undefined): number {
  if (!entry) return 0;
  return entry.kind === 'event' ? entry.event.position : entry.position;
}

function fits(entry: Entry, filter: Filter): boolean {
  if (entry.kind === 'gap') return true;
  const { event } = entry;
  return (
    (filter.task === null || event.task_id === filter.task) &&
    (filter.agent === null || event.agent_id === filter.agent) &&
    (filter.type === null || event.event_type === filter.type)
  );
}
