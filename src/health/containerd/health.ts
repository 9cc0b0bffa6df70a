// The health of a containerd: doctor, whose and df, over all of its namespaces.
import { ContainerdStore } from '../../store/containerd/store.ts';
import type { Store } from '../../store/store.ts';
import { type StoreHealth, withMeaning } from '../health.ts';
import { examineStore } from './doctor.ts';
import { FINDING_KINDS } from './findings.ts';
import { usageOf } from './places.ts';
import { readStoreIndex } from './store-index.ts';
import { Owners } from './whose.ts';

/** Undefined for a store of another kind. */
export function containerdHealth(store: Store): StoreHealth | undefined {
  if (!(store instanceof ContainerdStore)) return undefined;
  const { place } = store;
  return {
    store,
    examine: (tell, all, examined) => {
      // Beside graph drivers these examine what all of Docker's stores share.
      const isFirst = all.every((each) => each === store || each.kind !== 'docker');
      examineStore(readStoreIndex(place, examined), isFirst, withMeaning(FINDING_KINDS, tell));
    },
    owners: () => new Owners(readStoreIndex(place)),
    usage: () => usageOf(readStoreIndex(place)),
  };
}
