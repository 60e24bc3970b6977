// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Resource } from './resource.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('many wishes are one question, and the most urgent of them counts', async () => {
  const read = vi.fn().mockResolvedValue('read');
  const resource = new Resource<string>(read);
  resource.soon(10_000);
  resource.soon(250);
  resource.soon(5_000);
  await vi.advanceTimersByTimeAsync(250);
  expect(read).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(read).toHaveBeenCalledTimes(1);
  resource.soon(100);
  resource.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(read).toHaveBeenCalledTimes(1);
});

test('an answer that was overtaken by a later question is not taken', async () => {
  const answers: ((text: string) => void)[] = [];
  const resource = new Resource<string>(() => new Promise((resolve) => answers.push(resolve)));
  const first = resource.refresh();
  const second = resource.refresh();
  answers[1]?.('new');
  answers[0]?.('old');
  await Promise.all([first, second]);
  expect(resource.data).toBe('new');
});
