// Where paths lead: the same as in the merged tree, though only the layers are asked.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canonical } from '../../../src/layers/canonical.ts';
import { Layers } from '../../../src/layers/layers.ts';
import { provenance } from '../../../src/layers/provenance.ts';
import { walk } from '../../../src/overlay/path.ts';
import { Tree } from '../../../src/overlay/tree.ts';
import type { LayerStack } from '../../../src/store/layer-stack.ts';
import { asBytes, type ByteString } from '../../../src/sys/bytes.ts';
import { temporaryForTest } from '../../support/temporary.ts';

/** Top first; a layer is its paths, those with a value being links. A mark is a name of the AUFS dialect. */
function stackOf(...layers: readonly Readonly<Record<string, string | undefined>>[]): LayerStack {
  const temporary = temporaryForTest();
  return {
    ...{ label: 'test', kind: 'lowerdir', dialect: 'aufs', dataLayers: [] },
    layers: layers.map((paths, index) => {
      const root = temporary.path(String(index));
      mkdirSync(root);
      for (const [path, target] of Object.entries(paths)) {
        mkdirSync(dirname(`${root}/${path}`), { recursive: true });
        if (target === undefined) writeFileSync(`${root}/${path}`, '');
        else symlinkSync(target, `${root}/${path}`);
      }
      return { source: { kind: 'directory', path: asBytes(root) }, role: 'plain' };
    }),
  };
}

const LINKED = [
  { 'here/d/file': undefined, 'gone/.wh.old': undefined, there: 'here/d', up: 'here/../here/d/..' },
  {
    'gone/old': undefined,
    'here/low/x': undefined,
    loop: 'loop',
    rooted: '/here/low',
    dangling: 'nothing/at/all',
  },
] as const;

describe('canonical()', () => {
  it.each<[path: string, names: string]>([
    ['/', ''],
    ['/here/low/x', 'here/low/x'],
    ['there/file', 'here/d/file'],
    ['there', 'there'],
    ['/there/', 'here/d'],
    ['up/low/x', 'here/low/x'],
    ['/../rooted/x', 'here/low/x'],
    ['rooted/none/at/all', 'here/low/none/at/all'],
    ['gone/old', 'gone/old'],
    ['loop/x', 'loop/x'],
    ['dangling/x', 'dangling/x'],
    ['here/d/file/x', 'here/d/file/x'],
    [`there/${'n'.repeat(256)}`, `here/d/${'n'.repeat(256)}`],
  ])('leads %s to "%s"', (path, names) => {
    const layers = new Layers(stackOf(...LINKED));
    expect(canonical(layers, asBytes(path)).join('/')).toBe(names);
    layers.close();
  });

  it.each(['/', 'there', 'there/', 'there/file', 'up/low/x', 'rooted/x', 'loop', '/../here//./low'])(
    'leads %s where the merged tree does',
    (path) => {
      const stack = stackOf(...LINKED);
      const [tree, layers] = [new Tree(stack), new Layers(stack)];
      expect(canonical(layers, asBytes(path))).toEqual(walked(tree, path));
      tree.close();
      layers.close();
    },
  );

  it('follows no link that an opaque root hides, and tells it as not visible', () => {
    const layers = new Layers(stackOf({ '.wh..wh..opq': undefined, other: undefined }, { link: 'other' }));
    const names = canonical(layers, asBytes('link/'));
    expect([names, provenance(layers, names).visible]).toEqual([['link'], false]);
    layers.close();
  });
});

function walked(tree: Tree, path: string): ByteString[] {
  const names: ByteString[] = [];
  for (let at = walk(tree, asBytes(path), { follow: false }); at !== tree.root; at = tree.parentOf(at))
    names.unshift(tree.name(at));
  return names;
}
