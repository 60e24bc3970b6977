import { expect, test } from 'vitest';
import type { PlanTask } from '../api/types';
import { draftsOf, emptyDraft, flaws, freeId, subtasksOf, type Draft } from './parts';

const part = (task_id: string, more: Partial<PlanTask> = {}): PlanTask =>
  ({
    task_id,
    title: `Do ${task_id}`,
    action: 'call',
    params: { who: 'Carol' },
    waits_for: [],
    success_criteria: [],
    retry_policy: null,
    timeout_hours: null,
    ...more,
  }) as unknown as PlanTask;
const draft = (id: string, more: Partial<Draft> = {}): Draft => ({
  id,
  title: id,
  action: '',
  params: '',
  after: '',
  kept: {},
  ...more,
});

test('what is not edited goes back as it came', () => {
  const parts = [
    part('a', { timeout_hours: 2, success_criteria: ['answered'] as never }),
    part('b', { waits_for: [{ task_id: 'a' }, { task_id: 'elsewhere' }] as never, params: {} }),
  ];
  expect(subtasksOf(draftsOf(parts))).toEqual([
    {
      subtask_id: 'a',
      title: 'Do a',
      action: 'call',
      params: { who: 'Carol' },
      timeout_hours: 2,
      success_criteria: ['answered'],
    },
    { subtask_id: 'b', title: 'Do b', action: 'call', depends_on: ['a'] },
  ]);
});

test('a new part waits for the last one, under an id that is free', () => {
  expect(emptyDraft('t', [draft('t_1')])).toMatchObject({ id: 't_2', after: 't_1' });
  expect(freeId('t', [draft('t_2')])).toBe('t_3');
  expect(emptyDraft('t', [])).toMatchObject({ id: 't_1', after: '' });
});

test('says which part cannot be sent, and why', () => {
  const wrong = [
    draft('a', { title: ' ' }),
    draft('b', { params: '{"x": ' }),
    draft('c', { params: '[1]' }),
    draft('d', { after: 'nobody' }),
    draft('e', { after: 'e' }),
    draft('f', { after: 'a, b' }),
  ];
  expect(flaws(wrong).map((it) => `${it.id} ${it.what}`)).toEqual([
    'a needs a title',
    'b has parameters that are no JSON object',
    'c has parameters that are no JSON object',
    'd cannot wait for nobody',
    'e cannot wait for e',
  ]);
});
