/** Plans come in by drop, by paste and by choice; what a machine is not sure of, a person decides. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House, ROOT } from './house.mjs';
import { seedReviews } from './seed.mjs';

const ARCHIVE = readFileSync(new URL('fuzz/seeds/plan_archive/run.zip', ROOT));
const MARKDOWN = readFileSync(new URL('fuzz/seeds/plan_markdown/plan', ROOT), 'utf8');
const house = new House(process.env.AX);
let browser;
let page;
const card = (task) => page.locator(`[data-review="${task}"]`);
const review = async (task) => {
  const { tasks } = await house.get('/api/plans/visit/tasks?limit=500');
  return tasks.find((it) => it.task_id === task).review;
};

before(async () => {
  await house.start();
  browser = await open();
  page = await pageOf(browser, { acceptDownloads: true });
  await seedReviews(house);
});
after(async () => {
  await browser?.close();
  await house.end();
});

test('a PlanExe run is dropped as a zip, and the report says what was made of it', async () => {
  await page.goto(`${house.url}/plans`);
  await page.getByText('Bring a plan in').waitFor();
  const dropped = await page.evaluateHandle(
    (bytes) => {
      const transfer = new DataTransfer();
      const file = new File([new Uint8Array(bytes)], 'run.zip', { type: 'application/zip' });
      transfer.items.add(file);
      return transfer;
    },
    [...ARCHIVE],
  );
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: dropped });
  const made = page.locator('.made');
  await made.waitFor();
  const told = await made.innerText();
  assert.match(told, /\d+ tasks/);
  assert.match(told, /(To look at|Left out|Put right|Derived) · \d+/);
  await made.getByRole('link').first().click();
  await page.getByRole('region', { name: 'Phases' }).waitFor();
});

test('the report is there as long as the plan is, not only after the import', async () => {
  await page.reload();
  const report = page.getByRole('region', { name: 'How it was read in' });
  await report
    .getByText(/(To look at|Left out|Put right|Derived) · \d+/)
    .first()
    .waitFor();
  await report.getByText('from planexe').waitFor();
});

test('the overview says who can do the plan, and what nobody can', async () => {
  await house.post('/api/plans', {
    plan_id: 'hands',
    goal: 'Fly and write',
    phases: [
      {
        phase_id: 'p',
        name: 'P',
        tasks: [
          { task_id: 'a', title: 'Fly', action: 'fly' },
          { task_id: 'b', title: 'Write', action: 'send_email' },
        ],
      },
    ],
  });
  await page.goto(`${house.url}/plans/hands`);
  const agents = page.getByRole('region', { name: 'Agents' });
  await agents.getByText('No agent can do fly').waitFor();
  await agents.getByText('1 of 2').waitFor();
  await page.getByRole('button', { name: 'Start execution' }).click();
  await page.waitForURL(/\/executions\//);
  const made = new URL(page.url()).pathname;
  await page.goto(`${house.url}/plans/hands`);
  const pace = page.getByRole('region', { name: 'Progress against the plan' });
  await pace.getByText('Expected end').waitFor();
  // Its work is nobody's any more.
  await house.ask('PATCH', `/api${made}`, { status: 'CANCELLED' });
});

test('Markdown is pasted, and its risks are in the overview', async () => {
  await page.goto(`${house.url}/plans`);
  await page.getByText('Bring a plan in').waitFor();
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }));
  }, MARKDOWN);
  const made = page.locator('.made');
  await made.waitFor();
  await made.getByRole('link').first().click();
  await page.getByRole('region', { name: 'Risks' }).getByText('Rain').waitFor();
});

test('the overview shows decisions and approvals, of whatever form', async () => {
  await house.post('/api/plans', {
    plan_id: 'decided',
    goal: 'Sign the lease',
    metadata: { decisions: [{ title: 'Which farm?', owner: 'Ana', options: ['A', 'B'] }] },
    phases: [
      {
        phase_id: 'p',
        name: 'P',
        tasks: [{ task_id: 't', title: 'Sign', approval: 'Carol agrees' }],
      },
    ],
  });
  await page.goto(`${house.url}/plans/decided`);
  await page.getByRole('region', { name: 'Approvals' }).getByText('Carol agrees').waitFor();
  await page.getByRole('region', { name: 'Decisions' }).getByText('Which farm?').waitFor();
});

test('parts of which a machine is not sure are approved with a note', async () => {
  await page.goto(`${house.url}/plans/visit`);
  await card('interview').getByText('% sure').waitFor();
  await card('interview').getByRole('button', { name: 'Approve' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('.kind').first().waitFor();
  await dialog.getByLabel(/^Note/).fill('as agreed');
  await dialog.getByRole('button', { name: 'Approve' }).click();
  await card('interview').waitFor({ state: 'detached' });
  assert.equal(await review('interview'), 'approved');
});

test('they are rejected, and the task is as it was', async () => {
  await card('contract').getByRole('button', { name: 'Reject' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await card('contract').waitFor({ state: 'detached' });
  const { tasks } = await house.get('/api/plans/visit/tasks?limit=500');
  assert.ok(!tasks.some((it) => it.parent_task_id === 'contract'));
});

test('they are edited, and a task is broken down by hand without any machine', async () => {
  await card('neighbours').getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Title of part 1').fill('Ring the bell first');
  await dialog.getByRole('button', { name: 'Keep these parts' }).click();
  await dialog.waitFor({ state: 'detached' });
  await card('neighbours').waitFor({ state: 'detached' });
  await page.getByText('Ring the bell first').waitFor();
  await page.getByRole('button', { name: 'Break Walk around down by hand' }).click();
  await dialog.getByLabel('Title of part 1').fill('Look at the barn');
  await dialog.getByLabel('Action of part 1').fill('do');
  await dialog.getByRole('button', { name: 'Another part' }).click();
  await dialog.getByLabel('Title of part 2').fill('Look at the field');
  await dialog.locator('.kind').first().waitFor();
  await dialog.getByRole('button', { name: 'Keep these parts' }).click();
  await page.getByText('Look at the field').waitFor();
  const { tasks } = await house.get('/api/plans/visit/tasks?limit=500');
  const parts = tasks.filter((it) => it.parent_task_id === 'walk');
  assert.deepEqual(
    parts.map((it) => it.title),
    ['Look at the barn', 'Look at the field'],
  );
  assert.equal(parts[1].waits_for[0].task_id, parts[0].task_id);
});

test('a task that an agent did not understand is broken down by hand while it is carried out', async () => {
  await house.post('/api/plans', {
    plan_id: 'unclear',
    goal: 'x',
    phases: [
      { phase_id: 'p', name: 'P', tasks: [{ task_id: 'odd', title: 'Do that', action: 'do' }] },
    ],
  });
  await house.post('/api/executions', { plan_id: 'unclear', execution_id: 'unclear-1' });
  await house.work(
    'vera',
    () => ({
      event_type: 'task_error',
      error_type: 'decomposition_failed',
      error_message: 'That could be anything',
      human_review_required: true,
    }),
    1,
  );
  await page.goto(`${house.url}/executions/unclear-1`);
  await page.getByRole('button', { name: 'Break it down yourself' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Title of part 1').fill('Do this');
  await dialog.getByLabel('Action of part 1').fill('do');
  await dialog.getByRole('button', { name: 'Keep these parts' }).click();
  await page.locator('[data-task="odd_1"]').waitFor();
  await page.locator('[data-blocker]').waitFor({ state: 'detached' });
});

test('tables are taken away as files', async () => {
  await page.goto(`${house.url}/plans`);
  const link = page.getByRole('link', { name: 'Plans as CSV' });
  const [csv] = await Promise.all([page.waitForEvent('download'), link.click()]);
  assert.equal(csv.suggestedFilename(), 'plans.csv');
  const text = readFileSync(await csv.path(), 'utf8');
  assert.ok(text.startsWith('plan_id,') && text.includes('"visit"'), text.slice(0, 200));
  await page.goto(`${house.url}/executions/unclear-1`);
  const tasks = page.getByRole('link', { name: 'Tasks as JSON' });
  const [json] = await Promise.all([page.waitForEvent('download'), tasks.click()]);
  const { of, rows } = JSON.parse(readFileSync(await json.path(), 'utf8'));
  assert.equal(of, 'tasks');
  assert.ok(rows.some((row) => row.task_id === 'odd_1'));
});

test('nothing broke', () => assert.deepEqual(page.faults, []));
