// A page in Debian's chromium, opened from its file, with all that it complains of and asks for.
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { browserPath } from './system.ts';

export interface OpenedPage {
  readonly page: Page;
  /** Console lines, errors, dialogs and violations of the page's policy. */
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
}

/** One browser for the tests of a suite. */
export function browserForSuite(): {
  /** The page ends with the running test. `ready` is a selector of what the page's script adds. */
  open(file: string, options?: BrowserContextOptions, ready?: string): Promise<OpenedPage>;
} {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath() ?? '', args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());
  return {
    async open(file, options = {}, ready = '.live:not([hidden]) .rows > .row') {
      if (browser === undefined) throw new Error('the browser did not start');
      const context = await browser.newContext(options);
      onTestFinished(() => context.close());
      const page = await context.newPage();
      const [complaints, requests]: string[][] = [[], []] as [string[], string[]];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('dialog', (dialog) => complaints.push(dialog.message()));
      page.on('request', (request) => requests.push(request.url()));
      await page.goto(`file://${file}`);
      if (options.javaScriptEnabled !== false) await page.waitForSelector(ready);
      return { page, complaints, requests } as OpenedPage;
    },
  };
}

/** What axe finds in a page as it is, a line each. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
}
