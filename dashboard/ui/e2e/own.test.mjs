/** A plan that an agent brought: its steps, its log by the day, and what it remembers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House } from './house.mjs';
import { seedOwn } from './seed.mjs';

const house = new House(process.env.AX);
let browser;
let page;
let id;

before(async () => {
  await house.start();
  browser = await open();
  page = await pageOf(browser);
  id = await seedOwn(house);
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('it is found among the agents, and its steps move while one looks', async () => {
  await page.goto(`${house.url}/agents?tab=plans`);
  await page.locator(`[data-plan="${id}"]`).click();
  await page.locator('[data-step="1"][data-status="COMPLETE"]').waitFor();
  await page.locator('[data-step="2"][data-status="RUNNING"]').waitFor();
  await house.ask('PATCH', `/api/agent-plans/${id}`, { current_step: 3 });
  await page.locator('[data-step="3"][data-status="RUNNING"]').waitFor();
});

test('its log is shown by the day', async () => {
  await page.getByRole('tab', { name: 'Log' }).click();
  await page.locator('[data-log]').first().getByText('Read the first five').waitFor();
  await page.getByLabel('until').fill('2001-01-01');
  await page.getByText('Nothing was logged on these days').waitFor();
  assert.match(page.url(), /until=2001-01-01/);
  await page.getByRole('button', { name: 'every day' }).click();
  await page.locator('[data-log]').first().waitFor();
});

test('what it remembers is found by words', async () => {
  await page.getByRole('tab', { name: 'Memory' }).click();
  await page.locator('[data-memory]').first().waitFor();
  assert.equal(await page.locator('[data-memory]').count(), 2);
  await page.getByLabel('Search its memory').fill('Aristotle');
  await page.waitForFunction(() => document.querySelectorAll('[data-memory]').length === 1);
  await page.getByLabel('Search its memory').fill('nobody');
  await page.getByText('has these words').waitFor();
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
