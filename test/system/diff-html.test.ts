// `stratafs diff --html` in a browser: what the page tells is what the other forms tell, by mouse, by keyboard, without script and
// on paper; hostile names stay text, nothing is asked for from anywhere, and any number of changes opens.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeSampleStore } from '../../scripts/sample-store.ts';
import { expectBelow } from '../support/bounds.ts';
import { DiffPair } from '../support/diff-pair.ts';
import { HOSTILE_NAMES, SHOWN_NAMES } from '../support/hostile-names.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { axeFindings, browserForSuite } from '../support/page.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const LONG = 'x'.repeat(65_535);
/** So many rows a page has at most (`MOST_ROWS`). */
const MOST = 300_000;
const NAMES = Number(process.env.NAMES ?? 0);
/** Packages, names below each, and frames in which the table is scrolled. */
const [PACKAGES, EACH, FRAMES] = NAMES > 0 ? [1000, 100, 200] : [500, 10, 20];
const MANY = PACKAGES * EACH;

interface JsonLine {
  readonly t: string;
  readonly path: string;
  readonly op: string;
  readonly what?: readonly string[];
}

describeSystem('stratafs diff --html', ['root', 'overlay', 'python', 'build', 'chromium'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const pair = new DiffPair(temporary, stratafs);
  const browser = browserForSuite();
  const file = temporary.path('diff.html');
  const [empty, hostile] = [temporary.path('empty'), temporary.path('hostile')];
  const manifest = temporary.path('long.mtree');
  const hostileFile = temporary.path('hostile.html');
  const longFile = temporary.path('long.html');
  let stdout = '';

  const write = async (made: string, ...words: string[]) => {
    const told = await stratafs(['diff', '--html', made, ...words]);
    return { code: told.code, stdout: told.stdout, stderr: told.stderr };
  };

  beforeAll(async () => {
    await pair.write(oracle);
    await oracle.write([
      { directory: empty, steps: [] },
      { directory: hostile, steps: HOSTILE_NAMES.map((name) => layer.file(`odd/${name}`, name)) },
    ]);
    writeFileSync(
      manifest,
      `#mtree\n. type=dir mode=0755\n./${LONG} type=file mode=0644 uid=0 gid=0 size=5\n`,
    );
    const told = await write(file, '-p', ...pair.sides);
    stdout = told.stdout;
    expect(told).toEqual({ code: 1, stdout: '', stderr: '' });
    const others = [
      await write(hostileFile, `lowerdir=${empty}`, `lowerdir=${hostile}`),
      await write(longFile, empty, manifest),
    ];
    expect(others.map(({ code }) => code)).toEqual([1, 1]);
  });

  const rowsOf = (page: Page) => page.locator('#changes .rows > .row');
  const paths = (page: Page) => page.locator('#changes .rows > .row .path').allTextContents();
  const table = (page: Page, heading: string) =>
    page
      .locator(`section:has(h2:text-is("${heading}")) tbody tr`)
      .evaluateAll((rows) =>
        rows.map((row) => [...row.querySelectorAll('td')].map(({ textContent }) => textContent ?? '')),
      );
  const json = async (...words: string[]) =>
    (await stratafs(['diff', '--json', ...words, ...pair.sides])).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonLine);

  it('asks for nothing but itself, and complains of nothing', async () => {
    const { page, complaints, requests } = await browser.open(file);
    expect({ complaints, requests, stdout }).toEqual({
      ...{ complaints: [], requests: [`file://${file}`] },
      stdout: '',
    });
    expect(await page.locator('script').count()).toBe(2);
  });

  it('tells each change that JSON lines tell, with its letter', async () => {
    const { page } = await browser.open(file);
    await page.setViewportSize({ width: 1440, height: 3000 });
    await page.getByRole('searchbox').fill('/');
    const changes = (await json('--expand')).filter(({ t }) => t === 'change');
    expect(await page.locator('#count').textContent()).toBe(`${changes.length} of ${changes.length}`);
    const letters = { add: '+', remove: '−', type: 'T', rename: 'R' } as Record<string, string>;
    const letterOf = ({ op, what = [] }: JsonLine) =>
      letters[op] ?? (what.some((each) => ['content', 'target', 'rdev'].includes(each)) ? 'M' : 'm');
    const told = await rowsOf(page).evaluateAll((rows) =>
      rows.map((row) => [
        row.querySelector('.letter')?.textContent?.replace('!', '').replace('?', 'M'),
        row.querySelector('.path')?.textContent?.replace(/\/\*\*$/, ''),
      ]),
    );
    const escaped = (path: string) =>
      Buffer.from(path, 'latin1').toString().replaceAll('\x1b', '\\033').replaceAll('\ufffd', '\\377');
    expect(told).toEqual(changes.map((change) => [letterOf(change), escaped(change.path)]));
  });

  it('tells the totals, layers and growth of the other forms', async () => {
    const { page } = await browser.open(file);
    const fact = (name: string) => page.locator(`dl > div:has(dt:text-is("${name}")) dd`).textContent();
    const summary = (await pair.diff('--summary')).trimEnd().split('\n');
    expect([await fact('Changes'), await fact('Files'), await fact('Growth')]).toEqual(summary);
    const lines = (await pair.diff('--by-layer')).trimEnd().split('\n').slice(1, -3);
    const layers = await table(page, 'By layer');
    expect(layers.map(([name, step, , ...numbers]) => [name, ...numbers, step])).toEqual(
      lines.map((line) => line.trim().split(/\s+/)),
    );
  });

  it.each([
    ['the default form', []],
    ['it with --no-expand', ['--no-expand']],
  ])('has on paper and without script the lines of %s', async (name, words) => {
    const made = temporary.path(`${name}.html`);
    await write(made, ...words, ...pair.sides);
    const { page } = await browser.open(made, { javaScriptEnabled: false });
    const lines = (await pair.diff(...words)).split('\n').slice(3, -3);
    const told = (await table(page, 'Changes')).map((cells) =>
      cells
        .join(' ')
        .split(/[\s,]+/)
        .filter(Boolean),
    );
    const swapped = (words: string[]) => [[...(words[0] ?? '')].reverse().join(''), ...words.slice(1)];
    expect(told).toEqual(
      lines.map((line) =>
        swapped(
          line
            .trim()
            .split(/[\s,]+/)
            .filter(Boolean),
        ),
      ),
    );
  });

  it('says what to look at first, and leads to it', async () => {
    const { page } = await browser.open(file);
    const cards = await page.locator('.signals li').allTextContents();
    expect(cards.map((card) => card.trim())).toEqual([
      '! 3 gained set-user-ID, set-group-ID or capabilities',
      'w 0 became writable for all',
      '? 1 have other contents under the same size and time',
      '▣ 0 packages that differ',
    ]);
    expect((await table(page, 'Look at first')).map((cells) => cells.slice(0, 3).join(' '))).toEqual([
      '! privilege gained /added/suid',
      '! privilege gained /bin/ping',
      '! privilege gained /bin/tool',
      '? same size and time /src/silent',
    ]);
    await page.getByRole('button', { name: 'gained set-user-ID' }).click();
    expect(await paths(page)).toEqual(['/added/**', '/added/suid', '/bin/ping', '/bin/tool']);
    expect(await page.locator('#count').textContent()).toMatch(/^3 of \d+$/);
  });

  it('filters by path, letter, layer and what to look at', async () => {
    const { page } = await browser.open(file);
    await page.locator('body').press('/');
    await page.keyboard.type('SRC/');
    const all = await paths(page);
    expect(all).toContain('/src/app.js');
    await page.getByLabel('?', { exact: true }).uncheck();
    expect(await paths(page)).toEqual(all.filter((path) => path !== '/src/silent'));
    await page.getByLabel('?', { exact: true }).check();
    await page.getByLabel('Only').selectOption({ label: 'same size and time' });
    expect(await paths(page)).toEqual(['/src/silent']);
    await page.getByLabel('Only').selectOption('0');
    await page.locator('#layer').selectOption('A2');
    expect(await paths(page)).toEqual(['/src/moved/from/**', '/src/moved/from/here']);
  });

  it('sorts by its headings, and groups', async () => {
    const { page } = await browser.open(file);
    const heading = page.locator('#change').getByRole('columnheader', { name: 'Bytes' });
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    expect((await paths(page)).slice(0, 2)).toEqual(['/src/app.js', '/src/moved/from/**']);
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('ascending');
    await page.getByLabel('Group by').selectOption('layer');
    expect(await rowsOf(page).locator('strong').allTextContents()).toEqual(['A2', 'B2']);
  });

  it('is walked, opened and closed by keyboard', async () => {
    const { page } = await browser.open(file);
    const grid = page.getByRole('treegrid');
    await grid.focus();
    const told: string[] = [];
    for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'j', 'ArrowLeft', 'ArrowLeft', 'Enter', 'End']) {
      await page.keyboard.press(key);
      const current = page.locator(`#${await grid.getAttribute('aria-activedescendant')}`);
      const state = await current.getAttribute('aria-expanded');
      told.push(`${key} ${await current.locator('.path').textContent()} ${state ?? ''}`.trim());
    }
    expect(told).toEqual([
      'Home /added/** false',
      'ArrowRight /added/** true',
      'ArrowRight /added/suid',
      'j /added/x',
      'ArrowLeft /added/** true',
      'ArrowLeft /added/** false',
      'Enter /added/** true',
      'End /src/silent',
    ]);
  });

  it('tells both sides of a change, the layers by aspect, and its text difference', async () => {
    const { page } = await browser.open(file);
    await page.getByRole('searchbox').fill('app.js');
    const detail = page.getByRole('region', { name: 'The change at hand' });
    await expect.poll(() => detail.locator('h3').textContent()).toBe('M /src/app.js');
    const cells = await detail
      .locator('tbody tr')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map(({ textContent }) => textContent)));
    expect(cells).toEqual([
      ['Size ≠', '14 B', '12 B', 'A2 → B2'],
      ['Mode', '-rw-r--r-- 0644', '-rw-r--r-- 0644', ''],
      ['User', '0', '0', ''],
      ['Group', '0', '0', ''],
      ['Modified ≠', '2001-09-09 01:46:40.000000001Z', '2033-05-18 03:33:20.000000002Z', ''],
    ]);
    const text = await detail.locator('pre').textContent();
    const patch = (await stratafs(['diff', '-p', '--path', '/src/app.js', ...pair.sides])).stdout;
    expect(text).toBe(patch.slice(patch.indexOf('@@')));
    await page.getByRole('searchbox').fill('ping');
    await expect
      .poll(() => detail.locator('tr:has(th:text-is("Capabilities ≠")) td').allTextContents())
      .toEqual(['(none) → cap_net_raw=ep', 'A1 → B2']);
  });

  it('has no contents of files where none are asked for', async () => {
    const made = temporary.path('plain.html');
    await write(made, ...pair.sides);
    const { page } = await browser.open(made);
    await page.getByRole('searchbox').fill('app.js');
    await expect.poll(() => page.locator('.detail h3').textContent()).toBe('M /src/app.js');
    expect(await page.locator('pre').count()).toBe(0);
    expect(await page.locator('footer').textContent()).toContain('No contents of files are in this report.');
  });

  it('goes into a directory by its tile, and narrows the table to it', async () => {
    const { page } = await browser.open(file);
    await page.locator('.tile', { hasText: /^src / }).click({ position: { x: 9, y: 9 } });
    expect(await page.locator('.trail button').allTextContents()).toEqual(['/', 'src']);
    expect((await paths(page)).every((path) => path.startsWith('/src/'))).toBe(true);
    await page.locator('.trail button').first().click();
    expect(await page.getByRole('searchbox').inputValue()).toBe('');
  });

  it('keeps hostile names as text, and marks what it had to escape', async () => {
    const { page, complaints } = await browser.open(hostileFile);
    await page.getByRole('searchbox').fill('/odd/');
    expect((await paths(page)).slice(1).sort()).toEqual(SHOWN_NAMES.map((name) => `/odd/${name}`).sort());
    const marked = await page.locator('#changes .rows .escaped').allTextContents();
    expect(marked.sort()).toEqual([SHOWN_NAMES[2], SHOWN_NAMES[3], SHOWN_NAMES[4]].sort());
    expect({ complaints, title: await page.title(), images: await page.locator('img').count() }).toEqual({
      ...{ complaints: [], title: await page.locator('h1').textContent() },
      images: 0,
    });
  });

  it('shows a path of 64 KiB, and does not grow as wide', async () => {
    const { page, complaints } = await browser.open(longFile, { viewport: { width: 390, height: 900 } });
    expect([await paths(page), complaints]).toEqual([[`/${LONG}`], []]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });

  it('is printed with its tables, and without what needs a screen', async () => {
    const { page } = await browser.open(file);
    await page.emulateMedia({ media: 'print' });
    expect([
      await page.locator('.live:visible').count(),
      await page.locator('.still:visible').count(),
    ]).toEqual([0, 1]);
    expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
  });

  it.each([
    ['light', 1440],
    ['dark', 390],
  ] as const)('has nothing that axe finds, in %s colours, %i pixels wide', async (colorScheme, width) => {
    const { page } = await browser.open(file, { colorScheme, viewport: { width, height: 900 } });
    await page.getByRole('searchbox').fill('app.js');
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });

  it.each([
    ['passed', 'package-added', 0, '✓ passed'],
    ['failed', 'setuid,caps', 1, '✗ failed'],
  ])('tells that the policy %s, and answers as it says', async (name, kinds, code, words) => {
    const made = temporary.path(`${name}.html`);
    const told = await write(made, '--fail-on', kinds, ...pair.sides);
    const reasons = told.stderr.trimEnd().split('\n').filter(Boolean);
    const { page } = await browser.open(made);
    expect({
      code: told.code,
      verdict: await page.locator('.verdict').textContent(),
      reasons: (await table(page, 'Policy')).map(([reason]) => `stratafs: ${reason}`),
    }).toEqual({ code, verdict: `${words} --fail-on ${kinds}`, reasons });
  });

  it('says so where nothing differs, with exit code 0', async () => {
    const made = temporary.path('same.html');
    const [a] = pair.sides;
    expect((await write(made, a, a)).code).toBe(0);
    const { page } = await browser.open(made, { javaScriptEnabled: false });
    await page.getByText('No difference.').waitFor();
  });

  it('is the same bytes twice, and on the standard output', async () => {
    const made = [temporary.path('once.html'), temporary.path('twice.html')];
    for (const one of made) await write(one, ...pair.sides);
    const [once, twice] = made.map((one) => readFileSync(one, 'latin1'));
    expect(twice).toBe(once);
    expect((await write('-', ...pair.sides)).stdout).toBe(once);
  });

  it.each([
    [['--json'], 'Cannot print in two forms at once: --json and --html'],
    [['--tree'], 'Cannot print in two forms at once: --tree and --html'],
    [['--packages', '-p'], 'Cannot print in two forms at once: --packages and --html'],
    [['-z'], 'Cannot end names with NUL: -z goes with --name-status, --name-only or --itemize'],
    [['--depth', '1'], 'Cannot use "--depth": it goes with --stat'],
  ])('does not go with %j', async (words, message) => {
    const made = temporary.path('never.html');
    const told = await write(made, ...words, ...pair.sides);
    expect({ ...told, isThere: existsSync(made) }).toEqual({
      ...{ code: 2, stdout: '', stderr: `stratafs: ${message}\n` },
      isThere: false,
    });
  });

  it('reads no texts of an mtree file', async () => {
    const told = await write(temporary.path('never.html'), '-p', empty, manifest);
    expect([told.code, told.stderr]).toEqual([
      2,
      `stratafs: Cannot use "--patch" with "${manifest}": an mtree file has no contents to read\n`,
    ]);
  });

  it('takes the place of no file, is written into no layer, and leaves none where it fails', async () => {
    const folder = temporary.path('out');
    mkdirSync(folder);
    writeFileSync(`${folder}/there`, 'mine');
    const told = [
      await write(`${folder}/there`, ...pair.sides),
      await write(`${pair.base}/diff.html`, ...pair.sides),
      await write(`${folder}/new`, ...pair.sides, '--path', '/nowhere'),
      await write(`${folder}/no/such`, ...pair.sides),
    ];
    expect(told.map(({ code, stderr }) => `${code} ${stderr}`)).toEqual([
      expect.stringContaining('it is there already'),
      expect.stringContaining('it lies inside the layer'),
      expect.stringContaining('no such file or directory'),
      expect.stringContaining('no such file or directory'),
    ]);
    expect([readdirSync(folder), readFileSync(`${folder}/there`, 'utf8')]).toEqual([['there'], 'mine']);
    expect(existsSync(`${pair.base}/diff.html`)).toBe(false);
  });

  describe('of two images', () => {
    const root = temporary.path('docker');
    beforeAll(() => writeSampleStore(root));

    it('is not written into their store', async () => {
      const told = await write(`${root}/diff.html`, '--root', root, 'sample/web:1.0', 'sample/web:1.1');
      expect([told.code, existsSync(`${root}/diff.html`)]).toEqual([2, false]);
      expect(told.stderr).toContain('it lies inside the store');
    });

    it('names steps, IDs and sharing, and compares their configurations', async () => {
      const made = temporary.path('images.html');
      const told = await write(made, '--root', root, 'sample/web:1.0', 'sample/web:1.1');
      expect(told).toEqual({ code: 1, stdout: '', stderr: '' });
      const { page } = await browser.open(made);
      expect(await page.locator('dd').allTextContents()).toEqual(
        expect.arrayContaining(['sample/web:1.0, d617b87de2db, 2 layers, 225B', '2']),
      );
      const last = (await table(page, 'By layer')).at(-1);
      expect(last?.slice(0, 2)).toEqual(['B3', 'RUN rm /etc/motd && rm -r /srv/plugins && update']);
    });
  });

  describe(`of ${MANY} changes`, () => {
    const [side, many, made] = ['side', 'many.mtree', 'many.html'].map((name) => temporary.path(name)) as [
      string,
      string,
      string,
    ];
    beforeAll(async () => {
      const lines = ['#mtree', '. type=dir mode=0755'];
      for (let i = 0; i < PACKAGES; i++) {
        mkdirSync(`${side}/node_modules/package-${i}/lib`, { recursive: true });
        if (i === 0) lines.push('./node_modules type=dir mode=0755');
        lines.push(`./node_modules/package-${i} type=dir mode=0755`);
        lines.push(`./node_modules/package-${i}/lib type=dir mode=0755`);
        for (let j = 0; j < EACH; j++)
          lines.push(
            `./node_modules/package-${i}/lib/module-${j}.js size=${i * j} mode=0644 uid=0 gid=0 type=file`,
          );
      }
      writeFileSync(many, `${lines.join('\n')}\n`);
      expect((await write(made, side, many)).code).toBe(1);
    });

    it('is less than 100 bytes a change, shows rows soon, filters and scrolls without a wait', async () => {
      expect(statSync(made).size).toBeLessThan(100 * MANY);
      const begun = performance.now();
      const { page, complaints } = await browser.open(made);
      expectBelow(1000, performance.now() - begun);
      expect([await page.locator('#count').textContent(), complaints]).toEqual([`${MANY} of ${MANY}`, []]);
      const filtered = await page.evaluate(() => {
        const words = document.querySelector('#words') as HTMLInputElement;
        const start = performance.now();
        words.value = 'package-77/';
        words.dispatchEvent(new Event('input'));
        document.querySelector('#change')?.getBoundingClientRect();
        return performance.now() - start;
      });
      expectBelow(100, filtered);
      expect(await page.locator('#count').textContent()).toBe(`${EACH} of ${MANY}`);
      await page.getByRole('searchbox').fill('');
      const late = await page.evaluate(
        (most) =>
          new Promise<number>((resolve) => {
            const box = document.querySelector('#change') as HTMLElement;
            const frames: number[] = [];
            const step = (now: number) => {
              frames.push(now);
              box.scrollTop += 400;
              if (frames.length < most) requestAnimationFrame(step);
              else resolve(frames.filter((at, i) => at - (frames[i - 1] ?? at) > 25).length);
            };
            requestAnimationFrame(step);
          }),
        FRAMES,
      );
      expectBelow(10, late);
      await page.getByRole('treegrid').press('End');
      expect((await paths(page)).at(-1)).toContain(`/module-${EACH - 1}.js`);
      for (const key of ['PageUp', 'k', 'k', 'j', 'PageUp', 'Home', 'PageDown'])
        await page.getByRole('treegrid').press(key);
      const places = await rowsOf(page).evaluateAll((rows) =>
        rows.map((row) => Number(row.getAttribute('aria-rowindex'))),
      );
      // Each once, in the order in which they are read aloud.
      expect(places).toEqual(places.map((_, i) => i + 2));
      expect(places.length).toBeLessThan(100);
    });
  });

  it.runIf(NAMES > MOST)(
    `opens with ${NAMES} names, and says what it left out`,
    async () => {
      const [many, made] = [temporary.path('names.mtree'), temporary.path('names.html')];
      const lines = ['#mtree', '. type=dir mode=0755', './d type=dir mode=0755'];
      for (let i = 0; i < NAMES - 1; i++)
        lines.push(`./d/name-${i} type=file mode=0644 uid=0 gid=0 size=${i}`);
      writeFileSync(many, `${lines.join('\n')}\n`);
      expect((await write(made, empty, many)).code).toBe(1);
      const { page, complaints } = await browser.open(made);
      expect({
        complaints,
        footer: await page.locator('footer').textContent(),
        changes: await page.locator('dl > div:has(dt:text-is("Changes")) dd').textContent(),
        rows: await paths(page),
        count: await page.locator('#count').textContent(),
      }).toEqual({
        complaints: [],
        footer: expect.stringContaining(
          `${NAMES - MOST} of ${NAMES} changes are in no row, though in all sums.`,
        ),
        changes: expect.stringContaining(`${NAMES} added`),
        rows: ['/d/**'],
        count: `${MOST} of ${MOST}`,
      });
      await page.getByRole('treegrid').press('ArrowRight');
      await page.getByRole('treegrid').press('End');
      expect((await paths(page)).at(-1)).toMatch(/^\/d\/name-\d+$/);
    },
    600_000,
  );
});
