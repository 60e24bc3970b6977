/** Draws a component into a document that is only thought of, for its test. */
import { flushSync, mount, unmount, type Component } from 'svelte';
import { afterEach } from 'vitest';

const drawn: Record<string, unknown>[] = [];

afterEach(async () => {
  for (const it of drawn.splice(0)) await unmount(it);
  document.body.replaceChildren();
});

/** The element that a component stands in. */
export function draw<P extends Record<string, unknown>>(
  component: Component<P>,
  props: NoInfer<P>,
): HTMLElement {
  const target = document.createElement('div');
  document.body.append(target);
  drawn.push(mount(component, { target, props }));
  flushSync();
  return target;
}

/** The text of an element, its spaces as a person reads them. */
export function textOf(element: Element | null): string {
  return (element?.textContent ?? '').replace(/\s+/g, ' ').trim();
}

/** The button that says this. */
export function button(inside: Element, word: string): HTMLButtonElement {
  const all = [...inside.querySelectorAll('button')];
  const found = all.find((it) => textOf(it) === word || it.getAttribute('aria-label') === word);
  if (!found) throw new Error(`no button says ${word}: ${all.map(textOf).join(', ')}`);
  return found;
}

export function press(inside: Element, word: string): void {
  button(inside, word).click();
  flushSync();
}

/** Writes into the field of that name. */
export function write(inside: Element, label: string, text: string): void {
  const field = inside.querySelector<HTMLInputElement>(`[aria-label="${label}"]`);
  if (!field) throw new Error(`no field is called ${label}`);
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
}
