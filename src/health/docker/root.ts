// From a store to what `doctor` and `whose` need of Docker's: the only way out of `store/docker` beside the store itself.

import type { DockerRoot } from '../../store/docker/driver.ts';
import { DockerStore } from '../../store/docker/store.ts';
import { SeveralStores } from '../../store/several.ts';
import type { Store } from '../../store/store.ts';
import { shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';

/** Of several stores the first of Docker's graph drivers. Throws Trouble where there is only another kind of store. */
export function dockerRootOf(store: Store): DockerRoot {
  const stores = store instanceof SeveralStores ? store.stores : [store];
  for (const each of stores) if (each instanceof DockerStore) return each.root;
  throw new Trouble(
    'usage',
    `Cannot examine "${shownBytes(store.directory)}": this can be asked of Docker's graph drivers only`,
  );
}
