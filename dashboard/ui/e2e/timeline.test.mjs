/** The timeline by agent, beside another one, and what it says of a task. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House, plan } from './house.mjs';

const house = new House(process.env.AX);
let browser;
let page;
const done = () => ({ event_type: 'task_complete' });
const paths = (kind) => page.locator(`.chart path.${kind}`);

before(async () => {
  await house.start();
  browser = await open();
  page = await pageOf(browser);
  await house.agent('ada', { max_concurrent_tasks: 2 });
  await house.agent('larry');
  await house.post('/api/plans', plan('small', 'A small plan', [2, 2, 2]));
  await house.post('/api/executions', { plan_id: 'small', execution_id: 'one' });
  await house.work('ada', done, 2);
  await house.work('larry', done, 1);
  await house.get('/api/agents/ada/work');
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('each agent has a lane with what it did and does', async () => {
  await page.goto(`${house.url}/executions/one?tab=timeline`);
  await page.getByRole('button', { name: 'By agent' }).click();
  await page.locator('[data-lane="ada"]').waitFor();
  await page.locator('[data-lane="larry"]').waitFor();
  await paths('held').first().waitFor();
  assert.match(page.url(), /by=agent/);
  const ada = page.getByRole('link', { name: 'ada' });
  assert.match(await ada.getAttribute('href'), /\/agents\/ada$/);
  await page.getByRole('button', { name: 'By task' }).click();
  await page.locator('[data-lane]').first().waitFor({ state: 'detached' });
});

test('who is at work stands beside the task, and pointing tells what one waits for', async () => {
  const running = page.locator('.labels li', { has: page.locator('.agent') }).first();
  await running.getByText('ada').waitFor();
  // The task of which it is a part waits for another one.
  await page.locator('[data-span="p1_t1_s0"] button.name').focus();
  await page.locator('.note', { hasText: 'waits for' }).waitFor();
  await page.locator('[data-span="p1_t0"].awaited').waitFor();
});

test('two executions of a plan lie beside each other, and the address keeps it', async () => {
  await house.post('/api/executions', { plan_id: 'small', execution_id: 'two' });
  await house.work('larry', done, 8);
  await page.reload();
  const choice = page.getByLabel('Compare with');
  await choice.focus();
  await choice.locator('option[value="execution:two"]').waitFor({ state: 'attached' });
  await choice.selectOption('execution:two');
  const said = page.locator('[data-beside]');
  await said.getByText(/it ends/).waitFor();
  await paths('then').first().waitFor();
  await page.reload();
  await said.getByText('two').first().waitFor();
  await paths('then').first().waitFor();
});

test('a moment back lies beside now, and now beside a moment back', async () => {
  await page.goto(`${house.url}/executions/one?tab=timeline&beside=version:3`);
  await page
    .locator('[data-beside]', { hasText: 'version:3' })
    .getByText(/it ends/)
    .waitFor();
  await paths('then').first().waitFor();
  await page.goto(`${house.url}/auditor/one?at=version:9&tab=timeline&beside=now`);
  await page
    .locator('[data-beside]', { hasText: 'now' })
    .getByText(/it ends/)
    .waitFor();
});

test('a moment that cannot be read is refused in words, and the timeline stays', async () => {
  await page.goto(`${house.url}/executions/one?tab=timeline&beside=yesterdayish`);
  await page
    .getByRole('alert')
    .getByText(/a moment is version:12/)
    .waitFor();
  await page.getByRole('group', { name: /^Timeline of/ }).waitFor();
});

test('it is zoomed by the wheel and by the keys', async () => {
  await page.goto(`${house.url}/executions/one?tab=timeline`);
  const at = () => paths('planned').first().getAttribute('d');
  const chart = page.getByRole('group', { name: /^Timeline of/ });
  const before = await at();
  await page.locator('.chart').hover();
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, 240);
  await page.keyboard.up('Control');
  const drawn = (known) =>
    page.waitForFunction(
      (d) => document.querySelector('.chart path.planned')?.getAttribute('d') !== d,
      known,
    );
  await drawn(before);
  const wider = await at();
  await chart.focus();
  await page.keyboard.press('0');
  await drawn(wider);
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
