// `stratafs diff --mtree`: changed paths as mtree lines in three columns, as FreeBSD's `mtree -f A -f B` and comm(1) do:
// only in A, after a tab only in B, after two tabs both.
import type { Change } from '../diff/change.ts';
import { sha256 } from '../diff/digest.ts';
import { type Item, typeBits } from '../diff/item.ts';
import { LayerItem } from '../diff/layered.ts';
import { mtreeLine } from '../diff/mtree.ts';
import { S_IFREG } from '../sys/statx.ts';
import type { DiffContext, Printer } from './diff-printer.ts';

export class MtreePrinter implements Printer {
  readonly #context: DiffContext;

  constructor(context: DiffContext) {
    this.#context = context;
  }

  change({ path, from, a, b }: Change): void {
    const { out } = this.#context;
    const indent = a !== undefined && b !== undefined ? '\t\t' : b !== undefined ? '\t' : '';
    if (a !== undefined) out.write(`${indent}${mtreeLine(from ?? path, a, digestOf(a))}\n`);
    if (b !== undefined) out.write(`${indent}${mtreeLine(path, b, digestOf(b))}\n`);
  }

  end(): void {}
}

/** Throws Errno. */
function digestOf(item: Item): string | undefined {
  if (item.digest !== undefined) return item.digest;
  return typeBits(item) === S_IFREG && item instanceof LayerItem ? sha256(item) : undefined;
}
