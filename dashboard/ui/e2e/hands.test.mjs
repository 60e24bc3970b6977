/** Everything can be done with the keys alone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House, plan } from './house.mjs';

const house = new House(process.env.AX);
let browser;
let page;
const press = async (...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};
const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-task'));

before(async () => {
  await house.start();
  browser = await open();
  page = await pageOf(browser);
  await house.post('/api/plans', plan('small', 'A small plan', [1, 2, 2]));
  await house.post('/api/executions', { plan_id: 'small', execution_id: 'one' });
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('from the list to a paused execution without a pointer', async () => {
  await page.goto(`${house.url}/plans`);
  await page.getByRole('heading', { name: 'Plans' }).waitFor();
  await press('g', 'e');
  await page.locator('[data-execution="one"]').waitFor();
  await press('j', 'Enter');
  await page.waitForURL(/\/executions\/one/);
  const pause = page.getByRole('button', { name: 'Pause', exact: true });
  await pause.waitFor();
  for (
    let at = 0;
    at < 40 && !(await pause.evaluate((it) => it === document.activeElement));
    at += 1
  )
    await press('Tab');
  await press('Enter');
  await page.getByRole('dialog').locator('.kind', { hasText: 'execution_paused' }).waitFor();
  await page.keyboard.type('by hand');
  await press('Enter');
  await page.locator('main header .chip', { hasText: 'Paused' }).waitFor();
});

test('the tree is walked, folded and opened', async () => {
  await page.locator('[data-task="p0"]').focus();
  await press('ArrowDown', 'ArrowDown');
  await page.waitForFunction(
    () => document.activeElement?.getAttribute('data-task') === 'p0_t0_s0',
  );
  await press('ArrowLeft');
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-task') === 'p0_t0');
  await press('ArrowLeft');
  await page.locator('[data-task="p0_t0_s0"]').waitFor({ state: 'detached' });
  assert.equal(await focused(), 'p0_t0');
  assert.equal(await page.locator('[data-task="p0_t0"]').getAttribute('aria-expanded'), 'false');
  await press('Enter');
  await page.waitForURL(/task=p0_t0/);
});

test('the palette finds an execution, and the keys are told', async () => {
  await page.goto(`${house.url}/agents`);
  await page.getByRole('heading', { name: 'Agents' }).waitFor();
  await press('Control+k');
  await page.keyboard.type('small');
  await page
    .getByRole('option', { name: /A small plan/ })
    .first()
    .waitFor();
  await press('Enter');
  await page.waitForURL(/\/executions\/one/);
  await press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('a blocker is found and answered by the keys', async () => {
  await house.agent('larry');
  await house.post('/api/executions', { plan_id: 'small', execution_id: 'two' });
  await house.work(
    'larry',
    () => ({
      event_type: 'task_error',
      error_message: 'Nobody answers',
      human_review_required: true,
      suggestions: ['Call them', 'Write a letter'],
    }),
    1,
  );
  await press('g', 'i');
  await page.locator('[data-blocker]').waitFor();
  await press('j', '2');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Write a letter').waitFor();
  await dialog.locator('.kind', { hasText: 'blocker_resolved' }).waitFor();
  await page.keyboard.type('by post');
  await press('Enter');
  await page.getByText('Nothing waits for you').waitFor();
});

test('times are local or UTC, as one likes', async () => {
  await page.goto(`${house.url}/executions/two`);
  await page.getByRole('treegrid').waitFor();
  await press('z');
  await page.getByText('Times are in UTC').waitFor();
  await page.locator('[title$="UTC"]').first().waitFor({ state: 'attached' });
  await press('z');
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
