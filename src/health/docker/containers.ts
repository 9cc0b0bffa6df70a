// Containers: config, own layers, the image they stand on, and the files that Docker keeps beside them.

import { type ChainId, type ContainerId, chainIds, isHexId, shortId } from '../../store/digest.ts';
import { otherDriver } from '../../store/docker/beside.ts';
import { type CheckedLayer, type LayerChecks, mountPath } from '../../store/docker/layerdb.ts';
import { type ContainerConfig, containerPath } from '../../store/dockerd/containers.ts';
import { GRAPH_DRIVERS } from '../../store/dockerd/graph-drivers.ts';
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { examineCheckpoints, examineContainerFiles } from '../dockerd/container-files.ts';
import { reportForeignNames } from '../dockerd/findings.ts';
import type { Beside, ReportFinding } from './findings.ts';
import type { StoreIndex } from './store-index.ts';

export function examineContainers(
  index: StoreIndex,
  checks: LayerChecks,
  { others, isFirst }: Beside,
  report: ReportFinding,
): void {
  const { root, containers, mounts } = index;
  const { files, metadata } = root;
  if (isFirst) reportForeignNames(files, 'containers', isHexId, report);
  reportForeignNames(files, `${metadata}/layerdb/mounts`, isHexId, report);
  for (const [id, config] of containers) {
    const path = files.pathOf(containerPath(id));
    index.examined(path, 1);
    const elsewhere = config instanceof Trouble ? undefined : otherDriver(root, config);
    if (isFirst) {
      if (config instanceof Trouble) report({ code: 'container-damaged', path, detail: config.message });
      else examineContainerFiles(files, config, report);
      examineCheckpoints(files, id, report);
    }
    if (elsewhere !== undefined) {
      if (!mounts.has(id) && !(config instanceof Trouble) && isExamined(config, others)) continue;
      const code = mounts.has(id) ? 'container-driver' : 'container-elsewhere';
      report({ code, path, detail: `its layers are those of ${elsewhere}` });
      continue;
    }
    if (!mounts.has(id)) {
      const detail = `no such directory as "${shownBytes(files.pathOf(mountPath(root, id)))}"`;
      report({ code: 'container-layers', path, detail });
    }
    if (!(config instanceof Trouble)) {
      if (config.ambiguity !== undefined) report({ code: 'ambiguous', path, detail: config.ambiguity });
      examineImage(index, config, report);
    }
  }
  for (const id of mounts.keys()) examineMount(index, checks, id, report);
}

/** Whether the store that has its layers is examined, too. */
function isExamined({ driver }: ContainerConfig, others: readonly string[]): boolean {
  return others.includes(driver) || (others.includes('containerd') && !GRAPH_DRIVERS.includes(driver));
}

function examineImage(
  { root, mounts, images }: StoreIndex,
  { id, imageId }: ContainerConfig,
  report: ReportFinding,
): void {
  if (imageId === undefined) return;
  const path = root.files.pathOf(containerPath(id));
  const image = images.get(imageId);
  const mount = mounts.get(id);
  if (image === undefined) {
    report({ code: 'container-image', path, detail: `${imageId} is not there` });
  } else if (!(image instanceof Trouble) && mount !== undefined && !(mount instanceof Trouble)) {
    const top: ChainId | undefined = chainIds(image.diffIds).at(-1);
    if (top === mount.parent) return;
    const detail = `it stands on ${mount.parent ?? 'no layer'}, its image ends with ${top ?? 'none'}`;
    report({ code: 'container-image', path, detail });
  }
}

function examineMount(
  { root, containers, mounts }: StoreIndex,
  checks: LayerChecks,
  id: ContainerId,
  report: ReportFinding,
): void {
  const { files } = root;
  const mount = mounts.get(id);
  const path = files.pathOf(mountPath(root, id));
  if (!containers.has(id)) report({ code: 'mount-orphan', path, detail: `no container ${shortId(id)}` });
  if (mount === undefined) return;
  if (mount instanceof Trouble) {
    report({ code: 'mount-damaged', path, detail: mount.message });
    return;
  }
  const { mountId, initId, parent } = mount;
  const own = [mountId, ...(initId === undefined ? [] : [initId])].map((name) => checks.own(name));
  const chain = parent === undefined ? [] : attempt<CheckedLayer[]>(() => checks.chainFrom(parent));
  if (chain instanceof Trouble) report({ code: 'container-layers', path, detail: chain.message });
  for (const { missing } of [...own, ...(chain instanceof Trouble ? [] : chain)]) {
    if (missing !== undefined) report({ code: 'container-layers', path, detail: missing });
  }
}
