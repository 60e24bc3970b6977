// @vitest-environment happy-dom
/** What a person is asked: rehearsed, sent, refused; cards and lists that share what they are. */
import { createRawSnippet, flushSync } from 'svelte';
import { afterEach, expect, test, vi } from 'vitest';
import { Refused } from '../../api/client';
import type { Problem } from '../../api/types';
import Ask from '../Ask.svelte';
import List from '../List.svelte';
import Turn from '../Turn.svelte';
import { button, draw, press, textOf } from './drawn';

afterEach(() => void vi.useRealTimers());

const snippet = (html: string) => createRawSnippet(() => ({ render: () => html }));
const settled = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(300);
  flushSync();
};
const refused = (title: string): Refused =>
  new Refused({ title, detail: 'because', status: 409, code: 'conflict' } as Problem);

function ask(more: Record<string, unknown> = {}) {
  vi.useFakeTimers();
  const close = vi.fn();
  const send = vi.fn().mockResolvedValue({});
  const rehearse = () =>
    Promise.resolve({ dry_run: true, events: [{ event_type: 'execution_paused', payload: {} }] });
  const words = {
    title: 'Pause?',
    word: 'Pause',
    note: 'Why',
    children: snippet('<p>Really?</p>'),
  };
  const shown = draw(Ask as never, { ...words, rehearse, send, close, ...more });
  const submit = async (): Promise<void> => {
    shown.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    await settled();
  };
  return { shown, submit, send: (more.send as typeof send | undefined) ?? send, close };
}

test('what it would do is said before it is done, and the note is sent without its edges', async () => {
  const { shown, submit, send, close } = ask();
  expect(shown.querySelector('.kind')).toBeNull();
  await settled();
  expect(textOf(shown.querySelector('.kind'))).toBe('execution_paused');
  const field = shown.querySelector('input') as HTMLInputElement;
  field.value = '  lunch ';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await submit();
  expect(send).toHaveBeenCalledWith('lunch');
  expect(close).toHaveBeenCalled();
});

test('while something is missing nothing is rehearsed, and nothing can be sent', async () => {
  const { shown } = ask({ rehearse: null });
  await settled();
  expect(button(shown, 'Pause').disabled).toBe(true);
  expect(shown.querySelector('.kind')).toBeNull();
});

test('a rehearsal that is refused says why, before anything is sent', async () => {
  const { shown, send } = ask({ rehearse: () => Promise.reject(refused('It is over')) });
  await settled();
  expect(textOf(shown.querySelector('[role=alert]'))).toContain('It is over');
  expect(send).not.toHaveBeenCalled();
});

test('who is late is told who was first, and what was written stays', async () => {
  const explain = async (it: Refused): Promise<Refused> => {
    it.problem.detail += '. Ana was first';
    return it;
  };
  const { shown, submit, close } = ask({
    send: vi.fn().mockRejectedValue(refused('Too late')),
    explain,
  });
  await submit();
  expect(textOf(shown.querySelector('[role=alert]'))).toContain('Ana was first');
  expect(close).not.toHaveBeenCalled();
});

test('a digit takes the way out of that number, where the card itself has the focus', () => {
  const chosen: string[] = [];
  const ways = createRawSnippet(() => ({
    render: () => '<div><button>One</button><button>Two</button></div>',
    setup: (element) => {
      for (const it of element.querySelectorAll('button'))
        it.addEventListener('click', () => chosen.push(it.textContent));
    },
  }));
  const part = { head: snippet('<b>h</b>'), children: snippet('<input />'), ways };
  const card = draw(Turn as never, part).querySelector('article') as HTMLElement;
  const key = (target: Element, pressed: string): void =>
    void target.dispatchEvent(new KeyboardEvent('keydown', { key: pressed, bubbles: true }));
  key(card, '2');
  key(card, '3');
  key(card.querySelector('input') as Element, '1');
  expect(chosen).toEqual(['Two']);
});

test('a list is on its way, refused, empty or there, and can be asked for again', () => {
  const refresh = vi.fn().mockResolvedValue(undefined);
  const row = createRawSnippet<[string]>((it) => ({ render: () => `<li>${it()}</li>` }));
  const list = (data: unknown, error: Refused | null, rows: string[]): HTMLElement =>
    draw(List as never, {
      list: { data, error, refresh },
      rows,
      key: (it: string) => it,
      row,
      empty: snippet('<p>none</p>'),
    });
  expect(list(null, null, []).querySelector('[role=status]')).not.toBeNull();
  const wrong = list(null, refused('No'), []);
  press(wrong, 'Try again');
  expect(refresh).toHaveBeenCalled();
  expect(wrong.querySelector('[role=status]')).toBeNull();
  expect(textOf(list([], null, []))).toBe('none');
  expect(textOf(list(['a'], null, ['a']).querySelector('li'))).toBe('a');
});
