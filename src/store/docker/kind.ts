// Docker's classic stores: which graph drivers left something in a data root.
import { shownBytes } from '../../sys/bytes.ts';
import type { StoreFiles } from '../files.ts';
import type { Kind, Probe } from '../kind.ts';
import { parsePlatform } from '../oci/manifest.ts';
import { DRIVERS, dockerRoot, driverNames, hasLayers } from './driver.ts';
import { places } from './places.ts';
import { DockerStore } from './store.ts';

export const DOCKER: Kind = {
  name: 'docker',
  places,
  probe,
  open(files, { platform }) {
    const wanted = platform === undefined ? undefined : parsePlatform(platform);
    const used = DRIVERS.filter(({ name }) => hasLayers(files, name));
    const known = driverNames(files);
    const empty = DRIVERS.filter(({ name }) => known.includes(name)).slice(0, 1);
    const drivers = used.length > 0 ? used : empty;
    const names = drivers.map(({ name }) => name);
    return drivers.map((driver) => new DockerStore(dockerRoot(files, driver), names, wanted));
  },
};

function probe(files: StoreFiles): Probe {
  if (DRIVERS.some(({ name }) => hasLayers(files, name))) return { kind: 'here' };
  const names = driverNames(files);
  const others = names.filter((name) => hasLayers(files, name));
  if (others.length > 0) return { kind: 'refused', state: otherDrivers(others) };
  if (DRIVERS.some(({ name }) => names.includes(name))) return { kind: 'empty' };
  if (names.length > 0) {
    const state = `it has no image of a graph driver that can be read (found: ${names.join(', ')})`;
    return { kind: 'refused', state };
  }
  const remapped = (files.namesIfPresent('.') ?? []).filter((name) => /^\d+\.\d+$/.test(name));
  if (remapped.length === 0) return { kind: 'absent' };
  const roots = remapped.map((name) => `"${shownBytes(files.pathOf(name))}"`).join(', ');
  const state = `it is divided by user namespace (userns-remap); name one part with --root: ${roots}`;
  return { kind: 'refused', state };
}

function otherDrivers(names: readonly string[]): string {
  const drivers = names.map((name) => `"${name}"`).join(', ');
  const readable = DRIVERS.map((driver) => `"${driver.name}"`).join(', ');
  return `its layers are in the format of the graph driver ${drivers}; only ${readable} can be read`;
}
