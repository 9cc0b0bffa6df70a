// The health of a root of containers-storage: doctor, whose and df.
import { PodmanStore } from '../../store/podman/store.ts';
import type { Store } from '../../store/store.ts';
import { type StoreHealth, withMeaning } from '../health.ts';
import { examineStore } from './doctor.ts';
import { FINDING_KINDS } from './findings.ts';
import { usageOf } from './places.ts';
import { Owners } from './whose.ts';

/** Undefined for a store of another kind. */
export function podmanHealth(store: Store): StoreHealth | undefined {
  if (!(store instanceof PodmanStore)) return undefined;
  const { root } = store;
  return {
    store,
    examine: (tell, _, examined) => examineStore(root, withMeaning(FINDING_KINDS, tell), examined),
    owners: () => new Owners(root),
    usage: () => usageOf(root),
  };
}
