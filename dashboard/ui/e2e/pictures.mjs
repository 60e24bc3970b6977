/** The pictures of docs/screenshots, taken of the documents' own plan while it is carried out. */
import { mkdirSync, readFileSync } from 'node:fs';
import { pageOf } from './browser.mjs';
import { House, ROOT } from './house.mjs';
import { settled } from './screens.mjs';
import { seed } from './seed.mjs';

export const FOLDER = new URL('docs/screenshots/', ROOT).pathname;
/** Every picture, by name. */
export const PICTURES = [
  'auditor',
  'execution',
  'executions',
  'inbox',
  'own-plan',
  'phone',
  'plan',
  'timeline',
];
/** An hour of the plan, in the time of the pictures, and how long a step of Larry's takes. */
const HOUR_SHARE = 1 / 3_000;
const STEP_MS = [900, 2_600];

const json = (path) => JSON.parse(readFileSync(new URL(path, ROOT), 'utf8'));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const house = new House(process.env.AX);

/** The documents' plan. */
function prospecting() {
  const plan = json('examples/larry/prospecting.json');
  return { ...plan, plan_id: 'prospecting', title: 'Prospect dog breeders in Connecticut' };
}

/** The same, each step a task with hours as short as the picture of the timeline needs. */
function short() {
  const plan = prospecting();
  let last = [];
  for (const phase of plan.phases) {
    delete phase.duration_weeks;
    phase.tasks = phase.tasks.flatMap(({ subtasks = [], ...task }) => {
      const steps =
        subtasks.length > 0 ? subtasks : [{ subtask_id: task.task_id, title: task.title }];
      const hours = (task.estimated_hours / steps.length) * HOUR_SHARE;
      // The second step goes beside the first, the others one after the other.
      const before = last;
      return steps.map(({ subtask_id, title }, at) => {
        const prerequisites = at === 1 ? before : last;
        last = at === 1 ? [...last, subtask_id] : [subtask_id];
        return { task_id: subtask_id, title, estimated_hours: hours, prerequisites };
      });
    });
  }
  return { ...plan, plan_id: 'short', title: 'Prospect dog breeders, the short version' };
}

async function larry(until) {
  const { agent_id } = json('examples/larry/larry.json');
  await house.work(agent_id, async (task, work, at) => {
    if (at === until.tasks) return null;
    const { task_id, lease } = task;
    const started = { event_type: 'task_started', task_id, lease };
    await house.report(work.execution_id, agent_id, started);
    await pause(STEP_MS[0] + ((at * 7919) % (STEP_MS[1] - STEP_MS[0])));
    return until.report(task, at);
  });
}

const done = () => ({ event_type: 'task_complete' });
const stuck = () => ({
  event_type: 'task_error',
  error_type: 'external_dependency_blocked',
  error_message: 'Carol does not answer: the number rings out, and her email bounced.',
  human_review_required: true,
  suggestions: ['Verify contact via Google Maps listing or call directly', 'Write a letter'],
});

async function take(browser, name, path, options, before = async () => {}) {
  const page = await pageOf(browser, { viewport: { width: 1440, height: 900 }, ...options });
  await page.goto(house.url + path);
  await settled(page);
  await before(page);
  await page.screenshot({ path: `${FOLDER}${name}.png` });
  await page.context().close();
}

/** Takes them all. */
export async function takeAll(browser) {
  mkdirSync(FOLDER, { recursive: true });
  await house.start();
  try {
    await story(browser);
  } finally {
    await house.end();
  }
}

async function story(browser) {
  await seed(house);
  await house.agent('agent_larry_001', json('examples/larry/larry.json'));
  await house.post('/api/plans', prospecting());
  await house.post('/api/executions', { plan_id: 'prospecting', execution_id: 'prospecting-1' });
  await larry({ report: (task) => (task.task_id === 'task_2_1_1' ? stuck() : done()) });
  const at = '/executions/prospecting-1';
  await take(browser, 'execution', at, { colorScheme: 'light' });
  await take(browser, 'phone', at, { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
  await take(browser, 'inbox', '/inbox', { colorScheme: 'dark' });
  const { blockers } = await house.get(`/api${at}/blockers`);
  const resolve = `/api${at}/blockers/${blockers[0].blocker_id}/resolve`;
  await house.post(resolve, { resolution: 'approve_alternative', option: 'Write a letter' });
  await larry({ tasks: 6, report: done });
  await take(browser, 'executions', '/executions', { colorScheme: 'light' });
  await take(browser, 'auditor', '/auditor/prospecting-1?at=version:25', { colorScheme: 'light' });
  await house.ask('PATCH', `/api${at}`, { status: 'PAUSED' });
  await house.post('/api/plans', short());
  await house.post('/api/executions', { plan_id: 'short', execution_id: 'short-1' });
  await larry({ tasks: 8, report: done });
  const { next_task: held } = await house.get('/api/agents/agent_larry_001/work');
  const begun = { event_type: 'task_started', task_id: held.task_id, lease: held.lease };
  await house.report('short-1', 'agent_larry_001', begun);
  await pause(STEP_MS[0]);
  const timeline = '/executions/short-1?tab=timeline';
  await take(browser, 'timeline', timeline, { colorScheme: 'dark' }, async (page) => {
    await page.getByRole('button', { name: 'Whole plan' }).click();
  });
  await take(browser, 'plan', '/plans/visit', { colorScheme: 'light' });
  const [brought] = (await house.get('/api/agent-plans')).plans;
  await take(browser, 'own-plan', `/agent-plans/${brought.id}`, { colorScheme: 'dark' });
}
