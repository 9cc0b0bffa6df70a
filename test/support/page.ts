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

const VIEWPORT = { width: 1280, height: 720 };

/** One browser for the tests of a suite, and one page for all that open theirs with the same options: a new one costs more than most tests. */
export function browserForSuite(): {
  /** Opened anew for the running test, after which another has it. `ready` is a selector of what the page's script adds. */
  open(file: string, options?: BrowserContextOptions, ready?: string): Promise<OpenedPage>;
} {
  let browser: Browser | undefined;
  const pages = new Map<string, Page>();
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath() ?? '', args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());
  return {
    async open(file, options = {}, ready = '.live:not([hidden]) .rows > .row') {
      if (browser === undefined) throw new Error('the browser did not start');
      const key = JSON.stringify(options);
      const page = pages.get(key) ?? (await (await browser.newContext(options)).newPage());
      // Two pages of one test are two, and what a failed test has made of its own is not asked again.
      pages.delete(key);
      onTestFinished(async ({ task }) => {
        page.removeAllListeners();
        if (task.result?.state === 'fail' || pages.has(key)) return page.context().close();
        await page.emulateMedia({ media: null });
        await page.setViewportSize(options.viewport ?? VIEWPORT);
        await page.goto('about:blank');
        pages.set(key, page);
      });
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

/** Rows of a long table that are of no other kind than those before them. */
const ALIKE = 'tbody tr:nth-child(n + 12):not(:has(.escaped))';

/** What axe finds in a page as it is, a line each. It takes long for each element that it looks at, and to name those that are right. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(
    (alike) =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(
        { exclude: [alike] },
        { resultTypes: ['violations'], preload: false },
      ),
    ALIKE,
  );
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
}
