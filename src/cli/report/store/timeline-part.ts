// The events of all layers of a root, each once: as a body file among the parts, and counted by day for the page.
import { LineSorter } from '../../../layers/sort.ts';
import { changesOf, type StoreOptions } from '../../../open/stack.ts';
import { Errno, errnoOf } from '../../../sys/errors.ts';
import { cannotSort, sortDirectory } from '../../examine/sort-directory.ts';
import { TimelineWalk } from '../../examine/timeline-walk.ts';
import type { Terminal } from '../../print/terminal.ts';
import { BODY_FORM } from '../../print/timeline-forms.ts';
import type { Days } from './days.ts';
import type { OpenedRoot } from './opened-root.ts';
import type { Parts } from './parts.ts';
import { isIntermediate, storeOptionsOf } from './subjects.ts';

export interface TimelinePartOptions {
  readonly store: StoreOptions;
  readonly parts: Parts;
  readonly witness: Terminal;
  /** Gets every event. */
  readonly days: Days;
  /** Is waited for now and then. */
  readonly between: () => Promise<void>;
}

/** Throws Trouble and Errno where not all can be told. */
export async function writeTimeline(
  { stacks, kept }: OpenedRoot,
  { store, parts, witness, days, between }: TimelinePartOptions,
): Promise<void> {
  const directory = sortDirectory(kept);
  const sorter = new LineSorter({ directory });
  // As for "timeline --all": what others were built of has no layer that these have not.
  const told = stacks.filter((one) => !isIntermediate(one));
  const listed = new Map(told.map((one) => [one.stack, one]));
  const walk = new TimelineWalk(
    {
      shadowed: false,
      recordsOf: (stack, known) => {
        const one = listed.get(stack);
        return changesOf(stack, one === undefined ? store : storeOptionsOf(one, store), known);
      },
      between,
    },
    (event) => {
      days.add(event.entry);
      if (parts.isKept) BODY_FORM.lines(event, (key, line) => sorter.add(key, line));
    },
    witness,
  );
  try {
    await walk.collectShared([...listed.keys()]);
    const out = parts.open('timeline.body');
    for (const line of sorter.sorted()) out.write(`${line}\n`);
  } catch (error) {
    throw errnoOf(error) === undefined || error instanceof Errno ? error : cannotSort(directory, error);
  } finally {
    walk.end();
    sorter.close();
  }
}
