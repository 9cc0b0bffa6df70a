// Stores of containers-storage: which of its drivers left something in a graph root, and which other roots it takes images from.
import { bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { readUidMap } from '../../sys/privilege.ts';
import { StoreFiles } from '../files.ts';
import type { Kind, OpenOptions, Probe } from '../kind.ts';
import { realRoot } from '../named.ts';
import { parsePlatform } from '../oci/manifest.ts';
import { isRootless } from '../owner.ts';
import { additionalRootsOf, places, runRootOf } from './places.ts';
import { DRIVERS, type Driver, hasLists, OTHER_DRIVERS, type PodmanRoot, type StorageRoot } from './root.ts';
import { PodmanStore } from './store.ts';

export const PODMAN: Kind = {
  name: 'podman',
  places,
  probe,
  open(files, options) {
    const { platform } = options;
    const wanted = platform === undefined ? undefined : parsePlatform(platform);
    return usedDrivers(files).map((driver) => new PodmanStore(openRoot(files, driver, options), wanted));
  },
};

function usedDrivers(files: StoreFiles): Driver[] {
  return DRIVERS.filter((driver) => hasLists(files, driver));
}

function probe(files: StoreFiles): Probe {
  if (usedDrivers(files).length > 0) return { kind: 'here' };
  const other = OTHER_DRIVERS.find((driver) => files.kindOf(`${driver}-layers`) !== undefined);
  if (other === undefined) return { kind: 'absent' };
  const drivers = DRIVERS.map((driver) => `"${driver}"`).join(', ');
  const state = `its layers are in the format of containers-storage's driver "${other}"; only ${drivers} can be read`;
  return { kind: 'refused', state };
}

function openRoot(
  files: StoreFiles,
  driver: Driver,
  { additionalRoots = [], machine }: OpenOptions,
): PodmanRoot {
  const additional: StorageRoot[] = [];
  const damage: string[] = [];
  const configured = machine === undefined ? [] : additionalRootsOf(machine, files.directory);
  for (const path of [...additionalRoots, ...configured]) {
    const root = attempt(() => ({ files: new StoreFiles(realRoot(bytesOfText(path))), driver }));
    if (root instanceof Trouble) damage.push(root.message);
    else if (
      ![files, ...additional.map((each) => each.files)].some(
        ({ directory }) => directory === root.files.directory,
      )
    )
      additional.push(root);
  }
  const owner = files.ownerOf(`${driver}-layers`) ?? files.ownerOf('.');
  const isUsers = owner !== undefined && isRootless(owner.uid, readUidMap());
  const runRoot = machine && runRootOf(machine, files.directory);
  return {
    ...{ files, driver, isRootless: isUsers, additional, damage },
    ...(runRoot === undefined ? {} : { runRoot: new StoreFiles(runRoot) }),
  };
}
