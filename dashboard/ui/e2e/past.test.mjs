/** Any moment of an execution can be looked at, and the machine can be looked after. */
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
  await house.work('larry', () => ({ event_type: 'task_complete', output_data: { words: 7 } }));
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('the slider shows every panel as it was, and the address leads back there', async () => {
  const { events } = await house.get('/api/executions/one/events?order=asc&limit=500');
  const first = events.find((it) => it.event_type === 'task_completed');
  await page.goto(`${house.url}/auditor/one`);
  await page.getByText('100 %').waitFor();
  await page.getByLabel('Moment').fill(String(events.indexOf(first)));
  await page.getByText('25 %').waitFor();
  await page.locator('[data-kind]', { hasText: 'task_completed' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Pause' }).count(), 0);
  await page.getByRole('button', { name: 'Previous event' }).click();
  await page.locator('[data-task][data-status="RUNNING"]').first().waitFor();
  const there = page.url();
  assert.match(there, /at=version%3A\d+/);
  await page.goto('about:blank');
  await page.goto(there);
  await page.getByText('0 %').first().waitFor();
  await page.getByText('commands are switched off').waitFor();
});

test('the difference of two moments names what changed', async () => {
  await page.getByRole('tab', { name: 'Difference' }).click();
  await page.getByText('p0_t0_s0').first().waitFor();
  await page.locator('.after', { hasText: 'RUNNING' }).first().waitFor();
});

test('an event is proved by the page itself, up to the signature', async () => {
  await page.getByRole('tab', { name: 'This event' }).click();
  const proof = page.getByRole('region', { name: 'Proof' });
  const prove = proof.getByRole('button', { name: 'Prove it' });
  // What is not signed yet is a moment later.
  await page.waitForFunction(async () => {
    const state = await (await fetch('/api/audit/verify')).json();
    return state.signed_to === state.position;
  });
  await prove.click();
  await proof.locator('[data-holds="true"]').nth(1).waitFor();
  assert.equal(await proof.locator('[data-holds="false"]').count(), 0);
  await page.route('**/api/audit/inclusion*', async (to) => {
    const answer = await to.fetch();
    const json = await answer.json();
    await to.fulfill({ response: answer, json: { ...json, path: json.path.slice(1) } });
  });
  await prove.click();
  await proof.locator('[data-holds="false"]').first().waitFor();
  await page.unroute('**/api/audit/inclusion*');
  await page.goto(`${house.url}/auditor`);
  await page.getByRole('region', { name: 'Seal of the log' }).getByText('in order').waitFor();
});

test('a task tells its story, its output, and why one waits', async () => {
  await page.goto(`${house.url}/executions/one?task=p0_t0_s0`);
  await page.getByText('task_granted').first().waitFor();
  await page.getByLabel('Output').getByText('"words": 7').waitFor();
  await house.post('/api/executions', { plan_id: 'small', execution_id: 'two', start: false });
  await page.goto(`${house.url}/executions/two?task=p0_t1_s0`);
  await page.getByText('Why it does not run').waitFor();
});

test('the raw event is there on demand, and events of before are read when they are wanted', async () => {
  await page.goto(`${house.url}/executions/one?tab=activity`);
  await page.getByRole('button', { name: /^Details of execution_completed/ }).click();
  await page.getByLabel('Event').getByText('leaf_hash').waitFor();
  const { events } = await house.get('/api/executions/one/events?order=asc&limit=3');
  const { position } = events[2];
  await page.goto(`${house.url}/executions/one?tab=activity&event=${position}`);
  await page.locator(`[data-position="${position}"][aria-current="true"]`).waitFor();
});

test('a window is made anew with its progress, then gone back from', async () => {
  await page.goto(`${house.url}/operator`);
  const live = page.locator('[data-window="progress"][data-phase="live"]');
  await live.getByRole('button', { name: 'Rebuild' }).click();
  await page.locator('[data-window="progress"][data-phase="retired"]').waitFor({ timeout: 30_000 });
  assert.match(await live.locator('td').nth(1).innerText(), /2/);
  await page
    .locator('[data-window="progress"][data-phase="retired"]')
    .getByRole('button', { name: 'Go back to it' })
    .click();
  await page.waitForFunction(
    () =>
      document
        .querySelector('[data-window="progress"][data-phase="live"] td:nth-child(2)')
        ?.textContent?.trim() === '1',
    null,
    { timeout: 30_000 },
  );
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
