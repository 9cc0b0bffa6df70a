// Directories among those of the layers that no record leads to: no layer of layerdb, no container, no entry of the build
// cache. What lies in them belongs to nothing that the store knows of.
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { readBuildCache } from './build-cache.ts';
import type { DockerRoot } from './driver.ts';
import { driverDirectories } from './driver-directories.ts';
import { layerIds, mountIds, readCacheId, readMountRecord } from './layerdb.ts';

/** Absolute. Throws Trouble where the driver's directory or the build cache cannot be read. */
export function unrecordedDirectories(root: DockerRoot): ByteString[] {
  const { files, driver } = root;
  const recorded = new Set<string>();
  for (const chainId of layerIds(root)) {
    const cacheId = attempt(() => readCacheId(root, chainId));
    if (!(cacheId instanceof Trouble)) recorded.add(cacheId);
  }
  for (const id of mountIds(root)) {
    const mount = attempt(() => readMountRecord(root, id));
    if (mount instanceof Trouble) continue;
    recorded.add(mount.mountId);
    if (mount.initId !== undefined) recorded.add(mount.initId);
  }
  for (const { directory } of readBuildCache(root) ?? [])
    if (directory !== undefined) recorded.add(directory);
  return driverDirectories(root)
    .filter(({ name, kind }) => kind === 'directory' && !recorded.has(name))
    .map(({ name }) => asBytes(files.pathOf(`${driver.home}/${name}`)));
}
