// The merged tree on plain directories, as far as that takes no privilege: walking paths, looking names up, reading, and
// what a tree says when the layers change under it.
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Attributes } from '../../../src/overlay/attributes.ts';
import { Directories } from '../../../src/overlay/layer/directories.ts';
import { LayerReader } from '../../../src/overlay/layer/reader.ts';
import { Listings } from '../../../src/overlay/listings.ts';
import { Loader } from '../../../src/overlay/load.ts';
import { walk } from '../../../src/overlay/path.ts';
import { RECORDED_ROOT, RecordedLayer } from '../../../src/overlay/recorded/recorded-layer.ts';
import { RowWriter } from '../../../src/overlay/row-writer.ts';
import { Table } from '../../../src/overlay/table.ts';
import { Tree } from '../../../src/overlay/tree.ts';
import type { TreeOptions } from '../../../src/overlay/tree-parts.ts';
import { asBytes, type ByteString } from '../../../src/sys/bytes.ts';
import { E, Errno, errnoName } from '../../../src/sys/errors.ts';
import { prlimit } from '../../../src/sys/libc.ts';

const root = mkdtempSync(join(tmpdir(), 'sf-tree-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;

/** Layers as { path: contents }, top first; a path that ends in `@` is a link to its contents, in `/` a directory. */
function layersOf(...layers: readonly Readonly<Record<string, string>>[]): string[] {
  count += 1;
  return layers.map((files, layer) => {
    const place = join(root, `${count}`, String(layer));
    mkdirSync(place, { recursive: true });
    for (const [path, contents] of Object.entries(files)) {
      const at = Buffer.from(join(place, path.replace(/[@/]$/, '')), 'latin1');
      mkdirSync(Buffer.from(dirname(at.toString('latin1')), 'latin1'), { recursive: true });
      if (path.endsWith('/')) mkdirSync(at, { recursive: true });
      else if (path.endsWith('@')) symlinkSync(contents, at);
      else writeFileSync(at, contents);
    }
    return place;
  });
}

function open(places: readonly string[], options: TreeOptions = {}): Tree {
  const layers = places.map(
    (place) => ({ source: { kind: 'directory', path: asBytes(place) }, role: 'plain' }) as const,
  );
  const stack = { label: 'test', kind: 'lowerdir', layers, dataLayers: [], dialect: 'trusted' } as const;
  return new Tree(stack, options);
}

function contents(tree: Tree, path: string): string {
  const node = tree.nodeOf(walk(tree, path as ByteString, { follow: true }));
  const buffer = Buffer.alloc(100);
  return buffer.toString('latin1', 0, tree.read(node, 0, buffer, 0, 100));
}

function told(answer: () => string): string {
  try {
    return answer();
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return errnoName(error.errno);
  }
}

describe('walk()', () => {
  const tree = open(
    layersOf(
      {
        'a/file': 'top',
        'link@': 'a/file',
        'absolute@': '/a/file',
        'up@': '../../../a',
        'a/out@': '../b/./',
        'loop@': 'loop',
      },
      {
        'a/low': 'low',
        'b/a@': '../a',
        'dangling@': 'none/x',
        'chain@': 'b/a',
        [`${'n'.repeat(255)}`]: 'long',
      },
    ),
  );
  for (let i = 0; i < 41; i++) symlinkSync(i === 0 ? 'a' : `l${i - 1}`, join(root, '1', '1', `l${i}`));
  afterAll(() => tree.close());

  it.each<[path: string, follow: boolean, expected: string]>([
    ['/', true, '0 '],
    ['', true, '0 '],
    ['//a//./file', true, '0 a/file'],
    ['/a/low', true, '1 a/low'],
    ['/a/..', true, '0 '],
    ['/../../a', true, '0 a'],
    ['/b/../a/file', true, '0 a/file'],
    ['/link', true, '0 a/file'],
    ['/link', false, '0 link'],
    ['/link/', false, 'ENOTDIR'],
    ['/up/', false, '0 a'],
    ['/absolute', true, '0 a/file'],
    ['/up/file', false, '0 a/file'],
    ['/a/out/a/low', false, '1 a/low'],
    ['/chain/file', true, '0 a/file'],
    ['/l39/file', true, '0 a/file'],
    ['/l40/file', true, 'ELOOP'],
    ['/loop', true, 'ELOOP'],
    ['/loop', false, '0 loop'],
    ['/dangling', true, 'ENOENT'],
    ['/a/file/', true, 'ENOTDIR'],
    ['/a/file/..', true, 'ENOTDIR'],
    ['/a/file/x', true, 'ENOTDIR'],
    ['/none', true, 'ENOENT'],
    [`/${'n'.repeat(255)}`, true, `1 ${'n'.repeat(255)}`],
    [`/${'n'.repeat(256)}`, true, 'ENAMETOOLONG'],
  ])('%s, follow %s: %s', (path, follow, expected) => {
    const answer = () => {
      const { layer, path: at } = tree.source(walk(tree, path as ByteString, { follow }));
      return `${layer} ${at}`;
    };
    expect(told(answer)).toBe(expected);
  });
});

describe('lookup()', () => {
  it('finds what a search of all entries finds, in any directory', () => {
    const byte = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 0x2f);
    const name = fc
      .string({ unit: byte.map((code) => String.fromCharCode(code)), minLength: 1, maxLength: 3 })
      .filter((text) => !/^\.+$|@$/.test(text));
    const property = fc.property(fc.uniqueArray(name, { maxLength: 40 }), fc.array(name), (names, others) => {
      const files = Object.fromEntries(names.map((each) => [each, '']));
      const tree = open(layersOf(files, {}));
      expect(tree.entries(tree.root).map((entry) => tree.name(entry))).toEqual([...names].sort());
      for (const each of [...names, ...others]) {
        const found = tree.find(tree.root, each as ByteString);
        expect(found === 0 ? undefined : tree.name(found)).toBe(names.includes(each) ? each : undefined);
      }
      tree.close();
    });
    fc.assert(property, { numRuns: 100 });
  });
});

describe('a tree', () => {
  it('is loaded once for all who share its memory', () => {
    const places = layersOf({ 'a/b': 'x' }, { 'a/c': 'y' });
    const one = open(places);
    const other = open(places, { memory: one.memory });
    expect(contents(one, '/a/b')).toBe('x');
    const table = new Table(one.memory);
    const rows = table.rowCount;
    expect([contents(other, '/a/b'), contents(other, '/a/c'), table.rowCount]).toEqual(['x', 'y', rows]);
    one.close();
    other.close();
  });

  it('answers EIO for a file that was replaced, and for a directory that has gone', () => {
    const [place = ''] = layersOf({ file: 'old', 'kept/x': 'k', 'gone/x': 'g' });
    const tree = open([place]);
    expect(tree.entries(tree.root).length).toBe(3);
    writeFileSync(join(place, 'new'), 'new');
    renameSync(join(place, 'new'), join(place, 'file'));
    rmSync(join(place, 'gone'), { recursive: true });
    expect(told(() => contents(tree, '/file'))).toBe('EIO');
    expect(told(() => contents(tree, '/gone/x'))).toBe('EIO');
    expect(contents(tree, '/kept/x')).toBe('k');
    tree.close();
  });

  it('takes no name out of a record that no file can have, and gives what is broken a number to be listed by', () => {
    const [place = ''] = layersOf({});
    const record = new RecordedLayer();
    const add = (name: string, xattrs: readonly (readonly [string, ByteString])[] = []) => {
      const object = record.make(0o100644);
      record.setXattrs(object, new Map(xattrs));
      record.name(RECORDED_ROOT, name, object);
    };
    for (const name of ['', '..', 'n'.repeat(256), 'n'.repeat(255)]) add(name);
    add('stub', [['trusted.overlay.metacopy', asBytes('')]]);
    const tree = open([place], { recorded: [record] });
    const told = tree
      .entries(tree.root)
      .map((entry) => [tree.name(entry), errnoName(tree.errnoOf(entry)), tree.status(entry).ino > 0n]);
    expect(told).toEqual([
      ['n'.repeat(255), 'errno 0', true],
      ['stub', 'EPERM', true],
    ]);
    tree.close();
  });

  it('follows no link that takes the place of a directory', () => {
    const [place = ''] = layersOf({ 'a/x': 'x', 'elsewhere/x': 'not this' });
    const tree = open([place]);
    expect(tree.entries(tree.root).length).toBe(2);
    renameSync(join(place, 'a'), join(place, 'moved'));
    symlinkSync('elsewhere', join(place, 'a'));
    expect(told(() => contents(tree, '/a/x'))).toBe('EIO');
    tree.close();
  });

  it('reads as much as there is, from anywhere', () => {
    const [place = ''] = layersOf({ file: '0123456789' });
    appendFileSync(join(place, 'file'), 'abc');
    const tree = open([place]);
    const node = tree.nodeOf(walk(tree, '/file' as ByteString, { follow: true }));
    const out = Buffer.alloc(8, '.');
    const read = (offset: number, size: number) =>
      out.toString('latin1', 1, 1 + tree.read(node, offset, out, 1, size));
    expect([read(0, 5), read(11, 5), read(13, 5), read(100, 5), read(3, 0)]).toEqual([
      '01234',
      'bc',
      '',
      '',
      '',
    ]);
    tree.close();
  });

  it('answers where data and holes begin, and ENXIO where nothing follows', () => {
    const tree = open(layersOf({ file: '0123456789' }));
    const node = tree.nodeOf(walk(tree, '/file' as ByteString, { follow: true }));
    const [SEEK_DATA, SEEK_HOLE] = [3, 4];
    expect([tree.seek(node, 3, SEEK_DATA), tree.seek(node, 3, SEEK_HOLE)]).toEqual([3, 10]);
    expect([tree.seek(node, 10, SEEK_DATA), tree.seek(node, 11, SEEK_HOLE)]).toEqual([-E.ENXIO, -E.ENXIO]);
    tree.close();
  });

  it('leaves no layer open where a later one cannot be opened', () => {
    const [place = ''] = layersOf({ file: 'x' });
    const before = descriptors();
    for (let i = 0; i < 100; i++) expect(told(() => String(open([place, `${place}-none`])))).toBe('ENOENT');
    expect(descriptors()).toBeLessThan(before + 50);
  });

  it('gives the descriptors back that it keeps, where the process has none left', () => {
    const names = Array.from({ length: 60 }, (_, i) => `d${i % 6}/${i}`);
    const tree = open(layersOf(Object.fromEntries(names.map((name) => [name, name]))));
    for (const name of names.slice(0, 50)) contents(tree, `/${name}`);
    const late: string[] = [];
    withoutDescriptors(() => {
      for (const name of names.slice(50)) late.push(told(() => contents(tree, `/${name}`)));
    });
    expect(late).toEqual(names.slice(50));
    tree.close();
  });

  it('that has no room for a directory takes none for it again', () => {
    const places = layersOf({ 'small/a': '', ...Object.fromEntries(hundred('large')) });
    const memory = (bytes: number) => new SharedArrayBuffer(bytes);
    const table = new Table({
      ...{ rows: memory(1 << 16), names: memory(150), records: memory(1 << 12) },
      ...{ links: memory(1 << 18), counters: memory(16) },
    });
    const directories = new Directories(
      table,
      places.map((place) => ({ kind: 'directory', path: asBytes(place) })),
      0,
      4,
    );
    const reader = new LayerReader(table, directories, ['trusted', 'trusted']);
    const options = { redirect: 'follow', metacopy: false, dataOnlyLayers: false } as const;
    const attributes = new Attributes(table, directories, [0]);
    const writer = new RowWriter({ table, reader, options, attributes, log: () => {}, sharesNodes: true });
    const loader = new Loader({ table, reader, options, rows: writer });
    reader.examine(directories.roots[0] ?? 0, '.');
    writer.fillRoot(table.takeRows(1), reader.status);
    const listings = new Listings(table, loader);
    const [large, small] = ['large', 'small'].map((name) =>
      listings.lookup(1, Buffer.from(name), 0, name.length),
    );
    const ask = () => told(() => String(listings.of(large ?? 0)));
    const told1 = ask();
    const rows = table.rowCount;
    expect([told1, ask(), ask(), table.rowCount]).toEqual(['ENOMEM', 'ENOMEM', 'ENOMEM', rows]);
    expect(listings.of(small ?? 0)).toBeGreaterThan(0);
    directories.close();
  });

  it.each<[what: string, ask: (tree: Tree, node: number) => unknown, onFile: string, onDirectory: string]>([
    ['list', (tree, node) => tree.entryCount(node), 'ENOTDIR', 'ok'],
    ['read', (tree, node) => tree.wholeDataDescriptor(node), 'ok', 'EISDIR'],
    ['read the link of', (tree, node) => tree.linkTarget(node), 'EINVAL', 'EINVAL'],
  ])('refuses to %s what is not of that kind', (_what, ask, onFile, onDirectory) => {
    const tree = open(layersOf({ file: 'x', 'a/': '' }));
    const of = (path: string) =>
      told(() => {
        ask(tree, tree.nodeOf(walk(tree, path as ByteString, { follow: true })));
        return 'ok';
      });
    expect([of('/file'), of('/a')]).toEqual([onFile, onDirectory]);
    tree.close();
  });
});

function hundred(directory: string): [path: string, contents: string][] {
  return Array.from({ length: 100 }, (_, i) => [`${directory}/name-${i}`, '']);
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Runs `use`, which must not wait for anything, while not one descriptor is to be had. */
function withoutDescriptors(use: () => void): void {
  const RLIMIT_NOFILE = 7;
  const before = new Uint32Array(4);
  prlimit(RLIMIT_NOFILE, null, before);
  prlimit(RLIMIT_NOFILE, Uint32Array.of(400, 0, before[2] ?? 0, before[3] ?? 0), null);
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    use();
  } finally {
    for (const fd of taken) closeSync(fd);
    prlimit(RLIMIT_NOFILE, before, null);
  }
}
