/** What the whole workspace tells: who is here, what waits for a person, what changes. */
import { blockers, session } from '../api/calls';
import { onUnauthorized, refusal, setProof, type Refused } from '../api/client';
import type { Blocker, Frame, Session } from '../api/types';
import { Live } from '../live/live.svelte';
import { Resource } from './resource.svelte';

/** How long after an event the inbox is read again. */
const INBOX_MS = 250;

class Hub {
  who = $state.raw<Session | null>(null);
  /** Whether somebody has to log in first. */
  mustLogIn = $state(false);
  isAsking = $state(true);
  unreachable = $state(false);
  /** Why nobody can be shown anything, such as a server that answers at other names only. */
  refused = $state.raw<Refused | null>(null);
  live = $state.raw<Live | null>(null);
  /** The stream of the page that is open, when it has one of its own. */
  own = $state.raw<Live | null>(null);
  inbox = new Resource<Blocker[]>(async () => (await blockers.open()).blockers);

  private listeners = new Set<(frames: Frame[]) => void>();
  private end: (() => void) | null = null;

  /** Asks who is here, and begins to listen. */
  async start(): Promise<void> {
    onUnauthorized.tell = () => this.out();
    this.isAsking = true;
    try {
      this.took(await session.get());
    } catch (error) {
      const refused = refusal(error);
      this.unreachable = refused.isUnreachable;
      this.refused = refused.isUnreachable || this.mustLogIn ? null : refused;
      if (this.unreachable) setTimeout(() => void this.start(), 2_000);
    } finally {
      this.isAsking = false;
    }
  }

  took(who: Session): void {
    this.who = who;
    this.mustLogIn = false;
    this.unreachable = false;
    this.refused = null;
    setProof(who.csrf_token ?? null);
    this.end?.();
    const live = new Live('/api/stream', (frames) => this.told(frames));
    this.live = live;
    this.end = live.start();
    void this.inbox.refresh();
  }

  async logOut(): Promise<void> {
    await session.logOut();
    this.out();
  }

  private out(): void {
    this.end?.();
    this.end = null;
    this.live = null;
    this.who = null;
    this.mustLogIn = true;
    setProof(null);
  }

  /** Whether the caller's role has a right. */
  may(right: 'command' | 'operate' | 'administer' | 'audit'): boolean {
    const role = this.who?.role;
    if (role === 'owner') return true;
    if (right === 'command') return role === 'member';
    if (right === 'operate') return role === 'operator';
    return right === 'audit' && role === 'auditor';
  }

  /** Hears every frame of the workspace until the answer is called. */
  on(listener: (frames: Frame[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private told(frames: Frame[]): void {
    const touches = (frame: Frame): boolean =>
      frame.type === 'snapshot' ||
      (frame.type === 'event' && /blocker|execution_(un)?blocked|cancelled/.test(frame.event_type));
    if (frames.some(touches)) this.inbox.soon(INBOX_MS);
    for (const listener of this.listeners) listener(frames);
  }
}

export const hub = new Hub();
