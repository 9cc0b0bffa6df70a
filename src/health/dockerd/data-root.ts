// What dockerd itself keeps in a data root, read once and damage kept beside it: containers and volumes.
import { type ContainerId, shortId } from '../../store/digest.ts';
import {
  type ContainerConfig,
  containerIds,
  containersAbsent,
  readContainerConfig,
} from '../../store/dockerd/containers.ts';
import {
  type VolumeDirectory,
  type Volumes,
  volumeDirectories,
  volumeRecords,
} from '../../store/dockerd/volumes.ts';
import type { StoreFiles } from '../../store/files.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';

/** What was read, or what is wrong with it. */
export type Read<T> = T | Trouble;

export interface DataRoot {
  readonly files: StoreFiles;
  readonly containers: ReadonlyMap<ContainerId, Read<ContainerConfig>>;
  /** By name. */
  readonly volumes: ReadonlyMap<ByteString, VolumeDirectory>;
  /** Names among the volumes that are none. */
  readonly notVolumes: readonly ByteString[];
  readonly volumeRecords: Read<Volumes['records']>;
}

/** What cannot even be listed is told to `damage`. */
export function readDataRoot(files: StoreFiles, damage: Trouble[]): DataRoot {
  const directories = attempt(() => volumeDirectories(files));
  const ids = attempt(() => containerIds(files));
  const unlisted = ids instanceof Trouble ? ids : containersAbsent(files);
  for (const trouble of [directories, unlisted]) if (trouble instanceof Trouble) damage.push(trouble);
  const { directories: volumes, foreign } =
    directories instanceof Trouble ? { directories: [], foreign: [] } : directories;
  return {
    files,
    containers: new Map(
      (ids instanceof Trouble ? [] : ids).map((id) => [id, attempt(() => readContainerConfig(files, id))]),
    ),
    volumes: new Map(volumes.map((volume) => [volume.name, volume])),
    notVolumes: foreign,
    volumeRecords: attempt(() => volumeRecords(files)),
  };
}

export function containerLabel({ containers }: Pick<DataRoot, 'containers'>, id: ContainerId): string {
  const config = containers.get(id);
  const name = config === undefined || config instanceof Trouble ? undefined : config.name;
  return name ?? shortId(id);
}
