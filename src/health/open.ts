// Who examines which store: the one place that knows the health of all kinds.
import { SeveralStores } from '../store/several.ts';
import type { Store } from '../store/store.ts';
import { shownBytes } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import { containerdHealth } from './containerd/health.ts';
import { DiskUsage, placesOf } from './disk-usage.ts';
import { dockerHealth } from './docker/health.ts';
import type { StoreHealth } from './health.ts';
import { podmanHealth } from './podman/health.ts';
import { SeveralOwners } from './several-owners.ts';

/** Each answers undefined for a store that is not of its kind. */
const KINDS: readonly ((store: Store) => StoreHealth | undefined)[] = [
  containerdHealth,
  dockerHealth,
  podmanHealth,
];

/** Of each of the stores in a root, at least one. Throws Trouble where none can be examined. */
export function healthOf(store: Store): readonly StoreHealth[] {
  const stores = store instanceof SeveralStores ? store.stores : [store];
  const known = stores.flatMap((each) => KINDS.flatMap((kind) => kind(each) ?? []));
  if (known.length > 0) return known;
  if (store.kind === 'archive') {
    const state = `it is an archive of images (${store.description}), not the store of an engine; "verify" proves what is in it`;
    throw new Trouble('usage', `Cannot examine "${shownBytes(store.directory)}": ${state}`);
  }
  throw new Trouble(
    'usage',
    `Cannot examine "${shownBytes(store.directory)}": what it holds (${store.description}) can only be shown`,
  );
}

/** What all stores of a root take; to be walked, and closed after. Throws Trouble as `healthOf`. */
export function diskUsageOf(store: Store): DiskUsage {
  return new DiskUsage(healthOf(store).map((health) => health.usage()));
}

/** Whose things of any store of a root are. Throws Trouble as `healthOf`. */
export function ownersOf(store: Store): SeveralOwners {
  const all = healthOf(store);
  return new SeveralOwners(
    all.map((health) => health.owners()),
    () => placesOf(all.map((health) => health.usage())),
  );
}
