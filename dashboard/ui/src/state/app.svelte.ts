/** What the whole page shares: where it is, what time it is, how it looks, what it says. */
import type { Tone } from '../status';
import { placeOf, type Place } from '../paths';
import { relative, type Zone } from '../time';

class Route {
  url = $state.raw(new URL(location.href));
  place = $derived<Place>(placeOf(this.url.pathname));
  query = $derived(this.url.searchParams);

  start(): void {
    addEventListener('popstate', () => (this.url = new URL(location.href)));
    addEventListener('click', this.clicked);
  }

  go(address: string, how: 'push' | 'replace' = 'push'): void {
    const url = new URL(address, location.origin);
    if (url.href === location.href) return;
    const isElsewhere = url.pathname !== this.url.pathname;
    if (how === 'push') history.pushState(null, '', url);
    else history.replaceState(null, '', url);
    this.url = url;
    if (isElsewhere) scrollTo(0, 0);
  }

  /** Changes some words of the query, and leaves the others. */
  set(words: Record<string, string | null>, how: 'push' | 'replace' = 'replace'): void {
    const url = new URL(this.url);
    for (const [name, value] of Object.entries(words)) {
      if (value === null || value === '') url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    this.go(url.pathname + url.search, how);
  }

  private clicked = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!link || event.defaultPrevented || !isPlain || link.target || link.hasAttribute('download'))
      return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || placeOf(url.pathname).view === 'nowhere') return;
    event.preventDefault();
    this.go(url.pathname + url.search);
  };
}

export const route = new Route();

class Clock {
  now = $state(Date.now());
  zone = $state<Zone>(localStorage.getItem('zone') === 'utc' ? 'utc' : 'local');

  start(): void {
    setInterval(() => {
      if (!document.hidden) this.now = Date.now();
    }, 1_000);
    document.addEventListener('visibilitychange', () => (this.now = Date.now()));
  }

  toggle(): void {
    this.zone = this.zone === 'utc' ? 'local' : 'utc';
    localStorage.setItem('zone', this.zone);
  }

  ago(at: string | number | null | undefined): string {
    return at === null || at === undefined || at === '' ? '–' : relative(at, this.now);
  }
}

export const clock = new Clock();

export type ThemeName = 'system' | 'light' | 'dark';
const THEMES: readonly ThemeName[] = ['system', 'light', 'dark'];

class Theme {
  name = $state<ThemeName>(THEMES.find((it) => it === localStorage.getItem('theme')) ?? 'system');

  apply(): void {
    document.documentElement.dataset.theme = this.name;
  }

  next(): void {
    this.name = THEMES[(THEMES.indexOf(this.name) + 1) % THEMES.length] ?? 'system';
    localStorage.setItem('theme', this.name);
    this.apply();
  }
}

export const theme = new Theme();

export interface Toast {
  id: number;
  tone: Tone;
  text: string;
  detail: string;
  undo: (() => void) | null;
}

/** How long a toast stands, and how many do. */
const TOAST_MS = 6_000;
const TOASTS_MAX = 4;

class Toasts {
  all = $state.raw<Toast[]>([]);
  private last = 0;

  say(tone: Tone, text: string, more: { detail?: string; undo?: () => void } = {}): void {
    this.last += 1;
    const toast = { id: this.last, tone, text, detail: more.detail ?? '', undo: more.undo ?? null };
    this.all = [...this.all, toast].slice(-TOASTS_MAX);
    setTimeout(() => this.drop(toast.id), tone === 'red' ? 2 * TOAST_MS : TOAST_MS);
  }

  drop(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();

/** Copies, and says so. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.say('grey', `${what} copied`);
  } catch {
    toasts.say('red', `${what} could not be copied: the browser does not allow it`);
  }
}
