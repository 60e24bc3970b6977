/** When this person was last here, and up to where they have seen everything: kept in the browser,
 * for each workspace. */
import { awaySince, visitOf, type Visit } from '../fold/away';
import { hub } from './hub.svelte';

/** How often it is noted that somebody is here. */
const NOTE_MS = 5_000;

class Visits {
  /** Since when the person was away, until they say that they have seen it. */
  since = $state.raw<Visit | null>(null);

  /** Looks who comes, and notes from then on that they are here; the answer ends it. */
  start(): () => void {
    this.came();
    const every = setInterval(this.note, NOTE_MS);
    const seen = (): void => (document.hidden ? this.note() : this.came());
    document.addEventListener('visibilitychange', seen);
    addEventListener('pagehide', this.note);
    return () => {
      clearInterval(every);
      document.removeEventListener('visibilitychange', seen);
      removeEventListener('pagehide', this.note);
    };
  }

  dismiss(): void {
    this.since = null;
    localStorage.removeItem(this.key('away'));
  }

  private key(what: 'visit' | 'away'): string {
    return `${what}:${hub.who?.workspace_id ?? ''}`;
  }

  /** What was not yet seen of a longer time away stays to be seen. */
  private came(): void {
    const kept = visitOf(localStorage.getItem(this.key('away')));
    const last = visitOf(localStorage.getItem(this.key('visit')));
    const since = kept ?? awaySince(last, Date.now());
    if (since !== null) localStorage.setItem(this.key('away'), JSON.stringify(since));
    this.since = since;
  }

  private note = (): void => {
    const position = hub.live?.position;
    if (document.hidden || position === null || position === undefined) return;
    localStorage.setItem(this.key('visit'), JSON.stringify({ position, at: Date.now() }));
  };
}

export const visits = new Visits();
