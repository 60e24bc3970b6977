import { expect, test } from 'vitest';
import { ICONS } from './icons';
import {
  AGENT,
  BAR,
  BLOCKER,
  DELIVERY,
  EXECUTION,
  OWN,
  PLAN,
  TASK,
  WINDOW,
  look,
  toneOf,
} from './status';

const tables = { EXECUTION, PLAN, OWN, TASK, AGENT, BLOCKER, DELIVERY, WINDOW };

test('no status is told by its colour alone', () => {
  for (const table of Object.values(tables)) {
    for (const it of Object.values(table)) {
      expect(it.word).not.toBe('');
      expect(Object.keys(ICONS)).toContain(it.icon);
    }
  }
});

test('no two statuses of an execution or a task look the same', () => {
  for (const table of [EXECUTION, TASK]) {
    const looks = Object.values(table).map((it) => `${it.tone} ${it.icon}`);
    expect(new Set(looks).size).toBe(looks.length);
  }
});

test('the bar has every status of a task once', () => {
  expect([...BAR].sort()).toEqual(Object.keys(TASK).sort());
});

test('a word that is not known is shown as it is', () => {
  expect(look(TASK, 'HIBERNATING')).toEqual({ tone: 'grey', icon: 'circle', word: 'HIBERNATING' });
  expect(look(TASK, 'toString').word).toBe('toString');
});

test('events have the tone of what they mean', () => {
  expect(
    [
      'task_completed',
      'task_failed',
      'blocker_raised',
      'task_granted',
      'execution_paused',
      'note_added',
    ].map(toneOf),
  ).toEqual(['green', 'red', 'orange', 'blue', 'violet', 'grey']);
});
