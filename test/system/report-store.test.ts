// `stratafs report --store` in a browser: what the page tells is what the commands tell, with and without script and on paper;
// hostile names stay text, and nothing is asked for from anywhere.

import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { FakeStore } from '../support/fake-store.ts';
import { HOSTILE_NAMES, SHOWN_NAMES } from '../support/hostile-names.ts';
import { jsonRecords, jsonRecordsOfBytes } from '../support/json-lines.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { axeFindings, browserForSuite } from '../support/page.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

/** More than a table has without script. */
const MANY = 420;

const SCRIPT = '</script><script>alert(1)</script>';

describeSystem('stratafs report --store', ['root', 'python', 'build', 'chromium'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const browser = browserForSuite();
  const store = new FakeStore(temporary.path('docker'));
  const file = temporary.path('report.html');
  const open = (options = {}) => browser.open(file, options, 'button.sort');
  const json = async (...words: string[]) => {
    const { stdout } = await stratafs(['--root', store.root, ...words]);
    // biome-ignore lint/suspicious/noExplicitAny: fields of several commands.
    return jsonRecordsOfBytes<any>(stdout);
  };

  beforeAll(async () => {
    const base = ['base'];
    const app = ['base', `rm -r many ${SCRIPT}`];
    const other = ['base', 'other'];
    const image = store.image({ names: ['app:1', 'app:latest'], layers: app });
    store.image({ names: ['other:1'], layers: other, created: '2024-05-06T07:08:09Z' });
    store.container({ name: 'web', image, config: { Args: ['-c', SCRIPT] } });
    const diff = (layers: readonly string[]) => store.path(`overlay2/${FakeStore.cacheId(layers)}/diff`);
    const many = [...Array(MANY).keys()].map((i) => `many/file-${String(i).padStart(3, '0')}`);
    await oracle.write([
      {
        directory: diff(base),
        steps: [
          ...many.map((name, i) => layer.file(name, 'x'.repeat(i))),
          ...HOSTILE_NAMES.map((name) =>
            layer.file(`odd/${name}`, 'odd', { mtime: 86_400n * 1_000_000_000n }),
          ),
        ],
      },
      {
        directory: diff(app),
        steps: [...many, ...HOSTILE_NAMES.map((name) => `odd/${name}`)].map((name) => layer.whiteout(name)),
      },
      { directory: diff(other), steps: [layer.file('etc/other', 'other')] },
    ]);
    const { stdout } = await stratafs(['--root', store.root, 'report', '--store', '-o', file]);
    expect(stdout).toMatch(/^[0-9a-f]{64} {2}.*report\.html\n$/);
  });

  const cells = (page: Page, table: string) =>
    page
      .locator(`[data-table="${table}"] tbody tr`)
      .evaluateAll((rows) =>
        rows.map((row) => [...row.querySelectorAll('td')].map((one) => one.textContent)),
      );
  /** The values of one column of a table, by its heading. */
  const column = async (page: Page, table: string, heading: string) => {
    const heads = await page.locator(`[data-table="${table}"] thead th`).allTextContents();
    const at = heads.indexOf(heading);
    expect([heading, at >= 0]).toEqual([heading, true]);
    return (await cells(page, table)).map((row) => row[at]);
  };
  const count = (page: Page, table: string) => page.locator(`[data-table="${table}"] .count`).textContent();
  const filter = (page: Page, table: string) => page.locator(`[data-table="${table}"] input`);

  it('asks for nothing but itself, and complains of nothing', async () => {
    const { page, complaints, requests } = await open();
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [`file://${file}`] });
    expect(await page.locator('script:not([type])').count()).toBe(1);
  });

  it('tells on its first page how it was made, and what was and was not done', async () => {
    const { page } = await open();
    const facts = await page
      .locator('header dl > div')
      .evaluateAll((all) =>
        Object.fromEntries(all.map((one) => [...one.children].map((part) => part.textContent))),
      );
    expect(facts).toMatchObject({
      Tool: 'stratafs 0.1.0',
      'Command line': `stratafs --root ${store.root} report --store -o ${file}`,
      'Data root': store.root,
      Stores: 'docker overlay2',
      Engine: 'not at work',
    });
    expect(facts['When (UTC)']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    const done = (await cells(page, 'done')).map(([state, part]) => `${state} ${part}`);
    expect(done).toEqual([
      '✓ done Images and containers',
      '✓ done Sizes on disk',
      '✓ done Volumes',
      '✓ done Health',
      '✓ done Deleted things',
      '✓ done Timeline',
      '– not done Verification',
      '– not done Manifests',
    ]);
    expect(await column(page, 'images', 'Verdict')).toEqual(['– not verified', '– not verified']);
    expect(await page.locator('#verification').textContent()).toContain('Not verified');
  });

  it('has the numbers that images, containers, df, doctor and deleted tell', async () => {
    const { page } = await open();
    const images = await json('images', '--json');
    expect(await column(page, 'images', 'Image')).toEqual(images.map(({ tags }) => tags.join(', ')));
    expect(await column(page, 'images', 'ID')).toEqual(images.map(({ id }) => id.slice(7, 19)));
    expect(await column(page, 'images', 'Size')).toEqual(images.map(({ size }) => `${size}B`));
    const containers = await json('containers', '--json');
    expect(await column(page, 'containers', 'Container')).toEqual(containers.map(({ name }) => name));
    expect(await column(page, 'containers', 'Command')).toEqual(containers.map(({ command }) => command));
    const usage = await json('df', '--json');
    const groups = usage.filter(({ t, count: places }) => t === 'group' && places > 0);
    expect(await column(page, 'space', 'What')).toEqual([...groups.map(({ name }) => name), 'Everything']);
    const bytes = await page
      .locator('[data-table="space"] tbody td:nth-child(3) span')
      .evaluateAll((all) => all.map((one) => one.getAttribute('title')));
    const total = usage.find(({ t }) => t === 'total');
    expect(bytes).toEqual([...groups, total].map((one) => `${one.bytes} bytes`));
    const findings = (await json('doctor', '--json')).filter(({ t }) => t === 'finding');
    expect(await column(page, 'health', 'Finding')).toEqual(findings.map(({ code }) => code));
    expect(await column(page, 'health', 'Path')).toEqual(findings.map(({ path }) => path));
    // What the image deleted the container has not either.
    const deleted = await json('deleted', '--json', 'app:1');
    expect(await json('deleted', '--json', 'web')).toHaveLength(deleted.length);
    expect(await count(page, 'deleted')).toBe(`${deleted.length} of ${deleted.length}`);
    await filter(page, 'deleted').fill('file-41');
    expect(await cells(page, 'deleted')).toEqual(
      [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((i) => [
        ...[`/many/file-41${i}`, `${410 + i}B`, 'app:1', '1', '2', 'whiteout'],
        ...['2024-01-02 03:04:05Z', 'app:1, web'],
      ]),
    );
  });

  it('has a line for each layer, with all that have it', async () => {
    const { page } = await open();
    const chains = new Map<string, string[]>();
    for (const name of ['app:1', 'other:1', 'web']) {
      const { stdout } = await stratafs(['--root', store.root, 'inspect', '--json', name]);
      const { layers } = JSON.parse(stdout) as { layers: { directory: string }[] };
      for (const [i, { directory }] of layers.entries())
        chains.set(directory, [...(chains.get(directory) ?? []), `${name} #${layers.length - i}`]);
    }
    const told = await column(page, 'layers', 'Images and containers');
    expect(told.map((names) => names?.split(', ').sort().join()).sort()).toEqual(
      [...chains.values()].map((names) => names.sort().join()).sort(),
    );
  });

  it('has the events of the timeline by day', async () => {
    const { page } = await open();
    const { stdout } = await stratafs(['--root', store.root, 'timeline', '--all', '--format', 'jsonl']);
    const days = new Map<string, { macb: string[]; removals: number }>();
    const events = jsonRecords<{ time: string; macb: string; state: string }>(stdout);
    for (const { time, macb, state } of events) {
      const day = days.get(time.slice(0, 10)) ?? { macb: [], removals: 0 };
      days.set(time.slice(0, 10), day);
      day.macb.push(macb);
      if (['removed', 'whiteout'].includes(state)) day.removals += 1;
    }
    const expected = [...days]
      .sort(([a], [b]) => (a < b ? 1 : -1))
      .map(([day, { macb, removals }]) => [
        ...[day, macb.length],
        ...[...'macb'].map((letter) => macb.filter((one) => one.includes(letter)).length),
        removals,
      ]);
    expect(await cells(page, 'days')).toEqual(expected.map((row) => row.map(String)));
    expect(expected.map(([day]) => day)).toContain('1970-01-02');
  });

  it('filters, counts, and shows the rest piece by piece, the keyboard with it', async () => {
    const { page } = await open();
    const rows = page.locator('[data-table="deleted"] tbody tr');
    expect(await rows.count()).toBe(300);
    const more = page.locator('[data-table="deleted"] .more');
    expect(await more.textContent()).toBe(
      `Show ${MANY + HOSTILE_NAMES.length - 300} more of ${MANY + HOSTILE_NAMES.length - 300}`,
    );
    await more.focus();
    await page.keyboard.press('Enter');
    expect(await rows.count()).toBe(MANY + HOSTILE_NAMES.length);
    expect(await more.isHidden()).toBe(true);
    expect(await page.evaluate('document.activeElement.rowIndex')).toBe(301);
    await filter(page, 'deleted').fill('FILE-00');
    expect([await rows.count(), await count(page, 'deleted')]).toEqual([
      10,
      `10 of ${MANY + HOSTILE_NAMES.length}`,
    ]);
  });

  it('leads the key / to the filter that is next, and the numbers of the head to their sections', async () => {
    const { page } = await open();
    await page.locator('#deleted > summary').click();
    await page.locator('#deleted .table').waitFor({ state: 'hidden' });
    await page.locator('nav a', { hasText: 'deleted things' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#deleted .table').waitFor({ state: 'visible' });
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toContain(
      'a newer one took away',
    );
    await page.keyboard.type('/odd/');
    expect(await count(page, 'deleted')).toBe(`${HOSTILE_NAMES.length} of ${MANY + HOSTILE_NAMES.length}`);
  });

  it('sorts by any column, sizes by their bytes, and says by which', async () => {
    const { page } = await open();
    const heads = page.locator('[data-table="deleted"] thead th');
    const head = (name: string) => heads.filter({ hasText: name });
    await head('Path').locator('button').click();
    expect(await head('Path').getAttribute('aria-sort')).toBe('ascending');
    expect((await column(page, 'deleted', 'Path')).slice(0, 2)).toEqual(['/many/file-000', '/many/file-001']);
    await head('Size').locator('button').click();
    expect(await head('Size').getAttribute('aria-sort')).toBe('descending');
    expect((await column(page, 'deleted', 'Size')).slice(0, 2)).toEqual(['419B', '418B']);
    await head('Size').locator('button').press('Enter');
    expect((await column(page, 'deleted', 'Size')).slice(0, 2)).toEqual(['0B', '1B']);
    expect(await head('Path').getAttribute('aria-sort')).toBe(null);
  });

  it('folds its sections by keyboard', async () => {
    const { page } = await open();
    await page.locator('#images > summary').focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-table="images"]').waitFor({ state: 'hidden' });
    await page.keyboard.press(' ');
    await page.locator('[data-table="images"]').waitFor({ state: 'visible' });
  });

  it('keeps hostile names as text, and marks what it had to escape', async () => {
    const { page, complaints } = await open();
    await filter(page, 'deleted').fill('/odd/');
    expect((await column(page, 'deleted', 'Path')).sort()).toEqual(
      SHOWN_NAMES.map((name) => `/odd/${name}`).sort(),
    );
    const marked = await page.locator('[data-table="deleted"] .escaped').allTextContents();
    expect(marked.sort()).toEqual(
      [SHOWN_NAMES[2], SHOWN_NAMES[3], SHOWN_NAMES[4]].map((name) => `/odd/${name}`).sort(),
    );
    expect((await column(page, 'layers', 'Step')).filter((step) => step?.includes(SCRIPT))).toHaveLength(1);
    expect((await column(page, 'containers', 'Command')).join()).toContain(SCRIPT);
    expect({ complaints, images: await page.locator('img').count() }).toEqual({ complaints: [], images: 0 });
  });

  it('reads without script', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    expect(await page.locator('h2:visible').allTextContents()).toEqual([
      'Look at first',
      'What was done, and what was not',
      'Files of this report',
      'Images',
      'Containers',
      'Volumes',
      'Layers by who has them',
      'What takes the space',
      'Health',
      'Verification',
      'Deleted things',
      'Timeline by day',
    ]);
    expect(await cells(page, 'deleted')).toHaveLength(300);
    await page.getByText(`And ${MANY + HOSTILE_NAMES.length - 300} more`).waitFor();
    await page.getByText('/many/file-419').waitFor();
  });

  it('is printed whole, folded sections too', async () => {
    const { page } = await open();
    await page.locator('#images > summary').click();
    await page.emulateMedia({ media: 'print' });
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await page.locator('[data-table="images"]').isVisible()).toBe(true);
    expect(await page.locator('.table .controls:visible, .more:visible').count()).toBe(0);
    expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
  });

  it('has a policy that lets no script in but its own', () => {
    const html = readFileSync(file, 'utf8');
    expect(html).toContain(`content="default-src 'none'; script-src 'sha256-`);
    expect(html.match(/<script/g)?.length).toBe(
      (html.match(/<script type="application\/octet-stream"/g)?.length ?? 0) + 1,
    );
  });

  it.each([
    ['light', 1440],
    ['dark', 390],
  ] as const)('has nothing that axe finds, in %s colours, %i pixels wide', async (colorScheme, width) => {
    const { page } = await open({ colorScheme, viewport: { width, height: 900 } });
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });
});
