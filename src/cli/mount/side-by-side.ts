// `mount --layers`: the layers of one reference, each a directory of its own.

import { keptOf } from '../../open/kept.ts';
import { openDamagedStack } from '../../open/stack.ts';
import { fixedDirectory } from '../../whole/item.ts';
import { layerItems } from './layer-items.ts';
import { manyStacks } from './many.ts';
import type { ManyOptions, MountSubject } from './subject.ts';

/** Throws Trouble where there is no such stack. */
export async function sideBySide(reference: string, args: ManyOptions): Promise<MountSubject> {
  const stack = await openDamagedStack(reference, args);
  const root = fixedDirectory(layerItems(stack, args), '');
  return manyStacks({ label: stack.label, kept: keptOf(stack, args.root), root }, args);
}
