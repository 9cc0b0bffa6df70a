// The health of a Docker data root: doctor, whose and df for the classic layout (graph drivers).
import { DockerStore } from '../../store/docker/store.ts';
import type { Store } from '../../store/store.ts';
import { type StoreHealth, withMeaning } from '../health.ts';
import { examineStore } from './doctor.ts';
import { FINDING_KINDS } from './findings.ts';
import { usageOf } from './places.ts';
import { readStoreIndex } from './store-index.ts';
import { Owners } from './whose.ts';

/** Undefined for a store of another kind. */
export function dockerHealth(store: Store): StoreHealth | undefined {
  if (!(store instanceof DockerStore)) return undefined;
  const { root } = store;
  return {
    store,
    examine: (tell, all, examined) => {
      const beside = {
        others: all.flatMap((each) => (each === store ? [] : [each.name])),
        isFirst: all.find((each) => each instanceof DockerStore) === store,
      };
      return examineStore(root, withMeaning(FINDING_KINDS, tell), beside, examined);
    },
    owners: () => new Owners(readStoreIndex(root)),
    usage: () => usageOf(readStoreIndex(root)),
  };
}
