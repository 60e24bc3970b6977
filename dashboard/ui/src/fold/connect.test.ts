import { expect, test } from 'vitest';
import { actionsOf, quoted, steps } from './connect';

const origin = 'http://127.0.0.1:8000';

test('the lines name the agent, what it can do, and its key where there are keys', () => {
  const [known, work, done] = steps({ origin, id: 'larry', actions: 'call, write', key: 'ax_1' });
  expect(known?.line).toContain(`-d '{"agent_id":"larry","name":"larry"`);
  expect(known?.line).toContain('"capabilities":["call","write"]');
  expect(work?.line).toContain(`curl '${origin}/api/agents/larry/work?wait=30'`);
  for (const step of [known, work, done])
    expect(step?.line).toContain("-H 'Authorization: Bearer ax_1'");
  const open = steps({ origin, id: 'larry', actions: 'call', key: null });
  expect(open.every((step) => !step.line.includes('Authorization'))).toBe(true);
});

test('whatever stands in a name stays one word of the shell', () => {
  expect(quoted("it's")).toBe(`'it'\\''s'`);
  const [known] = steps({ origin, id: "x'; rm -rf /'", actions: '', key: null });
  expect(known?.line).toContain(`x'\\''; rm -rf /'\\''`);
  expect(actionsOf(' a ,, b,')).toEqual(['a', 'b']);
});
