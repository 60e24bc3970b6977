/** Who comes back is told what happened meanwhile. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House, plan } from './house.mjs';

const HOURS_AGO = 3 * 3_600_000;
const house = new House(process.env.AX);
let browser;
let page;
const card = () => page.locator('[data-away]');

before(async () => {
  await house.start();
  browser = await open();
  await house.agent('larry');
  await house.post('/api/plans', plan('small', 'A small plan', [1, 2, 2]));
  const { position } = await house.post('/api/executions', {
    plan_id: 'small',
    execution_id: 'one',
  });
  const { workspace_id } = await house.get('/api/session');
  await house.work('larry', () => ({ event_type: 'task_complete', message: '<b>done</b>' }), 2);
  page = await pageOf(browser);
  // As the page itself would have noted it, three hours ago.
  await page.addInitScript(
    ([key, visit]) => {
      if (sessionStorage.getItem('was here')) return;
      sessionStorage.setItem('was here', 'yes');
      localStorage.setItem(key, visit);
    },
    [`visit:${workspace_id}`, JSON.stringify({ position, at: Date.now() - HOURS_AGO })],
  );
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('what happened meanwhile is told in figures, until it was seen', async () => {
  await page.goto(house.url);
  await card().getByText('tasks completed').waitFor();
  assert.match(await card().innerText(), /3 h[\s\S]*2 tasks completed/);
  assert.equal(await card().locator('b').count(), 0);
  // A page that is opened again before it was seen still tells it.
  await page.reload();
  await card().waitFor();
});

test('the feed of an execution has a line where one left off', async () => {
  await page.goto(`${house.url}/executions/one?tab=activity`);
  await page.getByText('New since you were here').waitFor();
});

test('once it was seen it is gone, and who comes back at once was not away', async () => {
  await page.goto(house.url);
  await card().getByRole('button', { name: 'Seen' }).click();
  await card().waitFor({ state: 'detached' });
  await page.reload();
  await page.locator('[data-execution="one"]').waitFor();
  assert.equal(await card().count(), 0);
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
