import { expect, test } from 'vitest';
import { address, file, placeOf, to } from './paths';

test('every address leads back to its place', () => {
  const strange = 'a/b?c#d e%ü';
  expect(placeOf(new URL(to.execution(strange), 'http://x').pathname)).toEqual({
    view: 'execution',
    id: strange,
  });
  expect(placeOf(new URL(to.plan(strange), 'http://x').pathname)).toEqual({
    view: 'plan',
    id: strange,
  });
  expect(placeOf(to.agent('larry'))).toEqual({ view: 'agent', id: 'larry' });
  expect(placeOf(to.own('a'))).toEqual({ view: 'own', id: 'a' });
  expect(placeOf(to.auditor())).toEqual({ view: 'auditor', id: null });
  for (const path of [
    to.executions(),
    to.plans(),
    to.inbox(),
    to.agents(),
    to.operator(),
    to.login(),
  ]) {
    expect(placeOf(path).view).toBe(path.slice(1));
  }
});

test('what leads nowhere is nowhere, and a broken escape breaks nothing', () => {
  expect(placeOf('/').view).toBe('executions');
  expect(placeOf('/nothing').view).toBe('nowhere');
  expect(placeOf('/executions/a/b').view).toBe('nowhere');
  expect(placeOf('/inbox/a').view).toBe('nowhere');
  expect(placeOf('/plans/%E0%A4%A').view).toBe('plan');
});

test('files are named by what they hold, and in which form', () => {
  expect(file.workspace('agents', 'csv')).toBe('/api/export?of=agents&format=csv');
  expect(file.execution('a/b', 'tasks', 'json')).toBe(
    '/api/executions/a%2Fb/export?of=tasks&format=json',
  );
});

test('what is not set stands in no address', () => {
  expect(address('/x', { a: null, b: '', c: 0, d: undefined })).toBe('/x?c=0');
});
