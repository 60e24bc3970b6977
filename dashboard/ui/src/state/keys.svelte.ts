/** The keys: what each does everywhere, and what lists do with j and k. */
import { to } from '../paths';
import { clock, route, theme, toasts } from './app.svelte';

/** How long after g a letter still belongs to it. */
const CHORD_MS = 1_200;

export const PLACES: { key: string; word: string; go: () => string }[] = [
  { key: 'e', word: 'Executions', go: () => to.executions() },
  { key: 'i', word: 'Inbox', go: () => to.inbox() },
  { key: 'p', word: 'Plans', go: () => to.plans() },
  { key: 'a', word: 'Agents', go: () => to.agents() },
  { key: 'u', word: 'Auditor', go: () => to.auditor() },
  { key: 'o', word: 'Operator', go: () => to.operator() },
];

class Keys {
  isHelpOpen = $state(false);
  isPaletteOpen = $state(false);
  private chordAt = 0;

  pressed = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      this.isPaletteOpen = !this.isPaletteOpen;
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector('dialog[open]')) return;
    if (Date.now() - this.chordAt < CHORD_MS) {
      this.chordAt = 0;
      const place = PLACES.find((it) => it.key === event.key);
      if (place) {
        event.preventDefault();
        route.go(place.go());
        return;
      }
    }
    this.single(event);
  };

  private single(event: KeyboardEvent): void {
    switch (event.key) {
      case 'g':
        this.chordAt = Date.now();
        break;
      case '?':
        this.isHelpOpen = true;
        break;
      case '/': {
        const search = document.querySelector<HTMLElement>('[data-search]');
        if (!search) return;
        event.preventDefault();
        search.focus();
        break;
      }
      case 't':
        theme.next();
        break;
      case 'z':
        clock.toggle();
        toasts.say('grey', clock.zone === 'utc' ? 'Times are in UTC' : 'Times are local');
        break;
      case 'j':
      case 'k':
        step(event.key === 'j' ? 1 : -1, event);
        break;
    }
  }
}

export const keys = new Keys();

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable]') !== null
  );
}

/** Moves the focus to the next thing of the list on the page. */
function step(by: number, event: KeyboardEvent): void {
  const items = [...document.querySelectorAll<HTMLElement>('[data-item]')].filter(
    (it) => it.offsetParent !== null,
  );
  if (items.length === 0) return;
  event.preventDefault();
  const at = items.findIndex((it) => it.contains(document.activeElement));
  const next =
    items[
      at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(Math.max(at + by, 0), items.length - 1)
    ];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
