// What dockerd mounts in a container: volumes, directories and files of the machine, tmpfs, and the three files that it makes for each
// (config.v2.json, hostconfig.json; moby daemon/volumes_unix.go, container/container_unix.go).
import { bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type ContainerId, parseContainerId } from '../digest.ts';
import type { StoreFiles } from '../files.ts';
import { keysOf, parseJson } from '../formats/json.ts';
import {
  inOrder,
  type MountedPlace,
  type Mounting,
  placeOfSource,
  type RecordedRoot,
  rootBefore,
} from '../mounting.ts';
import type { ContainerMount } from './container-mounts.ts';
import { type ContainerConfig, containerDirectory, readContainerConfig } from './containers.ts';
import { HOST_CONFIG } from './shapes.ts';
import { isLocal, type VolumeDirectory, volumeData, volumeDirectories, volumeOptions } from './volumes.ts';

/** Names in the container's directory, and where they are mounted. */
const OWN = [
  ['hostname', '/etc/hostname'],
  ['hosts', '/etc/hosts'],
  ['resolv.conf', '/etc/resolv.conf'],
] as const;

/** Throws Trouble where the container's config cannot be used. */
export function dockerMountings(files: StoreFiles, container: string): Mounting[] {
  const id = parseContainerId(container, { file: files.directory, part: 'container' });
  const config = readContainerConfig(files, id);
  const root = recordedRoot(files, config);
  const found = attempt(() => volumeDirectories(files).directories);
  const volumes = new Map((found instanceof Trouble ? [] : found).map((one) => [one.name, one]));
  const directory = containerDirectory(id);
  const own = OWN.flatMap(([name, at]): Mounting[] => {
    const isMade = config.ownFiles.some((path) => path.endsWith(`/${name}`));
    const place = { kind: 'store', files, path: `${directory}/${name}` } as const;
    return isMade ? [{ kind: 'bind', at, label: name, place, isEngines: true }] : [];
  });
  const mounts = config.mounts.map((mount): Mounting => {
    const { type, name, source, destination: at } = mount;
    const kind = name !== '' ? 'volume' : type === 'tmpfs' || type === 'image' ? type : 'bind';
    const volume = name === '' ? undefined : volumes.get(bytesOfText(name));
    return { kind, at, label: name === '' ? source : name, place: placeOf(files, root, mount, volume) };
  });
  return inOrder([...mounts, ...temporaries(files, id), ...own]);
}

function placeOf(
  files: StoreFiles,
  root: RecordedRoot | undefined,
  { type, name, driver, source, subpath }: ContainerMount,
  volume: VolumeDirectory | undefined,
): MountedPlace {
  if (type === 'tmpfs') return { kind: 'nothing' };
  if (name === '' || !isLocal({ driver })) return placeOfSource(source, root);
  if (volume === undefined) return placeOfSource(source, root);
  const options = attempt(() => volumeOptions(files, volume));
  // Such a volume is a mount of its own, there while somebody uses it.
  if (options !== undefined && !(options instanceof Trouble) && isBind(options))
    return placeOfSource(options.device ?? '', root);
  return { kind: 'store', files, path: [volumeData(volume), ...(subpath === '' ? [] : [subpath])].join('/') };
}

function isBind({ o = '' }: Readonly<Record<string, string>>): boolean {
  return o.split(',').some((word) => word === 'bind' || word === 'rbind');
}

/** The root that the daemon had on its machine, by the paths of what it keeps for the container. */
function recordedRoot(files: StoreFiles, { id, ownFiles }: ContainerConfig): RecordedRoot | undefined {
  for (const file of ownFiles) {
    const name = file.slice(file.lastIndexOf('/') + 1);
    const path = rootBefore(file, `${containerDirectory(id)}/${name}`);
    if (path !== undefined) return { path, files };
  }
  return undefined;
}

/** Those of `--tmpfs`, which the config does not have. */
function temporaries(files: StoreFiles, id: ContainerId): Mounting[] {
  const path = `${containerDirectory(id)}/hostconfig.json`;
  const paths = attempt(() => {
    const bytes = files.readIfPresent(path);
    if (bytes === undefined) return [];
    return keysOf(parseJson(bytes, files.pathOf(path), HOST_CONFIG, 'first value'), 'Tmpfs');
  });
  if (paths instanceof Trouble) return [];
  return paths.map((at) => ({ kind: 'tmpfs', at, label: '', place: { kind: 'nothing' } }));
}
