// `stratafs diff` of stacks whose every step is known: who made each difference, what is told as one, and what a gate sees.
// Made with plain files alone, so that it runs without privilege.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonRecords } from '../../support/json-lines.ts';
import { Temporary, temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from './memory.ts';

/** Path → contents and mode; a path that ends in a slash is a directory. */
type LayerFiles = Readonly<Record<string, readonly [contents: string, mode: number]>>;

/** Stacks of layers that are written once; a stack is named by the letters of its layers, lowest first. */
class Written {
  readonly #directory: string;

  constructor(directory: string, layers: Readonly<Record<string, LayerFiles>>) {
    this.#directory = directory;
    for (const [name, files] of Object.entries(layers)) {
      mkdirSync(join(directory, name), { recursive: true });
      for (const [path, [contents, mode]] of Object.entries(files)) {
        const at = join(directory, name, path);
        mkdirSync(path.endsWith('/') ? at : dirname(at), { recursive: true });
        if (!path.endsWith('/')) writeFileSync(at, contents);
        chmodSync(at, mode);
      }
    }
  }

  reference(stack: string): string {
    return `lowerdir=${[...stack]
      .reverse()
      .map((name) => join(this.#directory, name))
      .join(':')}`;
  }

  async diff(a: string, b: string, ...words: readonly string[]) {
    const { code, out, err } = await stratafs(['diff', ...words, this.reference(a), this.reference(b)]);
    const reasons = err.split('\n').filter((line) => line.includes('--fail-on'));
    return { code, out, reasons };
  }

  /** Lines of changes, gaps made two blanks. */
  async lines(a: string, b: string, ...words: readonly string[]): Promise<string[]> {
    const { out } = await this.diff(a, b, ...words);
    const [, changes = ''] = out.split('\n\n');
    return changes.split('\n').map((line) => line.trim().replace(/ {2,}/g, '  '));
  }

  async json(a: string, b: string, ...words: readonly string[]): Promise<Record<string, unknown>[]> {
    const { out } = await this.diff(a, b, '--json', ...words);
    return jsonRecords(out);
  }
}

const FILES = ['a', 'b', 'c', 'd', 'e'];
const each = (of: (name: string) => readonly [string, number]): LayerFiles =>
  Object.fromEntries(FILES.map((name) => [`app/${name}`, of(name)]));

/** o: an older application; n: its new contents, by a COPY; w: `chmod -R a+w` on it; t: one file changed and given to nobody. */
function application(): Written {
  return new Written(temporaryForTest().directory, {
    l: { 'etc/conf': ['base', 0o644] },
    o: { 'app/': ['', 0o755], ...each((name) => [`old ${name}`, 0o644]) },
    n: { 'app/': ['', 0o755], ...each((name) => [`new ${name}`, 0o644]) },
    w: { 'app/': ['', 0o777], ...each((name) => [`new ${name}`, 0o666]) },
    s: { 'app/': ['', 0o777], 'app/a': ['new a', 0o4666], 'tool/sub/su': ['su', 0o4755] },
  });
}

describe('stratafs diff: who made a difference', () => {
  it('tells contents with the layer they came with, and the mode with the chmod', async () => {
    const written = application();
    expect((await written.lines('lo', 'lonw')).slice(0, 2)).toEqual([
      'm  /app  mode 0755 → 0777  A2 → B4',
      'M  /app/a  content 5 B, from byte 0  B3  mode 0644 → 0666  B4',
    ]);
    const change = (await written.json('lo', 'lonw')).find(({ path }) => path === '/app/a');
    expect(change).toMatchObject({
      what: ['content', 'mode'],
      setBy: { b: { content: 3, mode: 4 } },
      a: { layer: 2 },
      b: { layer: 4 },
    });
    expect(change?.setBy).not.toHaveProperty('a');
  });

  it('says nothing of it in JSON where all is of the layer that is told anyway', async () => {
    for (const line of await application().json('lo', 'lon')) expect(line).not.toHaveProperty('setBy');
  });

  it('tells what is new with the layer its contents came with', async () => {
    const written = application();
    expect(await written.lines('l', 'lnw', '--path', '/app/b')).toEqual([
      '+  /app/b  5 B  B2  mode 0666  B3',
    ]);
    expect(await written.lines('l', 'lnw')).toEqual(['+  /app/**  6 entries, 25B  B2']);
    const [change] = await written.json('l', 'lnw');
    expect(change).toMatchObject({
      subtree: { entries: 6, bytes: 25, origins: [{ layer: 2, entries: 6, bytes: 25 }] },
      b: { layer: 3 },
    });
    expect(change?.subtree).not.toHaveProperty('layers');
  });

  it('tells the layer of A where B only lacks it', async () => {
    const written = application();
    expect(await written.lines('lonw', 'lon')).toEqual(['m  /app/**  6 names  mode go-w  A4']);
    expect((await written.lines('lonw', 'lo')).at(1)).toBe(
      'M  /app/a  content 5 B, from byte 0  A3  mode 0666 → 0644  A4',
    );
  });

  it('does not read contents with --content none, and does not guess', async () => {
    const change = (await application().json('l', 'lnw', '--content', 'none', '--path', '/app/a'))[0];
    expect(change).toMatchObject({ setBy: { b: { mode: 3, type: 2 } } });
    expect(change?.setBy).not.toHaveProperty('b.content');
  });

  it('--by-layer counts each where it is from, with what the layers store', async () => {
    const { out } = await application().diff('lo', 'lonw', '--by-layer');
    expect(out).toMatchInlineSnapshot(`
      "LAYER     ADDED     REMOVED   CHANGED   METADATA   SIZE      STORED    SHOWN     HIDDEN    CREATED BY
      B2        0         0         0         0          +0B       +0B       -25B      +25B      plain
      B3        0         0         5         0          +0B       +25B      +0B       +25B      plain
      B4        0         0         0         6          +0B       +25B      +25B      +0B       plain

      5 changed, 1 metadata only
      layers 29B → 79B (+50B): shown +0B, hidden +50B (25B rewritten in B4 (mode only), 25B rewritten in B3)
      "
    `);
  });

  it('--summary says what became of the growth', async () => {
    const written = application();
    expect((await written.diff('lo', 'lonw', '--summary')).out.split('\n').at(2)).toBe(
      'layers 29B → 79B (+50B): shown +0B, hidden +50B (25B rewritten in B4 (mode only), 25B rewritten in B3)',
    );
    expect((await written.json('lonw', 'lo', '--summary')).at(-1)).toMatchObject({
      growth: {
        a: { stored: 79, shown: 29, hidden: 50 },
        b: { stored: 29, shown: 29, hidden: 0 },
        layers: [
          { side: 'a', layer: 4, stored: -25, shown: -25, hidden: 0 },
          { side: 'a', layer: 3, stored: -25, shown: 0, hidden: -25 },
          { side: 'b', layer: 2, stored: 0, shown: 25, hidden: -25 },
        ],
      },
    });
  });
});

describe('stratafs diff: what is told as one', () => {
  it('is equal changes of one step, and by name what stands out', async () => {
    expect(await application().lines('ln', 'lnws')).toEqual([
      'm  /app/**  5 names  mode a+w  B3',
      '!m  /app/a  mode 0644 → 4666  setuid ADDED  A2 → B4',
      '+  /tool/**  3 entries, 2B  B4',
      '!+  /tool/sub/su  2 B  setuid ADDED  B4',
    ]);
  });

  it('is nothing with --expand, neither in text nor in JSON', async () => {
    const written = application();
    const lines = await written.lines('ln', 'lnws', '--expand');
    const paths = ['/app', ...FILES.map((name) => `/app/${name}`), '/tool', '/tool/sub', '/tool/sub/su'];
    expect(lines.map((line) => line.split('  ')[1])).toEqual(paths);
    const told = (await written.json('ln', 'lnws', '--expand')).slice(0, -1);
    expect(told.map(({ path }) => path)).toEqual(paths);
    for (const change of told) expect(change).not.toHaveProperty('subtree');
    const removed = (await written.json('lnws', 'ln', '--expand')).filter(({ op }) => op === 'remove');
    expect(removed.map(({ path }) => path)).toEqual(paths.slice(-3));
  });

  it('--name-only and --quiet', async () => {
    const written = application();
    expect(await written.diff('ln', 'lns', '--name-only', '-z')).toMatchObject({
      code: 1,
      out: '/app\0/app/a\0/tool\0/tool/sub\0/tool/sub/su\0',
    });
    expect(await written.diff('ln', 'lns', '--quiet')).toEqual({ code: 1, out: '', reasons: [] });
    expect(await written.diff('ln', 'ln', '--quiet')).toEqual({ code: 0, out: '', reasons: [] });
  });
});

/** All that decides how much is told. */
const FOLDS = [
  [],
  ['--expand'],
  ['--no-expand'],
  ['--json'],
  ['--json', '--no-expand'],
  ['--tree'],
  ['--stat'],
];
const MORE_FORMS = [['--by-layer'], ['--summary'], ['--quiet'], ['--quiet', '--no-expand'], ['--name-only']];

describe('stratafs diff --fail-on', () => {
  it.each([...FOLDS, ...MORE_FORMS])('names each path that did it, with %s %s', async (...words) => {
    const options = words.filter((word) => word !== undefined);
    const { code, reasons } = await application().diff(
      'ln',
      'lnws',
      ...options,
      '--fail-on',
      'setuid,world-writable',
    );
    expect([code, reasons]).toEqual([
      1,
      [
        'stratafs: --fail-on world-writable: /app',
        'stratafs: --fail-on setuid,world-writable: /app/a',
        ...['b', 'c', 'd', 'e'].map((name) => `stratafs: --fail-on world-writable: /app/${name}`),
        'stratafs: --fail-on setuid: /tool/sub/su',
      ],
    ]);
  });

  it('world-writable is neither a sticky directory, nor what was so before', async () => {
    const written = new Written(temporaryForTest().directory, {
      l: { 'open/': ['', 0o777] },
      n: { 'open/': ['', 0o777], 'open/x': ['x', 0o644], 'tmp/': ['', 0o1777] },
    });
    expect(await written.diff('l', 'n', '--fail-on', 'world-writable')).toMatchObject({
      code: 0,
      reasons: [],
    });
  });

  it('growth counts what is hidden too, and says what it is', async () => {
    const written = application();
    expect(await written.diff('ln', 'lnw', '--quiet', '--fail-on', 'growth=24')).toEqual({
      code: 1,
      out: '',
      reasons: [
        'stratafs: --fail-on growth=24: layers 29B → 54B (+25B): shown +0B, hidden +25B (25B rewritten in B3 (mode only))',
      ],
    });
    expect(await written.diff('ln', 'lnw', '--quiet', '--fail-on', 'growth=25B')).toMatchObject({ code: 0 });
    expect((await written.diff('ln', 'lnw', '--fail-on', 'growth=1', '--path', '/app')).code).toBe(2);
  });

  it.each(['growth=', 'growth=x', 'growth=5X', 'growth=-1', 'growth=5iB'])('refuses "%s"', async (word) => {
    const { code, out } = await application().diff('l', 'ln', '--fail-on', word);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('sees the same however much is told, of random layers', async () => {
    const file = fc.tuple(fc.constantFrom('', 'x', 'yy'), fc.constantFrom(0o644, 0o666, 0o4755, 0o600));
    const path = fc
      .tuple(fc.constantFrom('p', 'q'), fc.constantFrom('p', 'q'), fc.constantFrom('1', '2', '3'))
      .map((names) => names.join('/'));
    const layer = fc.dictionary(path, file, { maxKeys: 8 });
    await fc.assert(
      fc.asyncProperty(layer, layer, layer, async (l, m, n) => {
        const temporary = new Temporary();
        try {
          const written = new Written(temporary.directory, { l, m, n });
          const seen = new Set<string>();
          for (const options of [...FOLDS, ['--quiet', '--no-expand']]) {
            const { code, reasons } = await written.diff(
              'l',
              'lmn',
              ...options,
              '--fail-on',
              'setuid,world-writable',
            );
            seen.add(`${code}\n${reasons.join('\n')}`);
          }
          expect([...seen]).toHaveLength(1);
        } finally {
          await temporary.end();
        }
      }),
      { numRuns: Number(process.env.DIFF_POOLS ?? 10) },
    );
  });
});
