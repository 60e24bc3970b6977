/** Five thousand tasks: there at once, all of them in reach, and none of them stale. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House, wide } from './house.mjs';

const LEAVES = 5_000;
const NODES = 5_510;
const house = new House(process.env.AX);
let browser;
let page;
const row = (task) => page.locator(`[data-task="${task}"]`);

before(async () => {
  await house.start();
  browser = await open();
  page = await pageOf(browser);
  page.setDefaultTimeout(30_000);
  await house.agent('larry', { max_concurrent_tasks: 8 });
  await house.post('/api/plans', wide('large', [10, 50, 10]));
  const made = await house.post('/api/executions', { plan_id: 'large', execution_id: 'large' });
  await house.get(`/api/executions/large?min_position=${made.position}`);
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('the first rows are there before the last ones are read, and few are drawn', async () => {
  let pages = 0;
  page.on('request', (request) => (pages += /\/tasks\?/.test(request.url()) ? 1 : 0));
  await page.goto(`${house.url}/executions/large`);
  await row('p0_t0_s0').waitFor();
  assert.ok(pages < 12, `${pages} pages were read before the first row`);
  const tree = page.getByRole('treegrid');
  await page.waitForFunction(
    (count) => document.querySelector('[role=treegrid]')?.ariaRowCount === String(count),
    NODES,
  );
  assert.ok((await page.locator('[data-task]').count()) < 80);
  await tree.evaluate((it) => (it.scrollTop = it.scrollHeight));
  await row('p9_t49_s9').waitFor();
  await page.getByText(`/ ${LEAVES}`).first().waitFor();
});

test('one is found among all, and an update reaches its row', async () => {
  await house.work('larry', () => ({ event_type: 'task_complete' }), 1);
  await page.getByLabel('Search tasks').fill('p0_t0_s0');
  await page.waitForSelector('[data-task="p0_t0_s0"][data-status="COMPLETE"]');
  await page.getByLabel('Search tasks').fill('');
});

test('what changed while the page was away is there when it comes back', async () => {
  await page.getByRole('treegrid').evaluate((it) => (it.scrollTop = 0));
  await page.locator('[data-connection="live"]').waitFor();
  const hide = (isHidden) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
      document.dispatchEvent(new Event('visibilitychange'));
    }, isHidden);
  await hide(true);
  await page.locator('[data-connection="resting"]').waitFor({ state: 'attached' });
  let last;
  await house.work(
    'larry',
    (task) => {
      last = task.task_id;
      return { event_type: 'task_complete' };
    },
    8,
  );
  await hide(false);
  await page.waitForSelector(`[data-task="${last}"][data-status="COMPLETE"]`);
});

test('the timeline of all of them is drawn, and zoomed by the keys', async () => {
  await page.getByRole('tab', { name: 'Timeline' }).click();
  const chart = page.getByRole('group', { name: `Timeline of ${NODES} rows` });
  await chart.waitFor();
  assert.ok((await page.locator('.chart path').count()) < 30);
  assert.ok((await page.locator('.labels li').count()) < 80);
  const before = await page.locator('.axis text').allTextContents();
  await chart.focus();
  for (let at = 0; at < 6; at += 1) await page.keyboard.press('-');
  await page.waitForFunction(
    (known) =>
      JSON.stringify([...document.querySelectorAll('.axis text')].map((it) => it.textContent)) !==
      known,
    JSON.stringify(before),
  );
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
