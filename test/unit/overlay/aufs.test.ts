// The AUFS dialect (`.wh.` names), against the OCI image specification's own definition: layers unpacked one upon another.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Tree } from '../../../src/overlay/tree.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../../../src/sys/statx.ts';

/** A layer as paths: `a/` is a directory, `a@` a symlink, anything else a file; whiteouts by their AUFS names. */
type Paths = readonly string[];

const directory = mkdtempSync(join(tmpdir(), 'sf-aufs-'));
afterAll(() => rmSync(directory, { recursive: true }));
let count = 0;

/** `path type layer`, as the merged tree has it. */
function merged(layers: readonly Paths[]): string[] {
  count += 1;
  const places = layers.map((paths, layer) => writeLayer(join(directory, `${count}`, String(layer)), paths));
  const tree = new Tree({
    label: 'test',
    kind: 'lowerdir',
    dialect: 'aufs',
    dataLayers: [],
    layers: places.map((place) => ({ source: { kind: 'directory', path: asBytes(place) }, role: 'plain' })),
  });
  const lines: string[] = [];
  const visit = (node: number, path: string) => {
    for (const entry of tree.entries(node)) {
      const own = `${path}${tree.name(entry)}`;
      const type = tree.status(entry).mode & S_IFMT;
      const { layer } = tree.source(entry);
      lines.push(`${own}${type === S_IFDIR ? '/' : type === S_IFLNK ? '@' : ''} ${layer}`);
      if (type === S_IFDIR) visit(tree.nodeOf(entry), `${own}/`);
    }
  };
  visit(tree.root, '');
  tree.close();
  return lines.sort();
}

function writeLayer(place: string, paths: Paths): string {
  mkdirSync(place, { recursive: true });
  for (const path of paths) {
    const at = join(place, path.replace(/[@/]$/, ''));
    mkdirSync(dirname(at), { recursive: true });
    if (path.endsWith('/')) mkdirSync(at, { recursive: true });
    else if (path.endsWith('@')) symlinkSync('a', at);
    else writeFileSync(at, '');
  }
  return place;
}

/** The same by the specification: what a layer hides is removed first, then what it holds is added. */
function unpacked(layers: readonly Paths[]): string[] {
  const seen = new Map<string, { type: string; layer: number }>();
  const below = (path: string) =>
    [...seen.keys()].filter((other) => other.startsWith(`${path}/`) || path === '');
  const remove = (path: string) => {
    for (const other of below(path)) seen.delete(other);
    seen.delete(path);
  };
  for (const [layer, paths] of [...layers.entries()].reverse()) {
    for (const path of paths) {
      const [parent, name] = split(path);
      if (name === '.wh..wh..opq') for (const other of below(parent)) seen.delete(other);
      else if (name.startsWith('.wh.') && !name.startsWith('.wh..wh.')) remove(join(parent, name.slice(4)));
    }
    for (const path of [...paths].flatMap(withParents)) {
      const [, name] = split(path);
      if (name.startsWith('.wh.')) continue;
      const type = /[@/]$/.exec(path)?.[0] ?? '';
      const key = path.replace(/[@/]$/, '');
      if (type !== '/' || seen.get(key)?.type !== '/') remove(key);
      seen.set(key, { type, layer });
    }
  }
  return [...seen].map(([path, { type, layer }]) => `${path}${type} ${layer}`).sort();
}

function split(path: string): [parent: string, name: string] {
  const parts = path.replace(/[@/]$/, '').split('/');
  const name = parts.pop() ?? '';
  return [parts.join('/'), name];
}

function withParents(path: string): string[] {
  const [parent] = split(path);
  return parent === '' ? [path] : [...withParents(`${parent}/`), path];
}

/** A layer in which no name is two things, and nothing is below a file. */
const layer = fc
  .uniqueArray(
    fc
      .tuple(
        fc.constantFrom('', '', 'a/', 'b/', 'a/b/', 'b/a/'),
        fc.constantFrom(
          'a',
          'b',
          'c',
          'a/',
          'b/',
          'c/',
          'a@',
          '.wh.a',
          '.wh.b',
          '.wh.c',
          '.wh..wh..opq',
          '.wh..wh.plnk',
        ),
      )
      .map(([parent, name]) => parent + name),
    { maxLength: 12, size: 'max' },
  )
  .map((paths) => {
    const kept = new Map<string, string>();
    for (const path of paths.flatMap(withParents)) {
      const key = path.replace(/[@/]$/, '');
      const parents = withParents(path).slice(0, -1);
      if (!kept.has(key) && parents.every((parent) => kept.get(parent.slice(0, -1)) === parent))
        kept.set(key, path);
    }
    return [...kept.values()];
  });

describe('AUFS names', () => {
  it.each<[rule: string, layers: readonly Paths[], expected: readonly string[]]>([
    ['hide a name of the layers below', [['.wh.a'], ['a', 'b']], ['b 1']],
    ['hide nothing in their own layer', [['.wh.a', 'a'], ['a']], ['a 0']],
    ['make a directory new that stands beside them', [['.wh.d', 'd/new'], ['d/old']], ['d/ 0', 'd/new 0']],
    ['make a directory opaque', [['d/.wh..wh..opq', 'd/new'], ['d/old']], ['d/ 0', 'd/new 0']],
    ['make the root opaque', [['new'], ['.wh..wh..opq', 'middle'], ['old']], ['middle 1', 'new 0']],
    ['are never shown', [['.wh.none', 'd/.wh..wh.plnk', '.wh..wh.aufs'], []], ['d/ 0']],
    ['end the merge for the layers further down', [['d/x'], ['.wh.d'], ['d/y']], ['d/ 0', 'd/x 0']],
  ])('%s', (_rule, layers, expected) => {
    expect(merged(layers)).toEqual(expected);
    expect(unpacked(layers)).toEqual(expected);
  });

  it('mean what the OCI specification says, in any stack', () => {
    const property = fc.property(fc.array(layer, { minLength: 1, maxLength: 5, size: 'max' }), (layers) => {
      expect(merged(layers)).toEqual(unpacked(layers));
    });
    fc.assert(property, { numRuns: 200, seed: 20_260_727 });
  });
});
