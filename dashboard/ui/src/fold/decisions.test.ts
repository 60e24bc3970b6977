import { expect, test } from 'vitest';
import { decisionsOf } from './decisions';

test('lists what is to be decided, with what is said of it', () => {
  const found = decisionsOf({
    go_no_go: {
      go_no_go_recommendation: 'Go with caution',
      to_do_first: [{ title: 'Permit', description: 'Apply' }],
    },
    decisions: [
      { title: 'Which farm?', owner: 'Ana', options: ['A', 'B'], task_ids: ['t'], why_open: null },
    ],
    watch_items: ['The weather'],
    escalations: [],
    prompt: 'never shown',
  });
  expect(found.map((it) => it.word)).toEqual(['Go or no-go', 'Decisions', 'To be watched']);
  expect(found[0]?.lines[0]).toEqual({
    what: 'Go with caution',
    more: [['to do first', 'Permit: Apply']],
  });
  expect(found[1]?.lines[0]).toEqual({
    what: 'Which farm?',
    more: [
      ['owner', 'Ana'],
      ['options', 'A; B'],
    ],
  });
});

test('bears whatever stands there', () => {
  for (const odd of [null, undefined, 7, 'text', [], { decisions: 7 }, { decisions: [null, 1] }])
    expect(decisionsOf(odd)).toEqual([]);
  expect(decisionsOf({ decisions: [{ odd: 'something' }] })[0]?.lines[0]?.what).toBe('something');
});
