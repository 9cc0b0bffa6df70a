// What dockerd mounts in containers, and what its volumes are: the same in a data root whatever keeps its images.
import type { ContainerConfig } from '../../store/dockerd/containers.ts';
import { isLocal, type VolumeDirectory, volumeData } from '../../store/dockerd/volumes.ts';
import { asBytes, type ByteString, bytesOfText, textOf } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { type Related, type StorePart, volumeFacts } from '../part.ts';
import { containerLabel, type DataRoot } from './data-root.ts';

/** Volumes and directories that a container has, as its record names them. */
export function mountsIn(root: DataRoot, { mounts }: ContainerConfig): Related[] {
  return mounts.map(({ type, name, driver, source, destination }) => {
    const volume = name === '' ? undefined : root.volumes.get(bytesOfText(name));
    const directory = volume !== undefined && isLocal({ driver }) ? { directory: place(root, volume) } : {};
    const kind = name !== '' ? 'volume' : type === 'tmpfs' ? 'tmpfs' : 'bind';
    return { kind, id: name, label: name === '' ? source : name, at: destination, ...directory };
  });
}

/** Names of volumes that are there, have a record, or are mounted by a container: those of other drivers have no directory. */
export function volumeNames({ volumes, volumeRecords, containers }: DataRoot): ReadonlySet<ByteString> {
  const mounted = [...containers.values()].flatMap((config) =>
    config instanceof Trouble ? [] : config.mounts,
  );
  return new Set<ByteString>([
    ...volumes.keys(),
    ...(volumeRecords instanceof Trouble ? [] : volumeRecords.keys()),
    ...mounted.flatMap(({ name }) => (name === '' ? [] : [bytesOfText(name)])),
  ]);
}

export function volumePart(root: DataRoot, name: ByteString): StorePart {
  const volume = root.volumes.get(name);
  const users: Related[] = [];
  for (const [id, config] of root.containers) {
    for (const mount of config instanceof Trouble ? [] : config.mounts) {
      if (mount.name !== '' && bytesOfText(mount.name) === name)
        users.push({ kind: 'container', id, label: containerLabel(root, id), at: mount.destination });
    }
  }
  return {
    kind: 'volume',
    id: textOf(name) ?? name,
    ...(volume === undefined ? {} : { directory: place(root, volume) }),
    facts: factsOf(root, name),
    uses: [],
    users,
  };
}

/** Nothing where there is no record, or a damaged one, which `doctor` tells. */
function factsOf({ volumeRecords }: DataRoot, name: ByteString): Record<string, string> {
  const record = volumeRecords instanceof Trouble ? undefined : volumeRecords.get(name);
  return record === undefined || record instanceof Trouble ? {} : volumeFacts(record);
}

function place({ files }: DataRoot, volume: VolumeDirectory): ByteString {
  return asBytes(files.pathOf(volumeData(volume)));
}
