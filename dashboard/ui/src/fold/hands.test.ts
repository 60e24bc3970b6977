import { expect, test } from 'vitest';
import type { Agent, PlanTask } from '../api/types';
import { abilities, handsOf } from './hands';

const task = (action: string | null, is_leaf = true) => ({ action, is_leaf }) as PlanTask;
const agent = (name: string, capabilities: unknown[], status = 'idle') =>
  ({ agent_id: name, name, capabilities, status }) as unknown as Agent;

test('abilities are names, with or without parameters', () => {
  expect(
    abilities(agent('a', ['call', { action: 'write', params: ['to'] }, { odd: 1 }, 7])),
  ).toEqual(['call', 'write']);
});

test('who can do most stands first, and what nobody can do is named', () => {
  const tasks = [
    task('call'),
    task('call'),
    task('write'),
    task('fly'),
    task('call', false),
    task(null),
  ];
  const found = handsOf(tasks, [
    agent('ada', ['write']),
    agent('bob', ['call', 'write']),
    agent('gone', ['fly'], 'retired'),
    agent('idle', ['sing']),
  ]);
  expect(found.hands.map((it) => [it.agent.name, it.tasks])).toEqual([
    ['bob', 3],
    ['ada', 1],
  ]);
  expect(found.missing).toEqual(['fly']);
  expect(found.tasks).toBe(4);
});
