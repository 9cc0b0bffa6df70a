// Which directory of a Docker data root belongs to what.
import { type ChainId, type ContainerId, type ImageId, isHexId } from '../../store/digest.ts';
import { driverDirectories } from '../../store/docker/driver-directories.ts';
import { asBytes, type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { OwnedPlace, PlaceKind, PlaceUser, StoreUsage } from '../disk-usage.ts';
import {
  cacheEntries,
  containerLabel,
  imageLabel,
  isImageUse,
  type LayerUse,
  layerUses,
  type StoreIndex,
} from './store-index.ts';

/** What is kept by other names at the top of a data root. */
const RECORDS = ['image', 'network', 'swarm', 'plugins', 'runtimes', 'tmp', 'trust', 'engine-id', 'builder'];
const BESIDE = ['containerd', 'rootfs', 'aufs', 'btrfs', 'devicemapper', 'fuse-overlayfs', 'overlay'];
const MORE_BESIDE = ['overlay2', 'vfs', 'zfs'];

/** Of a directory of the driver. */
type DriverOwner = Pick<OwnedPlace, 'kind' | 'id' | 'users'>;

export function usageOf(index: StoreIndex): StoreUsage {
  const { files } = index.root;
  const containers = [...new Set([...index.containers.keys(), ...index.mounts.keys()])];
  return {
    directories: [files.directory],
    places: [
      ...topPlaces(index),
      ...layerPlaces(index),
      ...containerPlaces(index),
      ...[...index.volumes.values()].map(
        ({ name, path }): OwnedPlace => ({
          path: files.pathOf(path),
          kind: 'volume',
          id: name,
          users: volumeUsers(index, name),
        }),
      ),
    ],
    images: [...index.images].flatMap(([id, config]) =>
      config instanceof Trouble ? [] : [imageUser(index, id)],
    ),
    containers: containers.map((id) => containerUser(index, id)),
    damage: index.damage,
  };
}

function imageUser(index: StoreIndex, id: ImageId): PlaceUser {
  return { kind: 'image', id, label: imageLabel(index, id) };
}

function containerUser(index: StoreIndex, id: ContainerId): PlaceUser {
  return { kind: 'container', id, label: containerLabel(index, id) };
}

function volumeUsers(index: StoreIndex, volume: ByteString): PlaceUser[] {
  return [...index.containers].flatMap(([id, config]) => {
    const isMounted = (name: string) => name !== '' && bytesOfText(name) === volume;
    const mounts = config instanceof Trouble ? [] : config.mounts;
    return mounts.some(({ name }) => isMounted(name)) ? [containerUser(index, id)] : [];
  });
}

function names({ root: { files } }: StoreIndex, path: string): readonly ByteString[] {
  const found = attempt(() => files.namesIfPresent(path) ?? []);
  return found instanceof Trouble ? [] : found;
}

function topPlaces(index: StoreIndex): OwnedPlace[] {
  const { files, driver } = index.root;
  return names(index, '.').map((name) => ({
    path: files.pathOf(name),
    kind: topKind(name, driver.home),
    id: name,
    users: [],
  }));
}

function topKind(name: ByteString, home: string): PlaceKind {
  const isOurs = home.split('/')[0] === name || name === 'containers' || name === 'volumes';
  if (name === 'buildkit') return 'cache';
  if (isOurs || RECORDS.includes(name)) return 'records';
  return BESIDE.includes(name) || MORE_BESIDE.includes(name) ? 'beside' : 'other';
}

function layerPlaces(index: StoreIndex): OwnedPlace[] {
  const { files, driver } = index.root;
  const found = attempt(() => driverDirectories(index.root));
  const owners = ownersOf(index);
  return (found instanceof Trouble ? [] : found).flatMap(({ name, kind }) => {
    if (kind !== 'directory') return [];
    const owner = owners.get(name) ?? { kind: 'orphan' as const, id: name, users: [] };
    const isOwn = owner.kind === 'upper' || owner.kind === 'init';
    const counted = (isOwn ? driver.own : driver.files).slice(1);
    const only = counted === '' ? {} : { counted: [counted] };
    return [{ path: files.pathOf(`${driver.home}/${name}`), ...owner, ...only }];
  });
}

function containerPlaces(index: StoreIndex): OwnedPlace[] {
  const { files } = index.root;
  return names(index, 'containers').flatMap((name) => {
    if (attempt(() => files.kindOf(`containers/${name}`)) !== 'directory') return [];
    const users = isHexId(name) ? [containerUser(index, name as string as ContainerId)] : [];
    const own = { id: name, users };
    const isLog = (file: string) => file.startsWith(`${name}-json.log`) || file === 'local-logs';
    return [
      { path: files.pathOf(`containers/${name}`), kind: 'files' as const, ...own },
      ...names(index, `containers/${name}`)
        .filter(isLog)
        .map((file) => ({
          path: files.pathOf(asBytes(`containers/${name}/${file}`)),
          kind: 'log' as const,
          ...own,
        })),
    ];
  });
}

function ownersOf(index: StoreIndex): Map<string, DriverOwner> {
  const { layers, mounts } = index;
  const uses: ReadonlyMap<ChainId, readonly LayerUse[]> = layerUses(index);
  const owners = new Map<string, DriverOwner>();
  for (const { directory, id } of cacheEntries(index)) {
    if (directory !== undefined) owners.set(directory, { kind: 'cache', id, users: [] });
  }
  for (const [id, mount] of mounts) {
    if (mount instanceof Trouble) continue;
    const users = [containerUser(index, id)];
    owners.set(mount.mountId, { kind: 'upper', id, users });
    if (mount.initId !== undefined) owners.set(mount.initId, { kind: 'init', id, users });
  }
  for (const [chainId, record] of layers) {
    if (record instanceof Trouble) continue;
    const users = [...new Set((uses.get(chainId) ?? []).map(({ of }) => of))].map((of) =>
      isImageUse(of) ? imageUser(index, of) : containerUser(index, of),
    );
    owners.set(record.cacheId, { kind: users.length === 0 ? 'unused' : 'layer', id: chainId, users });
  }
  return owners;
}
