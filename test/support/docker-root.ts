// A Docker data root as its own doctor and its rules of unpacking see it.
import type { DockerRoot } from '../../src/store/docker/driver.ts';
import { DockerStore } from '../../src/store/docker/store.ts';
import { openStores } from '../../src/store/open.ts';

/** Of several stores in a directory the first of Docker's graph drivers. */
export function dockerRootAt(directory: string): DockerRoot {
  const store = openStores(directory).find((each) => each instanceof DockerStore);
  if (store instanceof DockerStore) return store.root;
  throw new Error(`no graph driver in ${directory}`);
}
