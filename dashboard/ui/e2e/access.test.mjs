/** A server with keys lets in whom it knows, by a session that the page cannot read. */
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
  await house.post('/api/plans', plan('small', 'A small plan', [1, 1, 1]));
  await house.post('/api/executions', { plan_id: 'small', execution_id: 'one' });
  house.key = (await house.post('/api/keys', { name: 'ada', role: 'owner' })).api_key;
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('a wrong key is refused, a right one lets in, and stays nowhere in the browser', async () => {
  await page.goto(`${house.url}/executions/one`);
  await page.getByLabel('API key').fill('ax_wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('API key').fill(house.key);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'A small plan' }).waitFor();
  await page.locator('[data-connection="live"]').waitFor();
  const kept = await page.evaluate(() =>
    JSON.stringify([
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      document.body.innerHTML,
    ]),
  );
  assert.ok(!kept.includes(house.key) && !kept.includes('ax_session'), kept.slice(0, 200));
});

test('a session may write, with its proof', async () => {
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await page.locator('main header .chip', { hasText: 'Paused' }).waitFor();
});

test('who logs out is out, and a link lets in once', async () => {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('API key').waitFor();
  const { path } = await house.post('/api/session/links');
  await page.goto(house.url + path);
  await page.getByRole('heading', { name: 'Executions' }).waitFor();
  assert.ok(!page.url().includes('#'), 'the token is gone from the address');
  const other = await pageOf(browser);
  await other.goto(house.url + path);
  await other.getByRole('alert').getByText('this link was used').waitFor();
  assert.deepEqual(other.faults, []);
});

test('an auditor looks, and is offered no command', async () => {
  const { api_key } = await house.post('/api/keys', { name: 'the audit', role: 'auditor' });
  const other = await pageOf(browser);
  await other.goto(`${house.url}/executions/one`);
  await other.getByLabel('API key').fill(api_key);
  await other.getByRole('button', { name: 'Log in' }).click();
  const resume = other.getByRole('button', { name: 'Resume', exact: true });
  await resume.waitFor();
  assert.ok(await resume.isDisabled());
  assert.match(await resume.getAttribute('title'), /role/);
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
