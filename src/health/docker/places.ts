// Which directory of a Docker data root belongs to what.
import type { ChainId, ImageId } from '../../store/digest.ts';
import { driverDirectories } from '../../store/docker/driver-directories.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { OwnedPlace, PlaceUser, StoreUsage } from '../disk-usage.ts';
import { containerPlaces, containerUser, topPlaces, volumePlaces } from '../dockerd/places.ts';
import {
  cacheEntries,
  imageLabel,
  isImageUse,
  type LayerUse,
  layerUses,
  type StoreIndex,
} from './store-index.ts';

/** Of a directory of the driver. */
type DriverOwner = Pick<OwnedPlace, 'kind' | 'id' | 'users'>;

export function usageOf(index: StoreIndex): StoreUsage {
  const { files, driver } = index.root;
  const [home = ''] = driver.home.split('/');
  const containers = [...new Set([...index.containers.keys(), ...index.mounts.keys()])];
  return {
    directories: [files.directory],
    places: [
      ...topPlaces(index, new Map([[home, 'records']])),
      ...layerPlaces(index),
      ...containerPlaces(index),
      ...volumePlaces(index),
    ],
    images: [...index.images].flatMap(([id, config]) =>
      config instanceof Trouble ? [] : [imageUser(index, id)],
    ),
    containers: containers.map((id) => containerUser(index, id)),
    damage: index.damage,
  };
}

function imageUser(index: StoreIndex, id: ImageId): PlaceUser {
  return { kind: 'image', id, ...imageLabel(index, id) };
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
