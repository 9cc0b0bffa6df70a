// Volumes: their directories against the database, and against the containers that mount them.

import { containerPath } from '../../store/dockerd/containers.ts';
import { isLocal, VOLUMES_DATABASE, volumeData, volumeOptions } from '../../store/dockerd/volumes.ts';
import { bytesOfText, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { containerLabel, type DataRoot } from './data-root.ts';
import type { ReportDataRoot } from './findings.ts';

export function examineVolumes(index: DataRoot, report: ReportDataRoot): void {
  const { files, volumes, notVolumes, volumeRecords } = index;
  for (const name of notVolumes) {
    report({
      code: 'foreign-name',
      path: files.pathOf(`volumes/${name}`),
      detail: `the name "${shownBytes(name)}"`,
    });
  }
  const mounted = examineMounts(index, report);
  const isDamaged = [...index.containers.values()].some((config) => config instanceof Trouble);
  const unknown = isDamaged ? '; a container whose config cannot be read may mount it' : '';
  for (const volume of volumes.values()) {
    const path = files.pathOf(volume.path);
    const data = attempt(() => files.requireDirectory(volumeData(volume)));
    if (data instanceof Trouble) report({ code: 'volume-damaged', path, detail: data.message });
    const options = attempt(() => volumeOptions(files, volume));
    if (options instanceof Trouble) report({ code: 'volume-damaged', path, detail: options.message });
    if (!mounted.has(volume.name))
      report({ code: 'volume-unused', path, detail: `the volume "${shownBytes(volume.name)}"${unknown}` });
  }
  // That the database is damaged is told with the other databases.
  if (volumeRecords instanceof Trouble) return;
  const database = files.pathOf(VOLUMES_DATABASE);
  for (const [name, record] of volumeRecords) {
    if (record instanceof Trouble) report({ code: 'volume-record', path: database, detail: record.message });
    else if (isLocal(record) && !volumes.has(name)) {
      report({
        code: 'volume-record',
        path: database,
        detail: `no directory of the volume "${shownBytes(name)}"`,
      });
    }
  }
}

/** Names of the volumes that containers mount. */
function examineMounts(index: DataRoot, report: ReportDataRoot): Set<string> {
  const { files, containers, volumes } = index;
  const mounted = new Set<string>();
  for (const [id, config] of containers) {
    if (config instanceof Trouble) continue;
    for (const { type, name, driver, destination } of config.mounts) {
      if (name === '' || (type !== 'volume' && type !== '')) continue;
      const bytes = bytesOfText(name);
      mounted.add(bytes);
      if (!isLocal({ driver }) || volumes.has(bytes)) continue;
      const detail = `"${shownBytes(bytes)}", mounted by ${containerLabel(index, id)} at "${destination}"`;
      report({ code: 'volume-missing', path: files.pathOf(containerPath(id)), detail });
    }
  }
  return mounted;
}
