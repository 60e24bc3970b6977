/** How fast it is, in Chromium, beside an empty page of the same server: a JSON object a figure. */
import { open, pageOf } from './browser.mjs';
import { House, wide } from './house.mjs';

/** How often a page is opened; the figure is the median. */
const OPENED = Number(process.env.AX_BENCH_OPENED ?? 15);
const UPDATES = Number(process.env.AX_BENCH_UPDATES ?? 200);
const UPDATES_PER_SECOND = 50;
const ZOOM_MS = 5_000;
/** A frame that took longer was not drawn in time, at 60 a second. */
const FRAME_MS_MAX = 25;
const SCRIPT_BYTES_MAX = 120 * 1024;

const house = new House(process.env.AX);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function print(figure, value, unit, { baseline = null, reach = null, reached = null } = {}) {
  const number = (it) => (it === null ? null : Math.round(it * 100) / 100);
  const ratio = baseline === null ? null : Math.round((value / baseline) * 1_000) / 1_000;
  const named = { figure, value: number(value), unit, baseline: number(baseline), ratio };
  console.log(JSON.stringify({ ...named, reach, reached }));
}

function share(values, of) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * of), sorted.length - 1)];
}
const median = (values) => share(values, 0.5);

/** Remembers when what is looked for was drawn for the first time. */
function watchFor(selector) {
  const look = () => {
    if (!document.querySelector(selector)) return requestAnimationFrame(look);
    requestAnimationFrame(() => (globalThis.drawnAt = performance.now()));
  };
  if (document.documentElement) look();
  else document.addEventListener('readystatechange', look, { once: true });
}

/** Opens a page as a visitor does who has not been here: from nothing to what is useful. */
async function opened(browser, path, selector) {
  const page = await pageOf(browser);
  await page.addInitScript(watchFor, selector);
  await page.goto(house.url + path);
  await page.waitForFunction(() => globalThis.drawnAt !== undefined);
  const took = await page.evaluate(() => globalThis.drawnAt);
  await page.context().close();
  return took;
}

async function firstPaints(browser) {
  const views = {
    bare: ['/docs', 'body *'],
    empty: ['/inbox', '.empty'],
    small: ['/executions/small', '[data-task]'],
    large: ['/executions/large', '[data-task]'],
  };
  const took = Object.fromEntries(Object.keys(views).map((name) => [name, []]));
  for (const [path, selector] of Object.values(views)) await opened(browser, path, selector);
  for (let at = 0; at < OPENED; at += 1) {
    for (const [name, [path, selector]] of Object.entries(views))
      took[name].push(await opened(browser, path, selector));
  }
  const [bare, empty] = [median(took.bare), median(took.empty)];
  const paint = (name, of, limit) => {
    const value = median(took[of]);
    const reached = value / empty <= limit;
    print(name, value, 'ms', { baseline: empty, reach: `≤ ${limit}`, reached });
    print(`${name}, beside the bare page of the API`, value, 'ms', { baseline: bare });
  };
  paint('first useful paint, 300 tasks', 'small', 3);
  paint('first useful paint, 5,000 tasks', 'large', 6);
}

async function scripts(browser) {
  const page = await pageOf(browser);
  let bytes = 0;
  page.on('response', async (response) => {
    if (!response.url().endsWith('.js')) return;
    const { responseBodySize } = await response.request().sizes();
    bytes += responseBodySize;
  });
  await page.goto(`${house.url}/executions/small`);
  await page.locator('[data-task]').first().waitFor();
  await pause(300);
  await page.context().close();
  const reached = bytes <= SCRIPT_BYTES_MAX;
  print('JavaScript of the first view, gzip', bytes / 1024, 'KiB', { reach: '≤ 120', reached });
}

/** Tasks that the agent holds, as many as it may. */
async function held(execution_id, count) {
  const tasks = [];
  for (let at = 0; at < count; at += 1) {
    const work = await house.get('/api/agents/bench/work');
    if (work.execution_id === execution_id) tasks.push(work.next_task);
  }
  return tasks;
}

const report = (execution_id, task, progress_percent) =>
  house.report(execution_id, 'bench', {
    event_type: 'task_progress',
    task_id: task.task_id,
    lease: task.lease,
    progress_percent,
  });

