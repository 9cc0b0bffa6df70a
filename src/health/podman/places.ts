// Which directory of a graph root, and of the other roots that it takes images from, belongs to what.
import { imageIdOf } from '../../store/digest.ts';
import { Inventory } from '../../store/podman/inventory.ts';
import {
  allRoots,
  DRIVERS,
  layerPath,
  OTHER_DRIVERS,
  type PodmanRoot,
  type StorageRoot,
} from '../../store/podman/root.ts';
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { OwnedPlace, PlaceKind, PlaceUser, StoreUsage } from '../disk-usage.ts';
import {
  directoriesOfVolumes,
  imageName,
  type LayerUse,
  nameOfContainer,
  usesOf,
  volumeUsers,
} from './uses.ts';

/** Where the driver has what it puts together and takes apart. */
export const UNFINISHED: readonly string[] = ['tempdirs', 'staging'];

const RECORDS =
  /^(?:libpod|db\.sql(?:-.*)?|[a-z]+\.lock|defaultNetworkBackend|networks|volumes|cache|tmp|mounts|secrets)$/;

export function usageOf(root: PodmanRoot): StoreUsage {
  const inventory = new Inventory(root);
  const uses = usesOf(inventory);
  return {
    directories: allRoots(root).map(({ files }) => files.directory),
    places: allRoots(root).flatMap((each) => [
      ...topPlaces(each),
      ...layerPlaces(inventory, each, uses),
      ...containerPlaces(inventory, each),
      ...volumePlaces(inventory, each),
    ]),
    images: [...inventory.images().values()].flatMap((image) =>
      image instanceof Trouble ? [] : [userOf({ kind: 'image', image })],
    ),
    containers: [...inventory.containers().values()].map((container) =>
      userOf({ kind: 'container', container }),
    ),
    damage: root.damage.map((sentence) => new Trouble('store', sentence)),
  };
}

function userOf(use: LayerUse): PlaceUser {
  if (use.kind === 'image') return { kind: 'image', id: imageIdOf(use.image.id), ...imageName(use.image) };
  return { kind: 'container', id: use.container.id, label: nameOfContainer(use.container) };
}

function names({ files }: StorageRoot, path: string): readonly ByteString[] {
  const found = attempt(() => files.namesIfPresent(path) ?? []);
  return found instanceof Trouble ? [] : found;
}

function topPlaces(root: StorageRoot): OwnedPlace[] {
  const { files, driver } = root;
  const kindOf = (name: string): PlaceKind => {
    const own = [driver, `${driver}-images`, `${driver}-layers`, `${driver}-containers`];
    if (own.includes(name) || RECORDS.test(name)) return 'records';
    const isOther = [...DRIVERS, ...OTHER_DRIVERS].some(
      (other) => name === other || name.startsWith(`${other}-`),
    );
    return isOther ? 'beside' : 'other';
  };
  return names(root, '.').map((name) => ({
    path: files.pathOf(name),
    kind: kindOf(name),
    id: name,
    users: [],
  }));
}

function layerPlaces(
  inventory: Inventory,
  root: StorageRoot,
  uses: ReadonlyMap<string, readonly LayerUse[]>,
): OwnedPlace[] {
  const { files, driver } = root;
  const home = driver === 'vfs' ? 'vfs/dir' : 'overlay';
  const known = new Set<string>(inventory.layers().ids());
  return names(root, home).flatMap((name): OwnedPlace[] => {
    const path = files.pathOf(`${home}/${name}`);
    if (UNFINISHED.includes(name)) return [{ path, kind: 'unfinished', id: name, users: [] }];
    if (name === 'l' || attempt(() => files.kindOf(`${home}/${name}`)) !== 'directory') return [];
    const used = uses.get(name) ?? [];
    const own = used.find((use) => use.kind === 'container' && use.layer === undefined);
    const users = used.map(userOf);
    const counted = driver === 'vfs' ? {} : { counted: ['diff', 'diff1', 'diff2', 'diff3'] };
    const place = { path: files.pathOf(layerPath(root, name)), users, ...counted };
    if (own?.kind === 'container') return [{ ...place, kind: 'upper', id: own.container.id }];
    const kind = used.length > 0 ? 'layer' : known.has(name) ? 'unused' : 'orphan';
    return [{ ...place, kind, id: name }];
  });
}

function containerPlaces(inventory: Inventory, root: StorageRoot): OwnedPlace[] {
  const directory = `${root.driver}-containers`;
  return names(root, directory).flatMap((name): OwnedPlace[] => {
    if (attempt(() => root.files.kindOf(`${directory}/${name}`)) !== 'directory') return [];
    const container = inventory.containers().get(name);
    const users = container === undefined ? [] : [userOf({ kind: 'container', container })];
    const kind = container === undefined ? 'orphan' : 'files';
    return [
      { path: root.files.pathOf(`${directory}/${name}`), kind, id: name, users },
      ...names(root, `${directory}/${name}/userdata`)
        .filter((file) => file.startsWith('ctr.log'))
        .map(
          (file): OwnedPlace => ({
            path: root.files.pathOf(asBytes(`${directory}/${name}/userdata/${file}`)),
            kind: 'log',
            id: name,
            users,
          }),
        ),
    ];
  });
}

function volumePlaces(inventory: Inventory, root: StorageRoot): OwnedPlace[] {
  // What the driver keeps for itself beside them is no directory.
  return directoriesOfVolumes(root).map((name) => ({
    path: root.files.pathOf(`volumes/${name}`),
    kind: 'volume',
    id: name,
    users: volumeUsers(inventory, name).map(({ container }) => userOf({ kind: 'container', container })),
  }));
}
