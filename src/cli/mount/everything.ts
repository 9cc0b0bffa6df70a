// `mount --all`: a whole store, as it is at the moment.

import { openTheStore } from '../../open/stack.ts';
import type { Store } from '../../store/store.ts';
import { bytesOfText, shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import type { Kept } from '../../sys/kept.ts';
import type { DirectoryItem } from '../../whole/item.ts';
import { catalogOf } from './catalog.ts';
import { LatestStore } from './latest-store.ts';
import { manyStacks } from './many.ts';
import type { ManyOptions, MountSubject } from './subject.ts';

/** Throws Trouble where there is no store. */
export async function everything(args: ManyOptions): Promise<MountSubject> {
  const opened = await openTheStore(args);
  const store = new LatestStore(opened);
  // Listing a large store takes a while: whoever looks first waits for it, the mount does not.
  const unlisted: DirectoryItem = {
    kind: 'directory',
    version: 'unlisted',
    list: () => catalogOf({ ...args, latest: store }).list(),
  };
  let latest = unlisted;
  const refresh = async (log: (message: string) => void): Promise<DirectoryItem> => {
    try {
      store.renew(await openTheStore(args));
      latest = catalogOf({ ...args, latest: store });
    } catch (error) {
      // What was there is shown on, until the store can be listed again; whoever looks is not to wait for ever.
      log(error instanceof Trouble ? error.message : `a fault of stratafs itself: ${String(error)}`);
    }
    return latest;
  };
  const label = `${opened.description} ${shownBytes(opened.directory)}`;
  return manyStacks({ label, kept: keptOfRoots(opened, args), root: latest, refresh }, args);
}

/** Layers lie below these. */
function keptOfRoots(
  { directory }: Store,
  { root, additionalRoot = [], containerdRoot }: ManyOptions,
): Kept[] {
  const named = [root, ...additionalRoot, ...(containerdRoot === undefined ? [] : [containerdRoot])];
  const all = new Set([directory, ...named.map(bytesOfText)]);
  return [...all].map((each) => ({ directory: each, what: 'the store' }));
}
