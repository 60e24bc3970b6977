/** A command that is refused, and events that the page has never heard of. */
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
  await house.post('/api/plans', plan('small', 'A small plan', [1, 1, 2]));
  await house.post('/api/executions', { plan_id: 'small', execution_id: 'one' });
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('a command that comes too late is refused with who was first, and what is possible', async () => {
  await page.goto(`${house.url}/executions/one`);
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('.kind', { hasText: 'execution_paused' }).waitFor();
  await house.ask('PATCH', '/api/executions/one', { status: 'CANCELLED', reason: 'Enough' });
  await page.locator('main header .chip', { hasText: 'Cancelled' }).waitFor();
  await dialog.getByRole('button', { name: 'Pause' }).click();
  const alert = dialog.getByRole('alert');
  await alert.getByText(/First was: .*cancelled/).waitFor();
  await page.keyboard.press('Escape');
  assert.equal((await house.get('/api/executions/one')).status, 'CANCELLED');
});

test('an event that the page does not know is shown raw, and not dropped', async () => {
  const { position } = (await house.get('/api/executions/one/events?limit=1')).events[0];
  const odd = {
    type: 'event',
    event_id: '0190aaaa-0000-7000-8000-000000000000',
    execution_id: 'one',
    event_type: 'task_teleported',
    task_id: 'p0_t0_s0',
    agent_id: null,
    message: '',
    timestamp: '2026-02-11T16:00:00Z',
    position: position + 1,
    elsewhere: 'the moon',
  };
  const other = await pageOf(browser);
  await other.route('**/api/executions/one/stream*', (route) =>
    route.fulfill({
      contentType: 'text/event-stream',
      body: `retry: 60000\n\nevent: event\nid: ${odd.position}\ndata: ${JSON.stringify(odd)}\n\n`,
    }),
  );
  await other.goto(`${house.url}/executions/one?tab=activity`);
  const line = other.locator('[data-event="task_teleported"]');
  await line.getByText('this page does not know what that is').waitFor();
  await line.getByText('the moon').waitFor();
  assert.deepEqual(other.faults, []);
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
