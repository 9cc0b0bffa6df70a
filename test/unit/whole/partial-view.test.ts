// A directory of which a part is shown, listed in pieces as the kernel does: what was told is not looked at again for each piece.
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { Tree } from '../../../src/overlay/tree.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { PartialView } from '../../../src/whole/partial-view.ts';
import { SelectionDraft } from '../../../src/whole/selection.ts';
import { temporaryForTest } from '../../support/temporary.ts';

const [FILES, PIECE] = [1000, 10];

/** A directory in which every second name is shown. */
function halfShown(isLive: boolean): { readonly view: PartialView; readonly tree: Tree } {
  const directory = temporaryForTest().path('layer');
  mkdirSync(directory);
  const draft = new SelectionDraft();
  for (let i = 0; i < FILES; i++) {
    writeFileSync(`${directory}/file-${i}`, '');
    if (i % 2 === 0) draft.add(asBytes(`/file-${i}`), 'all');
  }
  const source = { kind: 'directory', path: asBytes(directory) } as const;
  const layer = { source, role: isLive ? 'upper' : 'image', ...(isLive ? { live: true } : {}) } as const;
  const stack = {
    label: 'test',
    kind: 'container',
    layers: [layer],
    dataLayers: [],
    dialect: 'trusted',
  } as const;
  const tree = new Tree(stack, { follows: isLive });
  const view = new PartialView(tree);
  view.showOnly(tree.root, draft.selection);
  return { view, tree };
}

function listed({ view, tree }: ReturnType<typeof halfShown>): string[] {
  const names: string[] = [];
  for (let last = 0; ; ) {
    let count = 0;
    for (const node of view.nodesAfter?.(tree.root, last) ?? []) {
      names.push(tree.name(node));
      last = node;
      if (++count === PIECE) break;
    }
    if (count < PIECE) return names;
  }
}

describe('PartialView', () => {
  const shown = Array.from({ length: FILES / 2 }, (_, i) => `file-${2 * i}`).sort();

  it('lists in pieces what is shown of a tree that does not change, each name looked up once', () => {
    const half = halfShown(false);
    const looks = vi.spyOn(half.tree, 'lookupAlone');
    expect(listed(half).sort()).toEqual(shown);
    expect(looks).toHaveBeenCalledTimes(FILES / 2);
  });

  it('lists in pieces what is shown of one that changes, each name compared once, and once more at the end of a piece', () => {
    const half = halfShown(true);
    const compared = vi.spyOn(half.view, 'copyName');
    expect(listed(half).sort()).toEqual(shown);
    expect(compared.mock.calls.length).toBeLessThan(FILES + (2 * FILES) / PIECE);
  });
});
