/** The pictures in the README: there, and taken anew when AX_PICTURES=write. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { open } from './browser.mjs';
import { ROOT } from './house.mjs';
import { FOLDER, PICTURES, takeAll } from './pictures.mjs';

test('every picture that is shown is one that is taken, and is there', async () => {
  if (process.env.AX_PICTURES === 'write') {
    const browser = await open();
    try {
      await takeAll(browser);
    } finally {
      await browser.close();
    }
  }
  const readme = readFileSync(new URL('README.md', ROOT), 'utf8');
  const shown = [...readme.matchAll(/docs\/screenshots\/([\w-]+)\.png/g)].map((it) => it[1]);
  assert.ok(shown.length > 0);
  for (const name of shown) assert.ok(PICTURES.includes(name), `nobody takes ${name}`);
  for (const name of PICTURES) assert.ok(existsSync(`${FOLDER}${name}.png`), name);
  const there = readdirSync(FOLDER).map((it) => it.replace('.png', ''));
  assert.deepEqual(there.sort(), [...PICTURES].sort());
});
