/** Pictures of every view: node e2e/screens.mjs URL FOLDER [words of names to be taken]. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, pageOf } from './browser.mjs';

export const VIEWS = [
  ['executions', '/executions'],
  ['execution', '/executions/breeder-1'],
  ['task', '/executions/garden-1?task=p1_t2_s0'],
  ['timeline', '/executions/garden-1?tab=timeline'],
  ['lanes', '/executions/garden-1?tab=timeline&by=agent'],
  ['beside', '/executions/garden-1?tab=timeline&beside=version:20'],
  ['activity', '/executions/garden-1?tab=activity'],
  ['risks', '/executions/breeder-1?tab=risks'],
  ['large', '/executions/large-1'],
  ['huge', '/executions/huge-1'],
  ['huge-timeline', '/executions/huge-1?tab=timeline'],
  ['inbox', '/inbox'],
  ['plans', '/plans'],
  ['plan', '/plans/breeder'],
  ['review', '/plans/visit'],
  ['parts', '/plans/visit?edit=walk'],
  ['agents', '/agents'],
  ['agent', '/agents/ada'],
  ['own-plans', '/agents?tab=plans'],
  ['own-plan', '/agent-plans/@own'],
  ['own-log', '/agent-plans/@own?tab=log'],
  ['own-memory', '/agent-plans/@own?tab=memory'],
  ['auditor', '/auditor/tea-1?at=version:12&tab=tasks'],
  ['then-timeline', '/auditor/tea-1?at=version:12&tab=timeline'],
  ['then-activity', '/auditor/tea-1?at=version:12&tab=activity'],
  ['event', '/auditor/tea-1?at=version:12&tab=event'],
  ['history', '/auditor'],
  ['difference', '/auditor/tea-1?at=version:12&tab=diff&from=3'],
  ['windows', '/operator'],
  ['metrics', '/operator?tab=metrics'],
  ['webhooks', '/operator?tab=webhooks'],
  ['keys', '/operator?tab=keys'],
  ['nowhere', '/executions/not-there'],
];
export const SIZES = [
  [360, 780],
  [1024, 768],
  [1920, 1080],
];

/** The views of a server, as addresses: plans that agents brought have ids of their own. */
export async function viewsOf(url) {
  const answer = await fetch(`${url}/api/agent-plans`);
  const { plans } = await answer.json();
  return VIEWS.map(([name, path]) => [name, url + path.replace('@own', plans[0]?.id ?? 'none')]);
}

/** Waits until a view has what it asked for. */
export async function settled(page) {
  await page.waitForSelector('h1, [role=alert]');
  await page.waitForFunction(
    () =>
      !document.querySelector('.loading') &&
      !document.querySelector('[aria-busy=true]') &&
      document.fonts.status === 'loaded',
  );
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
}

export async function screens(url, folder, words = []) {
  mkdirSync(folder, { recursive: true });
  const browser = await open();
  const faults = [];
  for (const colorScheme of ['light', 'dark']) {
    for (const [width, height] of SIZES) {
      const page = await pageOf(browser, { colorScheme, viewport: { width, height } });
      for (const [name, address] of await viewsOf(url)) {
        const file = `${name}-${colorScheme}-${width}.png`;
        if (!words.every((word) => file.includes(word))) continue;
        await page.goto(address);
        await settled(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) faults.push(`${file}: ${wide} px too wide`);
        await page.screenshot({ path: join(folder, file) });
      }
      faults.push(...page.faults);
      await page.context().close();
    }
  }
  await browser.close();
  return faults;
}

if (process.argv[1]?.endsWith('screens.mjs')) {
  const [, , url, folder, ...words] = process.argv;
  const faults = await screens(url, folder, words);
  if (faults.length > 0) {
    console.error(faults.join('\n'));
    process.exit(1);
  }
}
