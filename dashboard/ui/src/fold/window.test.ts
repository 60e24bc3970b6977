import { expect, test } from 'vitest';
import { inSight } from './window';

test('only the rows in sight are drawn, and a few beyond', () => {
  expect(inSight(5_000, 30, 3_000, 300)).toEqual({ first: 94, last: 117, above: 2_820 });
  expect(inSight(3, 30, 0, 300)).toEqual({ first: 0, last: 3, above: 0 });
  expect(inSight(0, 30, 0, 300)).toEqual({ first: 0, last: 0, above: 0 });
});

test('a row that is open pushes those below it down', () => {
  const tall = new Map([[2, 330]]);
  expect(inSight(100, 30, 400, 300, tall)).toEqual({ first: 0, last: 20, above: 0 });
  expect(inSight(100, 30, 1_500, 60, tall).above).toBe((40 - 6) * 30 + 300);
});