/** From before a report is sent until its row says so on the screen. */
async function updates(browser, tasks) {
  const page = await pageOf(browser);
  await page.goto(`${house.url}/executions/large`);
  await page.locator('[data-connection="live"]').waitFor();
  await page.locator(`[data-task="${tasks[0].task_id}"]`).waitFor();
  const shown = [];
  for (const task of tasks)
    if (await page.locator(`[data-task="${task.task_id}"]`).isVisible()) shown.push(task);
  const took = [];
  for (let at = 0; at < UPDATES; at += 1) {
    const task = shown[at % shown.length];
    const percent = 1 + Math.floor(at / shown.length);
    const drawn = page.evaluate(
      ([task_id, text]) =>
        new Promise((resolve) => {
          const look = () => {
            const row = document.querySelector(`[data-task="${task_id}"]`);
            if (row?.textContent?.includes(text)) resolve();
            else requestAnimationFrame(look);
          };
          look();
        }),
      [task.task_id, `${percent} %`],
    );
    await pause(5);
    // One clock: the way of the browser's answer to here counts too.
    const from = performance.now();
    const seen = drawn.then(() => performance.now());
    await report('large', task, percent);
    took.push((await seen) - from);
  }
  await page.context().close();
  const [p50, p99] = [share(took, 0.5), share(took, 0.99)];
  print('update to row, p50', p50, 'ms');
  print('update to row, p99', p99, 'ms', { reach: '≤ 150', reached: p99 <= 150 });
}

/** Frames that are late while the timeline is zoomed and updates come in. */
async function zooming(browser, tasks) {
  const page = await pageOf(browser);
  await page.goto(`${house.url}/executions/large?tab=timeline`);
  await page.locator('.chart').waitFor();
  let isOver = false;
  let sent = 0;
  const sending = (async () => {
    const from = performance.now();
    while (!isOver) {
      const task = tasks[sent % tasks.length];
      const percent = 30 + (Math.floor(sent / tasks.length) % 60);
      sent += 1;
      await report('large', task, percent);
      await pause(Math.max(from + (sent * 1_000) / UPDATES_PER_SECOND - performance.now(), 0));
    }
  })();
  const frames = await page.evaluate(
    (duration) =>
      new Promise((resolve) => {
        const chart = document.querySelector('.chart');
        const times = [];
        const begin = performance.now();
        const frame = (now) => {
          times.push(now);
          const deltaY = Math.floor((now - begin) / 700) % 2 === 0 ? -40 : 40;
          const more = { ctrlKey: true, bubbles: true, cancelable: true, clientX: 700 };
          chart.dispatchEvent(new WheelEvent('wheel', { deltaY, ...more }));
          if (now - begin < duration) requestAnimationFrame(frame);
          else resolve(times);
        };
        requestAnimationFrame(frame);
      }),
    ZOOM_MS,
  );
  isOver = true;
  await sending;
  await page.context().close();
  const gaps = frames.slice(1).map((at, index) => at - frames[index]);
  const late = gaps.filter((gap) => gap > FRAME_MS_MAX).length;
  print('updates a second while zooming', (sent * 1_000) / ZOOM_MS, '/s');
  print('frames late while zooming 5,000 tasks', (late / gaps.length) * 100, '%');
  print('longest frame while zooming 5,000 tasks', Math.max(...gaps), 'ms');
}

await house.start();
const browser = await open();
try {
  await house.agent('bench', { max_concurrent_tasks: 64 });
  await house.post('/api/plans', wide('small', [6, 10, 5]));
  await house.post('/api/plans', wide('large', [10, 50, 10]));
  await house.post('/api/executions', { plan_id: 'small', execution_id: 'small', start: false });
  const made = await house.post('/api/executions', { plan_id: 'large', execution_id: 'large' });
  await house.get(`/api/executions/large?min_position=${made.position}`);
  await firstPaints(browser);
  await scripts(browser);
  const tasks = await held('large', 20);
  await updates(browser, tasks);
  await zooming(browser, tasks);
} finally {
  await browser.close();
  await house.end();
}
