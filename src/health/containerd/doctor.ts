// The health of a root of containerd, all of its namespaces: what its databases record is held against each other, the content
// store and the snapshotters' directories. Goes on past all damage. Contents are not read but those of manifests and configs.

import { checkMetadata, METADATA } from '../../store/containerd/metadata.ts';
import { SNAPSHOTTER_DATABASES } from '../../store/containerd/snapshotter.ts';
import { isHexId } from '../../store/digest.ts';
import { containerPath } from '../../store/dockerd/containers.ts';
import { olderStates } from '../../store/formats/bolt-older.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { examineCheckpoints, examineContainerFiles } from '../dockerd/container-files.ts';
import { examineDatabases } from '../dockerd/databases.ts';
import { reportForeignNames } from '../dockerd/findings.ts';
import { examineVolumes } from '../dockerd/volumes.ts';
import { examineContainers } from './containers.ts';
import { examineContent } from './content.ts';
import type { ReportFinding } from './findings.ts';
import { examineImages } from './images.ts';
import { examineLeases } from './leases.ts';
import { keptBy } from './roots.ts';
import { examineSnapshots } from './snapshots.ts';
import type { StoreIndex } from './store-index.ts';

/** `isFirst`: whether what the daemon of a Docker keeps beside all of its stores is to be examined, too. */
export function examineStore(index: StoreIndex, isFirst: boolean, report: ReportFinding): void {
  const { files } = index.place;
  const now = Date.now();
  const metadata = files.pathOf(METADATA);
  for (const trouble of index.damage) report({ code: 'unlisted', path: metadata, detail: trouble.message });
  const whole = attempt(() => checkMetadata(files));
  if (whole instanceof Trouble && index.isWhole)
    report({ code: 'database-damaged', path: metadata, detail: whole.message });
  for (const { path, detail } of olderStates(files, [METADATA, ...SNAPSHOTTER_DATABASES]))
    report({ code: 'database-older', path: files.pathOf(path), detail });
  const kinds = ['images', 'containers'] as const;
  for (const { reading } of index.namespaces)
    for (const detail of new Set(kinds.flatMap((listed) => reading.damage(listed))))
      report({ code: 'record-damaged', path: metadata, detail });
  const kept = new Map(index.namespaces.map((namespace) => [namespace, keptBy(namespace, now)]));
  examineImages(index, kept, report);
  examineContainers(index, report);
  examineContent(index, kept, report);
  examineSnapshots(index, kept, report);
  examineLeases(index, now, report);
  if (isFirst) examineDataRoot(index, report);
}

function examineDataRoot({ dataRoot }: StoreIndex, report: ReportFinding): void {
  if (dataRoot === undefined) return;
  const { files, containers } = dataRoot;
  reportForeignNames(files, 'containers', isHexId, report);
  for (const [id, config] of containers) {
    if (config instanceof Trouble)
      report({ code: 'container-record', path: files.pathOf(containerPath(id)), detail: config.message });
    else examineContainerFiles(files, config, report);
    examineCheckpoints(files, id, report);
  }
  examineVolumes(dataRoot, report);
  examineDatabases(files, report);
}
