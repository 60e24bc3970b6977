import { expect, test } from 'vitest';
import { contentType } from './formats';

test('a file is what its name says, else what the browser says', () => {
  expect(contentType('Plan.JSON', '')).toBe('application/json');
  expect(contentType('plan.md', 'text/plain')).toBe('text/markdown');
  expect(contentType('run.zip', 'application/x-zip-compressed')).toBe('application/zip');
  expect(contentType('plan', 'text/csv')).toBe('text/csv');
  expect(contentType('plan', '')).toBe('application/json');
});
