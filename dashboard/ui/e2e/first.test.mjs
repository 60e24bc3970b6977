/** What a first visitor finds: a demonstration, the way to connect an agent, and the way out. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House } from './house.mjs';

const house = new House(process.env.AX, { demo: true });
let browser;
let page;

before(async () => {
  await house.start();
  browser = await open();
  page = await pageOf(browser);
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('the lines that connect an agent work as they stand', async () => {
  await page.goto(house.url);
  const banner = page.getByRole('complementary', { name: 'Demonstration' });
  await banner.getByRole('button', { name: 'Connect your agent' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Its id').fill('ana');
  await dialog.getByLabel(/What it can do/).fill('paint, sing');
  const line = await dialog.locator('pre').first().innerText();
  assert.ok(!line.includes('Authorization'), line);
  execFileSync('sh', ['-c', `${line} --silent --fail`]);
  const ana = await house.get('/api/agents/ana');
  assert.deepEqual(
    ana.capabilities.map((it) => it.action),
    ['paint', 'sing'],
  );
  await page.keyboard.press('Escape');
});

test('the demonstration goes only when it is asked once more', async () => {
  const banner = page.getByRole('complementary', { name: 'Demonstration' });
  await banner.getByRole('button', { name: 'Remove it' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Not now' }).click();
  await banner.waitFor();
  await banner.getByRole('button', { name: 'Remove it' }).click();
  await dialog.getByRole('button', { name: 'Remove it' }).click();
  await banner.waitFor({ state: 'detached' });
  await page.goto(`${house.url}/plans`);
  await page.getByText('There is no plan yet').waitFor();
});

test('where there are keys, an agent gets its first one with the lines', async () => {
  house.key = (await house.post('/api/keys', { name: 'ada', role: 'owner' })).api_key;
  const { path } = await house.post('/api/session/links');
  await page.goto(house.url + path);
  await page.getByRole('heading', { name: 'Executions' }).waitFor();
  await page.goto(`${house.url}/agents`);
  await page.getByRole('button', { name: 'Connect your agent' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Its id').fill('bo');
  await dialog.getByRole('button', { name: 'Make it known, with a key' }).click();
  const key = await dialog.locator('[data-key]').innerText();
  assert.match(key, /^ax_/);
  const line = await dialog.locator('pre').nth(1).innerText();
  assert.ok(line.includes(`Bearer ${key}`), line);
  const answer = execFileSync('sh', [
    '-c',
    `${line.replace('wait=30', 'wait=0')} --silent --output /dev/null --write-out '%{http_code}'`,
  ]);
  assert.equal(String(answer), '204');
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
