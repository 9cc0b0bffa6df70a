// Containers and pods: the snapshots, images and sandboxes that each stands on, and what is left of those that are gone.

import { measureDirectory } from '../../layers/survey/measure.ts';
import { imageOfContainer } from '../../store/containerd/container-image.ts';
import { lostContainers, placeText, TASKS } from '../../store/containerd/containers.ts';
import { CRI } from '../../store/containerd/cri.ts';
import type { DockerContainer } from '../../store/containerd/docker.ts';
import { METADATA } from '../../store/containerd/metadata.ts';
import { MOBY } from '../../store/containerd/namespaces.ts';
import { snapshotterOf } from '../../store/containerd/snapshotter.ts';
import { chainIdOfSnapshot, snapshotLayers } from '../../store/containerd/stack.ts';
import { shortId } from '../../store/digest.ts';
import { asBytes, type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { ReportFinding } from './findings.ts';
import { containerName, type NamespaceIndex, type StoreIndex } from './store-index.ts';

export function examineContainers(index: StoreIndex, report: ReportFinding): void {
  for (const namespace of index.namespaces) {
    for (const container of namespace.containers) examineContainer(index, namespace, container, report);
    examineLost(index, namespace, report);
  }
  examinePods(index, report);
  examineTasks(index, report);
}

function examineContainer(
  index: StoreIndex,
  namespace: NamespaceIndex,
  container: DockerContainer,
  report: ReportFinding,
): void {
  const { reading, images } = namespace;
  index.examined(asBytes(container.id), 1);
  const name = `"${containerName(index, namespace.namespace, container)}"`;
  const path = index.place.files.pathOf(METADATA);
  const tell = (code: Parameters<ReportFinding>[0]['code'], detail: string) => report({ code, path, detail });
  if (container.damage !== undefined) tell('container-record', `${name}: ${container.damage}`);
  if (container.rootfs !== undefined) return;
  const chain = attempt(() => reading.chain(container.place));
  if (chain instanceof Trouble) {
    tell('container-snapshot', `${name}: ${chain.message}`);
    return;
  }
  if (snapshotterOf(container.place.snapshotter).directory !== undefined) {
    const layers = attempt(() => snapshotLayers(reading, container.place, { missing: 'mark' }));
    for (const { missing } of layers instanceof Trouble ? [] : layers)
      if (missing !== undefined) tell('container-snapshot', `${name}: ${missing}`);
  }
  const image = attempt(() => imageOfContainer(images, container));
  if (image === undefined || image instanceof Trouble) {
    const named = container.image === '' ? 'its image' : `its image "${container.image}"`;
    // A sandbox of a snapshotter's own image, and what `ctr` runs from a directory, have none.
    if (container.image !== '' || container.imageId !== undefined)
      tell('container-image', `${name}: ${named} is not there`);
  } else {
    const below = chain.map(chainIdOfSnapshot).find((chainId) => chainId !== undefined);
    const top = image.chain.at(-1);
    if (below !== top)
      tell(
        'container-image',
        `${name}: it stands on ${below ?? 'no layer'}, its image ends with ${top ?? 'none'}`,
      );
  }
  const { sandbox } = container;
  if (
    sandbox !== undefined &&
    sandbox !== container.id &&
    !namespace.containers.some(({ id }) => id === sandbox)
  )
    tell('container-sandbox', `${name}: no sandbox ${shortId(sandbox)}`);
}

/** Of a Docker whose data root is not known all containers look lost, and none is. */
function examineLost(
  index: StoreIndex,
  { reading, containers, namespace }: NamespaceIndex,
  report: ReportFinding,
): void {
  if (namespace === MOBY && index.dataRoot === undefined) return;
  const known = new Set(containers.map(({ place }) => placeText(place)));
  for (const place of lostContainers(reading, known)) {
    const path = index.place.files.pathOf(METADATA);
    report({
      code: 'container-lost',
      path,
      detail: `"${shownBytes(place.key)}" of "${shownBytes(namespace)}"`,
    });
  }
}

/** CRI's directories of containers and sandboxes. */
function examinePods({ place, namespaces, isWhole, examined }: StoreIndex, report: ReportFinding): void {
  if (!isWhole) return;
  const known = new Set(namespaces.flatMap(({ containers }) => containers.map(({ id }) => id)));
  for (const kind of ['containers', 'sandboxes']) {
    for (const name of names(place.files, `${CRI}/${kind}`)) {
      if (known.has(name)) continue;
      const path = place.files.pathOf(`${CRI}/${kind}/${name}`);
      report({
        code: 'pod-left',
        path,
        detail: `no ${kind === 'containers' ? 'container' : 'sandbox'} ${shortId(shownBytes(name))}`,
        takes: measureDirectory(path, examined),
      });
    }
  }
}

function examineTasks({ place, namespaces, isWhole }: StoreIndex, report: ReportFinding): void {
  if (!isWhole) return;
  for (const { namespace, reading } of namespaces) {
    const known = new Set<string>(reading.containers.map(({ id }) => id));
    for (const name of names(place.files, `${TASKS}/${namespace}`)) {
      if (known.has(name)) continue;
      const path = place.files.pathOf(`${TASKS}/${namespace}/${name}`);
      report({ code: 'task-left', path, detail: `no container "${shownBytes(name)}"` });
    }
  }
}

function names(files: StoreIndex['place']['files'], path: string): readonly ByteString[] {
  const found = attempt(() => files.namesIfPresent(path) ?? []);
  return found instanceof Trouble ? [] : found;
}
