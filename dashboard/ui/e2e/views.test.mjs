/** Every view, in both themes and three widths: nobody is kept out, and nothing is cut off. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { open, pageOf } from './browser.mjs';
import { House } from './house.mjs';
import { SIZES, settled, viewsOf } from './screens.mjs';
import { seed } from './seed.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const house = new House(process.env.AX);
let browser;

before(async () => {
  await house.start();
  await seed(house);
  browser = await open();
});
after(async () => {
  await browser?.close();
  await house.end();
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing in any view, ${colorScheme}`, async () => {
    // Only the test itself puts a script into the page: the policy would not let it.
    const page = await pageOf(browser, { colorScheme, bypassCSP: true });
    const found = [];
    for (const [name, address] of await viewsOf(house.url)) {
      await page.goto(address);
      await settled(page);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() =>
        globalThis.axe.run(document, {
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        }),
      );
      for (const it of violations)
        found.push(
          `${name}: ${it.id}: ${it.nodes
            .slice(0, 3)
            .map((node) => `${node.target} ${node.failureSummary?.split('\n')[1] ?? ''}`)
            .join(' | ')}`,
        );
    }
    assert.deepEqual(found, []);
    await page.context().close();
  });
}

test('no view is wider than its window', async () => {
  const found = [];
  for (const [width, height] of SIZES) {
    const page = await pageOf(browser, { viewport: { width, height } });
    for (const [name, address] of await viewsOf(house.url)) {
      await page.goto(address);
      await settled(page);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (beyond > 0) found.push(`${name} at ${width}: ${beyond} px`);
    }
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
  assert.deepEqual(found, []);
});
