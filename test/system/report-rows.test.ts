// The page of a store's report with more than any store has: many rows (100,000 with `test:soak`), a path of 64 KiB, names of every hostile kind.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { storeDocument } from '../../src/report/store/document.ts';
import type { StoreReport, TableCell } from '../../src/report/store/record.ts';
import { expectBelow } from '../support/bounds.ts';
import { browserForSuite } from '../support/page.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const ROWS = process.env.NAMES === undefined ? 10_000 : 100_000;
const LONG = `/${'deep/'.repeat(13_107)}end`;
const NAMES = ['</script><script>alert(1)</script>', '\\342\\200\\256gnp.exe', '<b>&amp;"\'', LONG];

describeSystem(`a store's report of ${ROWS} rows`, ['build', 'chromium'], () => {
  const temporary = temporaryForSuite();
  const browser = browserForSuite();
  const file = temporary.path('report.html');

  beforeAll(() => {
    const read = (name: string) =>
      readFileSync(fileURLToPath(new URL(`../../dist/${name}`, import.meta.url)), 'utf8');
    const rows = [...Array(ROWS).keys()].map((i): TableCell[] => [
      i < NAMES.length ? (NAMES[i] ?? '') : `/usr/lib/node_modules/package-${i % 700}/lib/file-${i}.js`,
      (i * 7919) % 1_000_003,
      i % 3 === 0 ? null : i % 11,
      ['verified', 'tampered', 'unverifiable'][i % 3] ?? null,
    ]);
    const report: StoreReport = {
      title: NAMES[0] ?? '',
      facts: [['Command line', NAMES[2] ?? '']],
      figures: [{ name: 'rows', value: String(ROWS), section: 'rows' }],
      sections: [
        {
          ...{ id: 'rows', heading: 'Rows', intro: '', remarks: [] },
          tables: [
            {
              ...{ id: 'rows', caption: NAMES[0] ?? '', rows, leftOut: 5, none: '' },
              columns: [
                { heading: 'Path', kind: 'name' },
                { heading: 'Size', kind: 'bytes' },
                { heading: 'Layer', kind: 'number' },
                { heading: 'Verdict', kind: 'state' },
              ],
            },
          ],
        },
      ],
    };
    const files = { script: read('report-page.js'), style: read('report-page.css') };
    const html = storeDocument(report, { ...files, tool: 'stratafs', size: (bytes) => `${bytes}B` });
    expect(html.length).toBeLessThan(10_000_000);
    writeFileSync(file, html);
  });

  it('opens, is filtered and sorted, and takes no name for anything else', async () => {
    const started = performance.now();
    const { page, complaints } = await browser.open(file, {}, 'button.sort');
    const opened = performance.now() - started;
    const paths = () => page.locator('tbody td:first-child').allTextContents();
    expect((await paths()).slice(0, NAMES.length)).toEqual(NAMES);
    expect(await page.locator('tbody .escaped').allTextContents()).toEqual([NAMES[1]]);
    expect(await page.title()).toBe(NAMES[0]);
    // The first look at all cells puts them into lower case.
    await page.locator('input.words').fill('FILE-8');
    const took = await page.evaluate(() => {
      const words = document.querySelector<HTMLInputElement>('input.words');
      if (words === null) throw new Error('no filter');
      const from = performance.now();
      words.value = 'file-9';
      words.dispatchEvent(new Event('input'));
      return performance.now() - from;
    });
    expectBelow(3000, opened);
    expectBelow(100, took);
    const matching = [...Array(ROWS).keys()].filter((i) => i >= NAMES.length && String(i).startsWith('9'));
    expect(await page.locator('.count').textContent()).toBe(`${matching.length} of ${ROWS}`);
    await page.locator('thead th', { hasText: 'Size' }).locator('button').click();
    const sizes = matching.map((i) => (i * 7919) % 1_000_003).sort((a, b) => b - a);
    const titles = await page
      .locator('tbody td:nth-child(2) span')
      .evaluateAll((all) => all.map((one) => one.getAttribute('title')));
    expect(titles).toEqual(sizes.slice(0, 300).map((size) => `${size} bytes`));
    expect({
      complaints,
      wide: await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
    }).toEqual({
      complaints: [],
      wide: true,
    });
  });
});
