/** One stream of the server: connected again by itself, resumed behind the last position. */
import { session } from '../api/calls';
import type { ClosingFrame, Frame } from '../api/types';
import { wait } from './backoff';

export type Connection = 'connecting' | 'live' | 'waiting' | 'resting' | 'ended';

const KINDS = [
  'snapshot',
  'event',
  'execution_update',
  'task_update',
  'heartbeat',
  'lagged',
  'closing',
];
/** The server says something every 15 s: after this, the connection is dead. */
const SILENCE_MS_MAX = 40_000;
/** How long a page may be out of sight before it lets its stream go. */
const HIDDEN_MS_MAX = 5_000;

export class Live {
  state = $state<Connection>('connecting');
  /** When it is tried again, while it waits. */
  retryAt = $state<number | null>(null);
  /** Up to where everything was told. */
  position = $state<number | null>(null);

  private source: EventSource | null = null;
  private failures = 0;
  private retry: number | undefined;
  private silence: number | undefined;
  private hidden: number | undefined;
  private waiting: Frame[] = [];
  private isDue = false;

  constructor(
    private readonly path: string,
    private readonly take: (frames: Frame[]) => void,
    after: number | null = null,
  ) {
    this.position = after;
  }

  start(): () => void {
    document.addEventListener('visibilitychange', this.seen);
    window.addEventListener('online', this.now);
    this.connect();
    return () => this.end();
  }

  /** Tries at once. */
  now = (): void => {
    if (this.state === 'waiting') this.connect();
  };

  private connect(): void {
    this.close();
    this.state = 'connecting';
    const query = this.position === null ? '' : `?after=${this.position}`;
    const source = new EventSource(this.path + query);
    this.source = source;
    source.onopen = () => {
      this.state = 'live';
      this.retryAt = null;
      this.heard();
    };
    source.onerror = () => this.lost();
    for (const kind of KINDS) source.addEventListener(kind, this.heardOf);
    this.heard();
  }

  private heardOf = (event: MessageEvent<string>): void => {
    this.heard();
    const frame = JSON.parse(event.data) as Frame;
    if (frame.type === 'closing') return this.closing(frame);
    this.failures = 0;
    this.position = frame.position;
    this.waiting.push(frame);
    if (this.isDue) return;
    this.isDue = true;
    // A page that is not drawn still takes what comes, if more slowly.
    if (document.hidden) setTimeout(this.flush, 250);
    else requestAnimationFrame(this.flush);
  };

  private flush = (): void => {
    this.isDue = false;
    const frames = this.waiting;
    this.waiting = [];
    if (frames.length > 0) this.take(frames);
  };

  private closing(frame: ClosingFrame): void {
    this.position = frame.resume_after;
    if (frame.reason === 'key_void') void session.get().catch(() => {});
  }

  private heard(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lost(), SILENCE_MS_MAX) as unknown as number;
  }

  private lost(): void {
    if (this.state === 'ended' || this.state === 'resting') return;
    this.close();
    this.failures += 1;
    const ms = wait(this.failures, Math.random());
    this.state = 'waiting';
    this.retryAt = Date.now() + ms;
    this.retry = setTimeout(() => this.connect(), ms) as unknown as number;
    // Says whether it is the session that is over: then the page to log in is shown.
    if (this.failures === 2) void session.get().catch(() => {});
  }

  private seen = (): void => {
    clearTimeout(this.hidden);
    if (document.hidden) {
      this.hidden = setTimeout(() => this.rest(), HIDDEN_MS_MAX) as unknown as number;
    } else if (this.state === 'resting' || this.state === 'waiting') {
      this.connect();
    }
  };

  private rest(): void {
    this.close();
    this.flush();
    this.state = 'resting';
  }

  private close(): void {
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    this.source?.close();
    this.source = null;
  }

  private end(): void {
    this.close();
    clearTimeout(this.hidden);
    this.state = 'ended';
    document.removeEventListener('visibilitychange', this.seen);
    window.removeEventListener('online', this.now);
  }
}
