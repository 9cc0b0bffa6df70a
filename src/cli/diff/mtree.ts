// `stratafs diff --mtree`: changed paths as mtree lines in three columns, as FreeBSD's `mtree -f A -f B` and comm(1) do:
// only in A, after a tab only in B, after two tabs both.
import type { Change } from '../../diff/change.ts';
import { sha256OfItem } from '../../diff/contents/digest.ts';
import { type Item, typeBits } from '../../diff/item.ts';
import { LayerItem } from '../../diff/layered.ts';
import { mtreeLines } from '../../diff/manifest/mtree.ts';
import { S_IFREG } from '../../sys/statx.ts';
import type { DiffContext, Printer } from './printer.ts';

export class MtreePrinter implements Printer {
  readonly #context: DiffContext;

  constructor(context: DiffContext) {
    this.#context = context;
  }

  change({ path, from, a, b }: Change): void {
    const { out } = this.#context;
    const indent = a !== undefined && b !== undefined ? '\t\t' : b !== undefined ? '\t' : '';
    const write = (at: string, item: Item | undefined) => {
      for (const line of item === undefined ? [] : mtreeLines(at, item, digestOf(item)))
        out.write(`${indent}${line}\n`);
    };
    write(from ?? path, a);
    write(path, b);
  }

  end(): void {}
}

/** Throws Errno. */
function digestOf(item: Item): string | undefined {
  if (item.digest !== undefined) return item.digest;
  return typeBits(item) === S_IFREG && item instanceof LayerItem ? sha256OfItem(item) : undefined;
}
