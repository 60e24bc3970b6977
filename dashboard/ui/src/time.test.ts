import { expect, test } from 'vitest';
import { absolute, duration, relative, stepOf } from './time';

test('durations have their two largest units', () => {
  const said = [
    0, 999, 59_400, 61_000, 150_000, 299_000, 3_600_000, 7_500_000, 36_000_000, 90_000_000,
    864_000_000, -61_000,
  ];
  expect(said.map(duration)).toEqual([
    '0 ms',
    '999 ms',
    '59 s',
    '1 min 1 s',
    '2 min 30 s',
    '4 min 59 s',
    '1 h',
    '2 h 5 min',
    '10 h',
    '1 d 1 h',
    '10 d',
    '−1 min 1 s',
  ]);
});

test('a moment is told from now, forward and back', () => {
  expect(relative(1_000, 13_000)).toBe('12 s ago');
  expect(relative('1970-01-01T00:01:40Z', 0)).toBe('in 1 min');
  expect(relative(0, 47 * 3_600_000)).toBe('47 h ago');
  expect(relative(0, 49 * 3_600_000)).toBe('2 d ago');
  expect(relative(500, 0)).toBe('now');
  expect(relative('no time', 0)).toBe('no time');
});

test('the moment itself has its zone', () => {
  expect(absolute('2026-02-11T16:09:45Z', 'utc')).toBe('11 Feb 2026, 16:09:45 UTC');
  expect(absolute('no time')).toBe('no time');
});

test('the steps of an axis are ones that people count in', () => {
  expect([1, 1_500, 40_000, 100_000_000].map(stepOf)).toEqual([1_000, 2_000, 60_000, 172_800_000]);
});
