// @vitest-environment happy-dom
/** What the small parts say, whatever they are given. */
import { describe, expect, test } from 'vitest';
import { Refused } from '../../api/client';
import type { EventFrame, PlanTask } from '../../api/types';
import Effects from '../Effects.svelte';
import FeedLine from '../FeedLine.svelte';
import Gates from '../Gates.svelte';
import ImportReport from '../ImportReport.svelte';
import Problem from '../Problem.svelte';
import Text from '../Text.svelte';
import { draw, press, textOf } from './drawn';

const event = (more: Partial<EventFrame>): EventFrame => ({
  type: 'event',
  event_id: 'e',
  execution_id: 'one',
  event_type: 'task_completed',
  task_id: 't',
  agent_id: 'larry',
  message: 'Larry completed “Call”',
  timestamp: '2026-02-11T16:00:00Z',
  position: 7,
  ...more,
});

describe('a text', () => {
  test('stays a text, with marks for what cannot be seen', () => {
    const shown = draw(Text, { text: '<b>bold</b>\u202e<script>alert(1)</script>' });
    expect(shown.querySelector('b, script')).toBeNull();
    expect(textOf(shown)).toBe('<b>bold</b>U+202E<script>alert(1)</script>');
  });

  test('is cut where it is long, and whole when it is wanted', () => {
    const shown = draw(Text, { text: `begin ${'x'.repeat(5_000)} end`, max: 20 });
    expect(textOf(shown)).not.toContain('end');
    press(shown, 'all 5,010 characters');
    expect(textOf(shown)).toContain('end');
  });
});

describe('a line of the feed', () => {
  test('tells the sentence', () => {
    expect(textOf(draw(FeedLine, { event: event({}), execution: 'one' }))).toContain(
      'Larry completed “Call”',
    );
  });

  test('shows an event that the page does not know raw, and does not drop it', () => {
    const odd = event({ event_type: 'task_teleported', message: '' });
    const shown = textOf(draw(FeedLine, { event: odd, execution: 'one' }));
    expect(shown).toContain('task_teleported');
    expect(shown).toContain('does not know');
    expect(shown).toContain('"task_id": "t"');
  });
});

test('a refusal says why, what is possible, and by which id it is asked about', () => {
  const problem = {
    type: '/errors/illegal_transition',
    title: 'That cannot become this',
    code: 'illegal_transition',
    status: 409,
    detail: 'it is CANCELLED',
    instance: '/api/executions/one',
    request_id: '0190-abc',
    retryable: false,
    next_actions: ['fork'],
    errors: [{ pointer: '/status', message: 'not from here' }],
  };
  const shown = draw(Problem, { error: new Refused(problem as never) });
  expect(shown.querySelector('[role=alert]')).not.toBeNull();
  const text = textOf(shown);
  for (const word of ['That cannot become this', 'it is CANCELLED', 'fork', '/status', '0190-abc'])
    expect(text).toContain(word);
});

test('what a command would record is named before it is sent', () => {
  const kinds = ['execution_paused', 'lease_paused'];
  const effects = kinds.map((event_type) => ({ event_type, payload: {} }));
  const shown = draw(Effects, { effects });
  expect([...shown.querySelectorAll('.kind')].map(textOf)).toEqual(kinds);
  expect(textOf(draw(Effects, { effects: [] }))).toContain('nothing: it is so already');
  expect(textOf(draw(Effects, { effects: null }))).toBe('');
});

test('an import report opens what is to be looked at, with its place and its reason', () => {
  const report = {
    format: 'planexe',
    counts: { tasks: 12, gates: 2, roles: 0 },
    read: Array.from({ length: 3 }, (_, at) => ({ place: `f${at}`, reason: 'read' })),
    derived: [],
    repaired: [{ place: '/tasks/3', reason: 'the id was one letter off' }],
    dropped: [],
    warnings: [{ place: '', reason: 'no team was found' }],
    lines_left_out: 4,
  };
  const shown = draw(ImportReport, { report });
  expect(textOf(shown)).toContain('12 tasks · 2 gates');
  expect(textOf(shown)).toContain('/tasks/3 the id was one letter off');
  expect(textOf(shown)).toContain('4 more lines');
  const open = [...shown.querySelectorAll('details[open] summary')].map(textOf);
  expect(open).toEqual(['To look at · 1', 'Put right · 1']);
  expect(textOf(draw(ImportReport, { report: { counts: null, read: 'odd' } }))).toBe('');
});

test('what people decide in a plan stands together', () => {
  const tasks = [{ task_id: 't', title: 'Sign', approval: 'Carol agrees' }] as PlanTask[];
  const metadata = { decisions: [{ title: 'Which farm?', owner: 'Ana' }] };
  const text = textOf(draw(Gates, { tasks, metadata }));
  for (const word of ['Carol agrees', 'before Sign', 'Which farm?', 'Ana'])
    expect(text).toContain(word);
});
