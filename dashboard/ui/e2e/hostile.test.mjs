/** Whatever an agent writes is text: no dialog, no request, nothing that runs. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House } from './house.mjs';

const CANARY = 'http://127.0.0.1:9/canary';
const house = new House(process.env.AX);
let browser;
let page;

/** Each form in each of its wrappings: 220 texts. */
function texts() {
  const run = [
    'alert(1)',
    `fetch('${CANARY}')`,
    `location='${CANARY}'`,
    `new Image().src='${CANARY}'`,
    'document.title="owned"',
    `import('${CANARY}')`,
    `navigator.sendBeacon('${CANARY}')`,
    `open('${CANARY}')`,
    'eval("alert(1)")',
    'alert`1`',
    '(0,top.alert)(1)',
  ];
  const wrapped = (code) => [
    `<script>${code}</script>`,
    `<img src=x onerror="${code}">`,
    `<svg onload="${code}">`,
    `"><script>${code}</script>`,
    `javascript:${code}`,
    `<iframe srcdoc="<script>${code}</script>">`,
    `<a href="javascript:${code}">x</a>`,
    `{@html "<script>${code}</script>"}`,
    `{{constructor.constructor('${code}')()}}`,
    `</title><script>${code}</script>`,
    `<math><mtext><img src=x onerror=${code}>`,
    `' onfocus='${code}' autofocus='`,
    `<style>@import '${CANARY}'</style>`,
    `<link rel=stylesheet href=${CANARY}>`,
    `<meta http-equiv=refresh content="0;url=${CANARY}">`,
    `<base href=${CANARY}>`,
    `<object data="${CANARY}">`,
    `[x](javascript:${code})`,
    `\u202e<script>${code}</script>\u2066\u200b`,
    `<details open ontoggle="${code}">`,
  ];
  return run.flatMap(wrapped);
}

const all = texts();
/** The fields of a plan take a line. */
const line = (text) => text.slice(0, 190);

before(async () => {
  await house.start();
  browser = await open();
  page = await pageOf(browser);
  await house.agent('mallory', { name: line(all[0]), role: line(all[1]) });
  const subtasks = all.map((text, at) => ({
    subtask_id: `s${at}`,
    title: line(text),
    action: 'do',
    params: {},
  }));
  await house.post('/api/plans', {
    plan_id: 'hostile',
    goal: all[3],
    title: line(all[2]),
    risks: [{ risk_id: 'r', description: all[4], mitigation: all[5] }],
    roles_required: [line(all[6])],
    phases: [
      {
        phase_id: 'p',
        name: line(all[7]),
        tasks: [{ task_id: 't', title: line(all[8]), description: all[9], subtasks }],
      },
    ],
  });
  await house.post('/api/executions', { plan_id: 'hostile', execution_id: 'evil' });
  await house.work(
    'mallory',
    (task, _, at) =>
      at % 10 === 9
        ? {
            event_type: 'task_error',
            error_type: 'other',
            error_message: all[at],
            human_review_required: true,
            suggestions: [all[at], all[(at + 1) % all.length]],
          }
        : {
            event_type: 'task_complete',
            message: all[at],
            output_data: { text: all[at], [`k ${all[at]}`]: '</script>' },
          },
    all.length,
  );
  await house.agent('greta');
});
after(async () => {
  await browser?.close();
  await house.end();
});

test(`${all.length} hostile texts are shown as the texts they are, on every view`, async () => {
  const views = [
    '/executions',
    '/executions/evil',
    '/executions/evil?task=s1',
    '/executions/evil?tab=timeline',
    '/executions/evil?tab=activity',
    '/executions/evil?tab=risks',
    '/inbox',
    '/plans',
    '/plans/hostile',
    '/agents',
    '/agents/mallory',
    '/auditor/evil',
    '/auditor/evil?tab=diff&from=2',
    '/operator',
  ];
  for (const view of views) {
    await page.goto(house.url + view);
    await page.locator('h1').first().waitFor();
    await page.waitForFunction(() => !document.querySelector('.loading'));
  }
  await page.goto(`${house.url}/executions/evil`);
  const shown = await page.locator('[data-task="s0"]').innerText();
  assert.ok(shown.includes(line(all[0])), shown);
  assert.deepEqual(page.faults, []);
  assert.deepEqual(
    page.elsewhere.filter((it) => !it.startsWith(house.url)),
    [],
  );
  assert.notEqual(await page.title(), 'owned');
});

test('what cannot be seen, and what turns the reading order, is a mark', async () => {
  const at = all.findIndex((it) => it.startsWith('\u202e'));
  await page.goto(`${house.url}/executions/evil`);
  await page.getByLabel('Search tasks').fill(`s${at}`);
  const row = page.locator(`[data-task="s${at}"]`);
  await row.waitFor();
  const text = await row.innerText();
  assert.ok(text.includes('⟨U+202E⟩') && !text.includes('\u202e'), text);
});

test('a text of two hundred kilobytes is cut, and there in whole when it is wanted', async () => {
  await house.post('/api/plans', {
    plan_id: 'long',
    goal: 'x',
    phases: [{ phase_id: 'p', name: 'P', tasks: [{ task_id: 't', title: 'T' }] }],
  });
  const { execution_id } = await house.post('/api/executions', {
    plan_id: 'long',
    execution_id: 'long',
  });
  const text = `begin ${'0123456789'.repeat(20_000)} end`;
  await house.work('greta', () => ({ event_type: 'task_complete', output_data: { text } }));
  if ((await house.get(`/api/executions/${execution_id}`)).status !== 'COMPLETED') {
    await house.work('mallory', () => ({ event_type: 'task_complete', output_data: { text } }));
  }
  await page.goto(`${house.url}/executions/long?task=t`);
  const output = page.getByLabel('Output', { exact: true });
  await output.getByText('begin').waitFor();
  assert.ok((await output.innerText()).length < 10_000);
  await output.getByRole('button', { name: /^all/ }).click();
  assert.ok((await output.innerText()).includes(' end'));
  assert.deepEqual(page.faults, []);
});
