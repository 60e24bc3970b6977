import { expect, test } from 'vitest';
import type { Bar } from './gantt';
import { barMarks, MARKS, paths, type Mark } from './marks';

const bar = (more: Partial<Bar> = {}): Bar => ({
  span: {
    task_id: 't',
    title: 'T',
    status: 'RUNNING',
    is_critical: true,
    planned_ms: 0,
    planned_start_ms: 0,
    slack_ms: 0,
  },
  of: null,
  level: 0,
  isGroup: false,
  isOpen: false,
  planned: { from: 0, to: 100 },
  actual: { from: 10, to: 60 },
  forecast: null,
  ...more,
});
const place = { view: { from: 0, msPerPixel: 1 }, width: 200, y: 0, height: 30 };
const none = { then: null, isAwaited: false };
const kinds = (marks: Mark[]) => marks.map((it) => it.kind);

test('a task has its planned and its actual time, and shows that it is critical', () => {
  const marks = barMarks(bar(), none, place);
  expect(kinds(marks)).toEqual(['planned', 'actual', 'path']);
  expect(marks.map((it) => [it.x, it.w])).toEqual([
    [0, 100],
    [10, 50],
    [0, 100],
  ]);
});

test('what it was then lies beside it, and what is waited for is marked over the whole row', () => {
  const marks = barMarks(bar(), { then: { from: 20, to: 90 }, isAwaited: true }, place);
  expect(kinds(marks)).toEqual(['awaited', 'planned', 'actual', 'then', 'path']);
  expect(marks[0]).toMatchObject({ x: 0, w: 200, h: 30 });
});

test('a group has no more than where it begins and ends', () => {
  expect(kinds(barMarks(bar({ isGroup: true }), none, place))).toEqual(['span', 'actual']);
});

test('what nobody sees is not drawn', () => {
  const past = { planned: { from: -900, to: -500 }, actual: null };
  expect(barMarks(bar(past), none, place)).toEqual([]);
});

test('what looks alike is one path, and what lies lowest is drawn first', () => {
  const marks = [barMarks(bar(), none, place), barMarks(bar(), none, { ...place, y: 30 })].flat();
  const found = paths(marks);
  expect(found.map((it) => it.key)).toEqual(['planned blue', 'actual blue', 'path blue']);
  expect(found[0]?.d.match(/M/g)).toHaveLength(2);
  const places = found.map((it) => MARKS.indexOf(it.kind));
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test('corners are round where there is room for them', () => {
  const mark = (w: number, kind: Mark['kind']): Mark => ({
    kind,
    tone: 'blue',
    x: 0,
    y: 0,
    w,
    h: 8,
  });
  expect(paths([mark(40, 'path')])[0]?.d).toBe('M0 0h40v8h-40z');
  expect(paths([mark(40, 'actual')])[0]?.d).toContain('a3 3 0 0 1');
  expect(paths([mark(2, 'actual')])[0]?.d).toContain('a1 1 0 0 1');
});
