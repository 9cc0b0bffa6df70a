// `mount --volumes REF DIR`: a container with all that is mounted in it in place; what is no container has nothing mounted in it.
import { keptOf } from '../../open/kept.ts';
import { openStack, openTheStore, recordsOf } from '../../open/stack.ts';
import { manyStacks } from './many.ts';
import { mountedItemsIfKnown } from './mounted-items.ts';
import { subjectOfStack, withMarks } from './one-stack.ts';
import type { ManyOptions, MountSubject } from './subject.ts';

/** Throws Trouble where there is no such stack. */
export async function withVolumes(reference: string, args: ManyOptions): Promise<MountSubject> {
  const found = await openStack(reference, args);
  if (found.kind !== 'container') return subjectOfStack(found, args, false);
  const stack = args.marks === 'files' ? withMarks(found) : found;
  const store = await openTheStore(args, stack);
  const mounted = await mountedItemsIfKnown(store, stack, args);
  const open = async () => ({ stack, recorded: await recordsOf(stack, args), mounted });
  const root = { kind: 'stack', version: '', open } as const;
  return manyStacks({ label: stack.label, kept: keptOf(stack, args.root), root }, args);
}
