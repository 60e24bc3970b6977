/** What goes on is seen while it goes on, and what a person orders is carried out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House, plan } from './house.mjs';

/** From the answer to a report until the row has changed. */
const LIVE_MS_MAX = 1_000;
const house = new House(process.env.AX);
let browser;
let page;

const row = (task) => page.locator(`[data-task="${task}"]`);
const status = (task, word) => page.waitForSelector(`[data-task="${task}"][data-status="${word}"]`);
const chip = (word) => page.locator('main header .chip', { hasText: word }).waitFor();

before(async () => {
  await house.start();
  browser = await open();
  // Wide enough for the feed beside the tree.
  page = await pageOf(browser, { viewport: { width: 1600, height: 900 } });
  await house.agent('larry');
  await house.post('/api/plans', plan('small', 'A small plan', [1, 2, 3]));
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('an execution that is made appears in the list by itself', async () => {
  await page.goto(house.url);
  await page.getByText('Nothing is carried out yet').waitFor();
  await house.post('/api/executions', { plan_id: 'small', execution_id: 'one' });
  await page.locator('[data-execution="one"]').waitFor();
});

test('what an agent reports is in the tree, the bar and the feed within a second', async () => {
  await page.goto(`${house.url}/executions/one`);
  await row('p0_t0_s0').waitFor();
  const took = [];
  await house.work(
    'larry',
    async (task) => {
      await status(task.task_id, 'RUNNING');
      return { event_type: 'task_progress', progress_percent: 40, message: 'nearly half' };
    },
    1,
  );
  await page.getByText('nearly half').first().waitFor({ state: 'attached' });
  for (let at = 0; at < 3; at += 1) {
    let task;
    await house.work(
      'larry',
      (next) => {
        task = next.task_id;
        return { event_type: 'task_complete' };
      },
      1,
    );
    const from = performance.now();
    await status(task, 'COMPLETE');
    took.push(performance.now() - from);
  }
  took.sort((a, b) => a - b);
  assert.ok(took[1] <= LIVE_MS_MAX, `the median of ${took.map(Math.round)} ms`);
  await page.getByText('50 %').first().waitFor();
});

test('it is paused, resumed, and what an order does is said before', async () => {
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('.kind', { hasText: 'execution_paused' }).waitFor();
  await dialog.getByLabel('Why (kept in the log)').fill('lunch');
  await dialog.getByRole('button', { name: 'Pause' }).click();
  await chip('Paused');
  assert.equal((await house.get('/api/executions/one')).status, 'PAUSED');
  await page.getByText('lunch').first().waitFor();
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await dialog.getByRole('button', { name: 'Resume' }).click();
  await chip('Running');
});

test('a blocker is resolved with a note, and the inbox empties', async () => {
  await house.work(
    'larry',
    () => ({
      event_type: 'task_error',
      error_type: 'external_dependency_blocked',
      error_message: 'Nobody answers',
      human_review_required: true,
      suggestions: ['Call them', 'Write a letter'],
    }),
    1,
  );
  const card = page.locator('[data-blocker]').first();
  await card.getByText('Nobody answers').waitFor();
  await page.locator('nav .count', { hasText: '1' }).waitFor();
  await card.getByRole('button', { name: 'Approve: Write a letter' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('.kind', { hasText: 'blocker_resolved' }).waitFor();
  await dialog.getByLabel(/^Note/).fill('by registered post');
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await page.locator('nav .count').waitFor({ state: 'detached' });
  const { blockers } = await house.get('/api/executions/one/blockers');
  assert.equal(blockers[0].resolution, 'approve_alternative');
  assert.equal(blockers[0].option, 'Write a letter');
  assert.equal(blockers[0].note, 'by registered post');
});

test('two windows see each other, and the one that is late learns who was first', async () => {
  await house.work(
    'larry',
    () => ({
      event_type: 'task_error',
      error_message: 'Again nobody',
      human_review_required: true,
    }),
    1,
  );
  const card = page.locator('[data-blocker]', { hasText: 'Again nobody' }).first();
  await card.getByRole('button', { name: 'Skip task' }).click();
  await page.getByRole('dialog').locator('.kind', { hasText: 'blocker_resolved' }).waitFor();
  const [open] = (await house.get('/api/blockers')).blockers;
  await house.post(`/api/executions/one/blockers/${open.blocker_id}/resolve`, {
    resolution: 'retry',
  });
  await page.getByRole('dialog').getByRole('button', { name: 'Skip task' }).click();
  await page
    .getByRole('dialog')
    .getByText(/was first/)
    .waitFor();
  await page.keyboard.press('Escape');
});

test('it is cancelled, and nothing more can be ordered', async () => {
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel', exact: true }).click();
  await chip('Cancelled');
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor({ state: 'detached' });
  assert.equal((await house.get('/api/executions/one')).status, 'CANCELLED');
});

test('a plan is brought in, and carried out', async () => {
  await page.goto(`${house.url}/plans`);
  const body = JSON.stringify({
    goal: 'Say hello',
    phases: [{ phase_id: 'p1', name: 'One', tasks: [{ task_id: 't1', title: 'Write' }] }],
  });
  await page.setInputFiles('input[type=file]', {
    name: 'hello.json',
    mimeType: 'application/json',
    buffer: Buffer.from(body),
  });
  await page.locator('.made').getByRole('link', { name: 'Say hello' }).click();
  await page.getByRole('button', { name: 'Start execution' }).click();
  await page.waitForURL(/\/executions\//);
  await page.getByRole('heading', { name: 'Say hello' }).waitFor();
  await page.goto(`${house.url}/plans`);
  await page.setInputFiles('input[type=file]', {
    name: 'bad.json',
    mimeType: 'application/json',
    buffer: Buffer.from('{"goal": 1}'),
  });
  await page
    .getByRole('alert')
    .getByText(/request/)
    .waitFor();
});

test('nothing was asked of another server, and nothing broke', () => {
  assert.deepEqual(page.faults, []);
  assert.deepEqual(
    page.elsewhere.filter((it) => !it.startsWith(house.url)),
    [],
  );
});
