/** The server goes, and comes back: the page says so, and misses nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House, plan } from './house.mjs';

const house = new House(process.env.AX);
let browser;
let page;

before(async () => {
  await house.start();
  browser = await open();
  page = await pageOf(browser);
  await house.agent('larry');
  await house.post('/api/plans', plan('small', 'A small plan', [1, 2, 2]));
  await house.post('/api/executions', { plan_id: 'small', execution_id: 'one' });
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('a page that is cut off counts down, comes back, and has everything that happened', async () => {
  await page.goto(`${house.url}/executions/one?tab=activity`);
  await page.locator('[data-connection="live"]').waitFor();
  const before = await page.locator('[data-event]').count();
  await house.stop('SIGKILL');
  await page.getByText(/Reconnects in \d+ s/).waitFor();
  await house.start();
  await house.work('larry', () => ({ event_type: 'task_complete' }), 2);
  await page.locator('[data-connection="live"]').waitFor({ timeout: 30_000 });
  await page.waitForFunction(
    (count) =>
      document.querySelectorAll('[data-event="task_completed"]').length === 2 &&
      document.querySelectorAll('[data-event]').length > count,
    before,
  );
  const positions = await page
    .locator('[data-event]')
    .evaluateAll((all) => all.map((it) => Number(it.dataset.position)));
  assert.deepEqual(
    positions,
    [...new Set(positions)].sort((a, b) => b - a),
    'each event once, the newest first',
  );
  await page.getByText('50 %').first().waitFor();
});

test('what cannot be read says what to do, with the id of the request', async () => {
  await page.goto(`${house.url}/executions/not-there`);
  await page.getByRole('alert').getByText('there is no such execution').waitFor();
  await page
    .getByRole('alert')
    .getByRole('button', { name: /Copy|[0-9a-f-]{36}/ })
    .waitFor();
  assert.ok(!page.elsewhere.some((it) => it.includes('not-there/stream')), 'it has no stream');
});

test('a page out of sight rests, and goes on where it was', async () => {
  await page.goto(`${house.url}/executions/one?tab=activity`);
  await page.locator('[data-connection="live"]').waitFor();
  const hide = (isHidden) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
      document.dispatchEvent(new Event('visibilitychange'));
    }, isHidden);
  await hide(true);
  await page.locator('[data-connection="resting"]').waitFor({ timeout: 15_000, state: 'attached' });
  await house.work('larry', () => ({ event_type: 'task_complete' }), 1);
  await hide(false);
  await page.waitForFunction(
    () => document.querySelectorAll('[data-event="task_completed"]').length === 3,
  );
});

test('a server that answers at other names only says so, and shows no empty page', async () => {
  const other = await pageOf(browser);
  await other.goto(house.url.replace('127.0.0.1', 'ax.localhost'));
  await other.getByRole('alert').getByText('names of this machine').waitFor();
  assert.deepEqual(other.faults, []);
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
