// `mount --volumes REF DIR`: a container with all that is mounted in it in place; an image is refused, and other stacks have nothing
// mounted in them.
import { keptOf } from '../../open/kept.ts';
import { openStack, openTheStore, recordsOf } from '../../open/stack.ts';
import { Trouble } from '../../sys/errors.ts';
import { manyStacks } from './many.ts';
import { mountedItemsIfKnown } from './mounted-items.ts';
import { subjectOfStack, withMarks } from './one-stack.ts';
import type { ManyOptions, MountSubject } from './subject.ts';

/** Places that are named of those that cannot be shown. */
const MOST_NAMED = 3;

/** Throws Trouble where there is no such stack, and for an image. */
export async function withVolumes(reference: string, args: ManyOptions): Promise<MountSubject> {
  const found = await openStack(reference, args);
  if (found.kind === 'image') {
    const state = 'it is an image, and --volumes is of containers';
    throw new Trouble('usage', `Cannot show "${found.label}" with volumes: ${state}`);
  }
  if (found.kind !== 'container') return subjectOfStack(found, args, false);
  const stack = args.marks === 'files' ? withMarks(found) : found;
  const store = await openTheStore(args, stack);
  const lost: Lost[] = [];
  const mounted = await mountedItemsIfKnown(store, stack, args, (at, state) => lost.push({ at, state }));
  if (lost.length > 0) args.say?.(`Warning: "${stack.label}" is shown without ${wordsOfLost(lost)}`);
  const open = async () => ({ stack, recorded: await recordsOf(stack, args), mounted });
  const root = { kind: 'stack', version: '', open } as const;
  return manyStacks({ label: stack.label, kept: keptOf(stack, args.root), root }, args);
}

interface Lost {
  readonly at: string;
  readonly state: string;
}

/** `what is mounted at "/a", "/b" and 2 more; of "/a": …` */
function wordsOfLost(lost: readonly Lost[]): string {
  const named = lost.slice(0, MOST_NAMED).map(({ at }) => `"${at}"`);
  const more = lost.length > MOST_NAMED ? ` and ${lost.length - MOST_NAMED} more` : '';
  const states = new Set(lost.map(({ state }) => state));
  return `what is mounted at ${named.join(', ')}${more}; ${states.size > 1 ? `of ${named[0]}: ` : ''}${lost[0]?.state}`;
}
