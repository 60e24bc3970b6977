import { expect, test } from 'vitest';
import type { TaskNode } from '../api/types';
import { stepsOf } from './steps';

const task = (task_id: string, status: string): TaskNode =>
  ({ task_id, status, title: task_id, started_at: null }) as unknown as TaskNode;

test('each step has the status of its task', () => {
  const sent = {
    steps: [
      { step: 1, action: 'search', description: 'Look', estimated_duration: 30 },
      { step: 2, description: 'Read', dependencies: [1] },
    ],
  };
  const steps = stepsOf(sent, [task('step_1', 'COMPLETE'), task('step_2', 'RUNNING')]);
  expect(steps).toMatchObject([
    { number: 1, action: 'search', minutes: 30, after: [], status: 'COMPLETE' },
    { number: 2, action: null, minutes: null, after: [1], status: 'RUNNING' },
  ]);
});

test('bears whatever an agent sent', () => {
  for (const odd of [null, 7, {}, { steps: 'none' }]) expect(stepsOf(odd, [])).toEqual([]);
  expect(stepsOf({ steps: [null, { step: 'x', description: 5 }] }, [])).toMatchObject([
    { number: 1, description: 'step_1', status: 'QUEUED' },
    { number: 2, description: 'step_2' },
  ]);
});
