// The bytes that changed, as tiles by directory: those of what was added, removed or changed.
import { LETTERS } from '../../changes/record.ts';
import type { Tile, TileTree } from '../treemap.ts';
import type { ChangeRows } from './rows.ts';

const LOOKS: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed' };

export interface BytesNode {
  readonly name: string;
  readonly parent: BytesNode | undefined;
  /** The row of a change here; absent where there is none. */
  row?: number;
  bytes: number;
  /** Bits by the numbers of `LETTERS`, of all in it. */
  letters: number;
  readonly parts: Map<string, BytesNode>;
}

export class BytesTiles implements TileTree<BytesNode> {
  readonly root: BytesNode = newNode('/', undefined);

  constructor(rows: ChangeRows) {
    const { count, paths, letter, bytes, inside, entries } = rows;
    let head: { readonly node: BytesNode; readonly letters: number; left: number } | undefined;
    for (let row = 0; row < count; row++) {
      const own = bytes[row] ?? 0;
      if (inside[row] !== 1) {
        this.#addLeft(head);
        head = undefined;
      }
      const isHead = (entries[row] ?? 0) > 0;
      if (own === 0 && !isHead) continue;
      const node = this.#nodeOf(paths[row] ?? '');
      node.row = row;
      const letters = 1 << (letter[row] ?? 0);
      if (isHead && inside[row] !== 1) head = { node, letters, left: own };
      else {
        add(node, own, letters);
        if (inside[row] === 1 && head !== undefined) head.left -= own;
      }
    }
    this.#addLeft(head);
  }

  tile({ name, bytes, letters }: BytesNode): Tile {
    const signs = LETTERS.filter((_, i) => (letters & (1 << i)) !== 0);
    const looks = new Set(signs.map((sign) => LOOKS[sign] ?? 'changed'));
    const [look = 'mixed'] = looks.size === 1 ? looks : [];
    return { name, bytes, look, note: signs.map((sign) => (sign === '-' ? '−' : sign)).join('') };
  }

  parts(node: BytesNode): BytesNode[] {
    return [...node.parts.values()].filter(({ bytes }) => bytes > 0).sort((x, y) => y.bytes - x.bytes);
  }

  trail(node: BytesNode): BytesNode[] {
    const trail = [node];
    for (let { parent } = node; parent !== undefined; parent = parent.parent) trail.unshift(parent);
    return trail;
  }

  /** What is in a directory told as one and in no row of its own. */
  #addLeft(
    head: { readonly node: BytesNode; readonly letters: number; readonly left: number } | undefined,
  ): void {
    if (head !== undefined && head.left > 0) add(head.node, head.left, head.letters);
  }

  #nodeOf(path: string): BytesNode {
    let node = this.root;
    for (const name of path.split('/')) {
      if (name === '') continue;
      const known = node.parts.get(name) ?? newNode(name, node);
      node.parts.set(name, known);
      node = known;
    }
    return node;
  }
}

function newNode(name: string, parent: BytesNode | undefined): BytesNode {
  return { name, parent, bytes: 0, letters: 0, parts: new Map() };
}

function add(node: BytesNode, bytes: number, letters: number): void {
  for (let at: BytesNode | undefined = node; at !== undefined; at = at.parent) {
    at.bytes += bytes;
    at.letters |= letters;
  }
}

/** `/usr/lib`. */
export function tilePath(tiles: BytesTiles, node: BytesNode): string {
  return `/${tiles
    .trail(node)
    .slice(1)
    .map(({ name }) => name)
    .join('/')}`;
}
