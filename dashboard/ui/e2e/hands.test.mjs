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

test('nothing broke', () => assert.deepEqual(page.faults, []));
