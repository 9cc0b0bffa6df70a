// What changes in a graph root of containers-storage whenever an engine adds, changes or removes an image, a layer or a container.
import { containerDirectories } from './containers.ts';
import { BOLT_DATABASE, SQLITE_DATABASE } from './libpod/libpod.ts';
import { allRoots, LISTS, layersHome, listPath, metadataPath, type PodmanRoot } from './root.ts';
import { statePath } from './state.ts';

/** As `Store.stamp`. */
export function podmanStamp(root: PodmanRoot): string {
  const databases = [SQLITE_DATABASE, `${SQLITE_DATABASE}-wal`, BOLT_DATABASE];
  const states = containerDirectories(root).map((id) => statePath(root, id));
  return [
    root.files.stampOf([...databases, metadataPath(root, 'containers', '.'), ...states]),
    ...allRoots(root).map((each) =>
      each.files.stampOf([
        layersHome(each),
        metadataPath(each, 'images', '.'),
        ...LISTS.map(([list, isVolatile]) => listPath(each, list, isVolatile)),
      ]),
    ),
  ].join('\n');
}
