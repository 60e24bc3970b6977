import { expect, test } from 'vitest';
import { wait } from './backoff';

test('each failure doubles the wait, up to a limit', () => {
  expect([1, 2, 3, 4, 5, 50].map((it) => wait(it, 0.5))).toEqual([
    1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
  ]);
});

test('chance moves it by a fifth', () => {
  expect([wait(1, 0), wait(1, 1)]).toEqual([800, 1_200]);
});
