// The health of a whole data root: everything that it records is read and held against everything else, and each thing
// that is wrong is told. Goes on past all damage. Contents of layers are not read: that is what `verify` does.
import { type ChainId, chainIds, type ImageId, isHexId } from '../store/digest.ts';
import { containerPath } from '../store/docker/containers.ts';
import { type DockerRoot, driverNames } from '../store/docker/driver.ts';
import { imagePath } from '../store/docker/images.ts';
import { type CheckedLayer, LayerChecks, mountPath } from '../store/docker/layerdb.ts';
import type { ByteString } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import { examineDriver } from './doctor-driver.ts';
import type { FindingCode, Report } from './doctor-findings.ts';
import { examineLayers } from './doctor-layers.ts';
import { attempt, readStoreIndex, type StoreIndex } from './store-index.ts';

/** Tells `report` of everything; what it is told comes in the order of the checks, then of the paths. */
export async function examineStore(root: DockerRoot, report: Report): Promise<void> {
  const index = readStoreIndex(root);
  for (const trouble of index.damage) {
    report({ code: 'unlisted', path: root.files.directory, detail: trouble.message });
  }
  examineDrivers(root, report);
  examineNames(index, report);
  const checks = new LayerChecks(root);
  examineImages(index, checks, report);
  await examineLayers(index, report);
  examineContainers(index, checks, report);
  examineDriver(index, report);
}

function examineDrivers(root: DockerRoot, report: Report): void {
  const names = attempt(() => driverNames(root.files));
  if (names instanceof Trouble) return;
  for (const name of names) {
    if (name === root.driver.name) continue;
    report({
      code: 'other-driver',
      path: root.files.pathOf(`image/${name}`),
      detail: `the driver "${name}"`,
    });
  }
}

function examineNames({ root, names, images }: StoreIndex, report: Report): void {
  const path = root.files.pathOf(`${root.metadata}/repositories.json`);
  const tell = (code: FindingCode, detail: string) => report({ code, path, detail });
  if (names.unreadable !== undefined) tell('names-unreadable', names.unreadable.message);
  for (const damage of names.damage) tell('name-damaged', damage);
  for (const [name, id] of names.images) {
    if (!images.has(id)) tell('name-dangling', `"${name}" points to ${id}`);
  }
}

function examineImages(index: StoreIndex, checks: LayerChecks, report: Report): void {
  const { root, images } = index;
  const { files, metadata } = root;
  foreignNames(root, `${metadata}/imagedb/content/sha256`, isHexId, report);
  for (const [id, config] of images) {
    const path = files.pathOf(imagePath(root, id));
    if (config instanceof Trouble) {
      report({ code: 'image-damaged', path, detail: config.message });
      continue;
    }
    const chain = attempt(() => checks.imageChain(config.diffIds));
    if (chain instanceof Trouble) report({ code: 'image-incomplete', path, detail: chain.message });
  }
  const metadataOf = `${metadata}/imagedb/metadata/sha256`;
  const left = attempt(() => files.namesIfPresent(metadataOf) ?? []);
  if (left instanceof Trouble) return;
  for (const name of left) {
    if (images.has(`sha256:${name}` as ImageId)) continue;
    report({
      code: 'image-metadata',
      path: files.pathOf(`${metadataOf}/${name}`),
      detail: 'no config of this image',
    });
  }
}

/** Names that Docker does not write where it keeps ids. */
function foreignNames(
  { files }: DockerRoot,
  directory: string,
  isOurs: (name: ByteString) => boolean,
  report: Report,
): void {
  const names = attempt(() => files.namesIfPresent(directory) ?? []);
  // That it cannot be listed was told.
  if (names instanceof Trouble) return;
  for (const name of names) {
    if (isOurs(name)) continue;
    report({
      code: 'foreign-name',
      path: files.pathOf(`${directory}/${name}`),
      detail: `the name "${name}"`,
    });
  }
}

function examineContainers(index: StoreIndex, checks: LayerChecks, report: Report): void {
  const { root, containers, mounts, images } = index;
  const { files, metadata } = root;
  foreignNames(root, 'containers', isHexId, report);
  foreignNames(root, `${metadata}/layerdb/mounts`, isHexId, report);
  for (const [id, config] of containers) {
    const path = files.pathOf(containerPath(id));
    if (config instanceof Trouble) report({ code: 'container-damaged', path, detail: config.message });
    if (!mounts.has(id)) {
      const detail = `no such directory as "${files.pathOf(mountPath(root, id))}"`;
      report({ code: 'container-layers', path, detail });
    }
    if (config instanceof Trouble || config.imageId === undefined) continue;
    const image = images.get(config.imageId);
    const mount = mounts.get(id);
    if (image === undefined) {
      report({ code: 'container-image', path, detail: `${config.imageId} is not there` });
    } else if (!(image instanceof Trouble) && mount !== undefined && !(mount instanceof Trouble)) {
      const top: ChainId | undefined = chainIds(image.diffIds).at(-1);
      if (top === mount.parent) continue;
      const detail = `it stands on ${mount.parent ?? 'no layer'}, its image ends with ${top ?? 'none'}`;
      report({ code: 'container-image', path, detail });
    }
  }
  for (const id of mounts.keys()) examineMount(index, checks, id, report);
}

function examineMount(
  { root, containers, mounts }: StoreIndex,
  checks: LayerChecks,
  id: Parameters<typeof mountPath>[1],
  report: Report,
): void {
  const { files, driver } = root;
  const mount = mounts.get(id);
  const path = files.pathOf(mountPath(root, id));
  if (!containers.has(id)) report({ code: 'mount-orphan', path, detail: `no container ${id.slice(0, 12)}` });
  if (mount === undefined) return;
  if (mount instanceof Trouble) {
    report({ code: 'mount-damaged', path, detail: mount.message });
    return;
  }
  const { mountId, initId, parent } = mount;
  for (const own of initId === undefined ? [mountId] : [mountId, initId]) {
    const found = attempt(() => files.requireDirectory(driver.layerDirectory(own)));
    if (found instanceof Trouble) report({ code: 'container-layers', path, detail: found.message });
  }
  const chain = parent === undefined ? [] : attempt<CheckedLayer[]>(() => checks.chainFrom(parent));
  if (chain instanceof Trouble) report({ code: 'container-layers', path, detail: chain.message });
}
