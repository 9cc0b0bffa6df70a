// `stratafs report` in a browser: what the page tells is what the commands tell, by mouse, by keyboard, without script and on
// paper; hostile names stay text, and nothing is asked for from anywhere.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeSampleStore } from '../../scripts/sample-store.ts';
import { FakeStore } from '../support/fake-store.ts';
import { HOSTILE_NAMES, SHOWN_NAMES } from '../support/hostile-names.ts';
import { jsonRecords } from '../support/json-lines.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { axeFindings, browserForSuite } from '../support/page.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

describeSystem('stratafs report', ['root', 'overlay', 'python', 'build', 'chromium'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const browser = browserForSuite();
  const [base, middle, top] = ['base', 'middle', 'top'].map((name) => temporary.path(name)) as [
    string,
    string,
    string,
  ];
  const reference = `lowerdir=${top}:${middle}:${base}`;
  const file = temporary.path('report.html');

  beforeAll(async () => {
    await oracle.write([
      {
        directory: base,
        steps: [
          layer.file('app/cache/one', 'x'.repeat(5000)),
          layer.file('app/cache/two', 'y'.repeat(3000)),
          layer.file('app/main.js', 'z'.repeat(2000)),
          layer.file('etc/motd', 'hello'),
          ...HOSTILE_NAMES.map((name) => layer.file(`odd/${name}`, 'odd')),
        ],
      },
      {
        directory: middle,
        steps: [layer.file('app/main.js', 'z'.repeat(2500)), layer.file('lib/big', 'b'.repeat(9000))],
      },
      { directory: top, steps: [layer.whiteout('app/cache')] },
    ]);
    const { code, stderr } = await stratafs(['report', reference, '-o', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  const names = (page: Page) => page.locator('#tree .rows > .row .name bdi').allTextContents();

  it('asks for nothing but itself, and complains of nothing', async () => {
    const { page, complaints, requests } = await browser.open(file);
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [`file://${file}`] });
    expect(await page.locator('script').count()).toBe(2);
  });

  it('tells the bytes and names that history, deleted and du tell', async () => {
    const { page } = await browser.open(file);
    const json = async (...words: string[]) =>
      // biome-ignore lint/suspicious/noExplicitAny: fields of several commands.
      jsonRecords<any>((await stratafs(words)).stdout);
    const history = await json('history', '--json', reference);
    const table = await page
      .locator('section:has(h2:text-is("Layers")) tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => [...row.querySelectorAll('td')].map(({ textContent }) => textContent)),
      );
    expect(
      table.map(([number, , , stored, shown, hidden, added, changed, deleted]) => [
        number,
        stored,
        shown,
        hidden,
        added,
        changed,
        deleted,
      ]),
    ).toEqual(
      history.map((one) => [
        String(one.layer),
        ...[one.stored.bytes, one.shown.bytes, one.hidden.bytes].map((bytes) =>
          bytes < 1000 ? `${bytes}B` : `${Number((bytes / 1000).toPrecision(3))}kB`,
        ),
        ...[one.added, one.changed, one.deleted].map(String),
      ]),
    );
    await page.getByLabel('Deleted and overwritten only').check();
    const gone = await page.locator('#tree .rows > .row.deleted, #tree .rows > .row.overwritten').count();
    const deleted = [
      ...(await json('deleted', '--expand', '--json', reference)),
      ...(await json('deleted', '--shadowed', '--json', reference)),
    ];
    expect(gone).toBe(deleted.length);
    const root = await page.locator('#tree .rows > .row').first().locator('.number').allTextContents();
    const sum = (key: 'shown' | 'hidden') => history.reduce((total, one) => total + one[key].bytes, 0) / 1000;
    expect(root.slice(0, 2)).toEqual([
      `${Number(sum('shown').toPrecision(3))}kB`,
      `${Number(sum('hidden').toPrecision(3))}kB`,
    ]);
  });

  it('filters, by path and by layer, and says how many are left', async () => {
    const { page } = await browser.open(file);
    await page.keyboard.press('/');
    await page.keyboard.type('MAIN');
    expect(await names(page)).toEqual(['/', 'app', 'main.js', 'main.js']);
    expect(await page.locator('#count').textContent()).toMatch(/^2 of \d+$/);
    await page.locator('#layer').selectOption('1');
    expect(await page.locator('#tree .rows > .row.overwritten').allTextContents()).toEqual([
      expect.stringContaining('overwritten in 2'),
    ]);
  });

  it('sorts by size and by name', async () => {
    const { page } = await browser.open(file);
    const tops = async () =>
      await page.locator('#tree .rows > .row[aria-level="2"] .name bdi').allTextContents();
    expect(await tops()).toEqual(['app', 'lib', 'odd', 'etc']);
    await page.locator('#order').selectOption('name');
    expect(await tops()).toEqual(['app', 'etc', 'lib', 'odd']);
  });

  it('is walked and folded by keyboard', async () => {
    const { page } = await browser.open(file);
    const grid = page.getByRole('treegrid');
    await grid.focus();
    const current = async () =>
      page.locator(`#${await grid.getAttribute('aria-activedescendant')} .name bdi`).textContent();
    const told = [await current()];
    for (const key of ['ArrowDown', 'ArrowLeft', 'ArrowDown', 'k', 'Enter', 'ArrowRight', 'End', 'Home']) {
      await page.keyboard.press(key);
      told.push(`${key} ${await current()}`);
    }
    expect(told).toEqual([
      '/',
      'ArrowDown app',
      'ArrowLeft app',
      'ArrowDown lib',
      'k app',
      'Enter app',
      'ArrowRight cache',
      'End motd',
      'Home /',
    ]);
  });

  it('goes into a directory by its tile, and shows it in the tree', async () => {
    const { page } = await browser.open(file);
    await page.getByRole('button', { name: 'lib 9kB L2', exact: true }).click({ position: { x: 9, y: 9 } });
    expect(await page.locator('.trail button').allTextContents()).toEqual(['/', 'lib']);
    expect(await page.locator('#tree .current .name bdi').textContent()).toBe('lib');
    await page.locator('.trail button').first().click();
    expect(await page.locator('.tile.depth1').count()).toBe(4);
  });

  it('keeps hostile names as text, and marks what it had to escape', async () => {
    const { page, complaints } = await browser.open(file);
    await page.getByRole('searchbox').fill('/odd/');
    expect((await names(page)).slice(2).sort()).toEqual([...SHOWN_NAMES].sort());
    const marked = await page.locator('#tree .escaped').allTextContents();
    expect(marked.sort()).toEqual([SHOWN_NAMES[2], SHOWN_NAMES[3], SHOWN_NAMES[4]].sort());
    expect({ complaints, title: await page.title() }).toEqual({
      complaints: [],
      title: await page.locator('h1').textContent(),
    });
    expect(await page.locator('img').count()).toBe(0);
  });

  it('reads without script', async () => {
    const { page } = await browser.open(file, { javaScriptEnabled: false });
    expect(await page.locator('h2:visible').allTextContents()).toEqual([
      'Layers',
      'Largest directories',
      'Wasted bytes',
      'Deleted and overwritten',
      'Configuration',
    ]);
    await page.getByText('/app/cache/one').waitFor();
  });

  it('is printed with its tables', async () => {
    const { page } = await browser.open(file);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.live:visible').count()).toBe(0);
    expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
  });

  it.each([
    ['light', 1440],
    ['dark', 390],
  ] as const)('has nothing that axe finds, in %s colours, %i pixels wide', async (colorScheme, width) => {
    const { page } = await browser.open(file, { colorScheme, viewport: { width, height: 900 } });
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });

  describe('of an image', () => {
    const root = temporary.path('docker');
    beforeAll(() => writeSampleStore(root));

    it.each([
      ['tells no value of the environment', [], 'Env[PATH]</td><td class="code">…<'],
      ['tells them with --with-env', ['--with-env'], 'Env[PATH]</td><td class="code">&quot;/'],
    ])('%s', async (name, words, expected) => {
      const made = temporary.path(`${name}.html`);
      const { stderr } = await stratafs(['--root', root, 'report', 'sample/web:1.1', ...words, '-o', made]);
      expect(stderr).toBe('');
      expect(readFileSync(made, 'utf8')).toContain(expected);
    });

    it('is the same bytes twice', async () => {
      const made = [temporary.path('once.html'), temporary.path('twice.html')];
      for (const one of made) await stratafs(['--root', root, 'report', 'sample/web:1.1', '-o', one]);
      const [once, twice] = made.map((one) => readFileSync(one, 'utf8'));
      expect(once).toBe(twice);
    });

    it('is not written into its store', async () => {
      const made = `${root}/report.html`;
      const { code, stderr } = await stratafs(['--root', root, 'report', 'sample/web:1.1', '-o', made]);
      expect({ code, there: existsSync(made) }).toEqual({ code: 2, there: false });
      expect(stderr).toContain('Cannot write');
    });
  });

  describe('of an image that lacks a layer', () => {
    const store = new FakeStore(temporary.path('lacking'));
    const made = temporary.path('lacking.html');

    beforeAll(async () => {
      const layers = ['low', 'gone', 'top'];
      store.image({ names: ['gone:1'], layers });
      const diff = (count: number) =>
        store.path(`overlay2/${FakeStore.cacheId(layers.slice(0, count))}/diff`);
      await oracle.write([
        {
          directory: diff(1),
          steps: [layer.file('etc/motd', 'm'.repeat(70)), layer.file('etc/old', 'o'.repeat(30))],
        },
        { directory: diff(3), steps: [layer.whiteout('etc/old'), layer.file('top', 't'.repeat(5))] },
      ]);
      rmSync(diff(2), { recursive: true, force: true });
      const { code, stderr } = await stratafs(['--root', store.root, 'report', 'gone:1', '-o', made]);
      expect([code, stderr]).toEqual([4, expect.stringContaining('layer 2 is missing')]);
    });

    it('says what is unknown, with and without script', async () => {
      const { page } = await browser.open(made, { javaScriptEnabled: false });
      expect(await page.locator('#told').textContent()).toMatch(/layer 2 is missing.*Layer 2 could not be/s);
      const facts = (await page.locator('header dl > div').allTextContents()).slice(2);
      expect(facts).toEqual([
        'Layers3, 1 of them missing',
        'Storedat least 105B',
        'Shownat least 5B',
        'Hiddenat least 30B',
        'Shown or hidden70B',
        // The root, /etc and /top.
        'Namesat least 3',
      ]);
      const cells = await page
        .locator('section:has(h2:text-is("Layers")) tbody tr')
        .evaluateAll((rows) =>
          rows.map((row) => [...row.querySelectorAll('td')].map(({ textContent }) => textContent)),
        );
      expect(cells.map((row) => [row[0], ...row.slice(3, 9)])).toEqual([
        ['3', '5B', '5B', '0B', '?', '?', '?'],
        ['2 (missing)', '?', '?', '?', '?', '?', '?'],
        ['1', '100B', '?', '?', '3', '0', '0'],
      ]);
      const gone = await page.locator('section:has(h2:text-is("Deleted and overwritten"))').textContent();
      expect(gone).toContain('At least 1 that');
      expect(gone).toContain('deleted in 3, or before in 2 (missing)/etc/old');
      expect(await page.locator('body').textContent()).not.toContain('Nothing is stored that is not shown');
    });

    it('has in its tree what may be shown or hidden, apart from both', async () => {
      const { page, complaints } = await browser.open(made);
      const rows = await page
        .locator('#tree .rows > .row')
        .evaluateAll((all) =>
          all.map((row) => [...row.children].map(({ textContent }) => textContent?.replace(/^[▾▸]/, ''))),
        );
      expect(rows.map((row) => [...row.slice(0, 5), row[7]])).toEqual([
        ['/', '5B', '30B', '70B', 'L3', ''],
        ['etc', '', '30B', '70B', 'L3', ''],
        ['?motd', '', '', '70B', 'L1', 'unknown without 2'],
        ['−old', '', '30B', '', 'L1', 'deleted in 3, or before in 2 (missing)'],
        ['top', '5B', '', '', 'L3', ''],
      ]);
      await page.getByLabel('Deleted and overwritten only').check();
      expect(await page.locator('#count').textContent()).toBe('1 of 5');
      expect([complaints, await axeFindings(page)]).toEqual([[], []]);
    });
  });

  it('takes the place of no file, and leaves none where it fails', async () => {
    const folder = temporary.path('out');
    await oracle.write([{ directory: folder, steps: [] }]);
    writeFileSync(`${folder}/there`, 'mine');
    const there = await stratafs(['report', reference, '-o', `${folder}/there`]);
    const failed = await stratafs(['report', `lowerdir=${temporary.path('no')}`, '-o', `${folder}/new`]);
    expect([there.code, failed.code].every((code) => code !== 0)).toBe(true);
    expect([readdirSync(folder), readFileSync(`${folder}/there`, 'utf8')]).toEqual([['there'], 'mine']);
  });
});
