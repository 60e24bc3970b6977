/** Chromium, as it runs without a display and in a closed network. */
import { chromium } from 'playwright-core';

const PROGRAMS = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export async function open() {
  const { existsSync } = await import('node:fs');
  const executablePath = PROGRAMS.find((it) => it && existsSync(it));
  if (!executablePath) throw new Error('no Chromium: apt-get install chromium');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--font-render-hinting=none',
    ],
  });
}

/** A page that remembers everything that must not happen. */
export async function pageOf(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  page.faults = [];
  page.elsewhere = [];
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (error) => page.faults.push(`error: ${error.message}\n${error.stack}`));
  page.on('dialog', (dialog) => {
    page.faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text()))
      page.faults.push(`policy: ${message.text()}`);
  });
  page.on('request', (request) => page.elsewhere.push(request.url()));
  return page;
}
