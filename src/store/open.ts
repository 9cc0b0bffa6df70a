// Which store lies in a directory: the one place that knows all kinds, and says by name what it finds but cannot read.
import { bytesOfText } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import { type DockerRoot, DRIVERS, dockerRoot, driverNames, hasLayers } from './docker/driver.ts';
import { DockerStore } from './docker/store.ts';
import { realRoot, StoreFiles } from './files.ts';
import type { Store } from './store.ts';

/** Keeps nothing open between two questions. Throws Trouble where there is no store that can be read. */
export function openStore(root: string): Store {
  return new DockerStore(openDockerRoot(root));
}

/** The same for what asks Docker's own questions. */
export function openDockerRoot(root: string): DockerRoot {
  const files = new StoreFiles(realRoot(bytesOfText(root)));
  const used = DRIVERS.find((driver) => hasLayers(files, driver.name));
  if (used !== undefined) return dockerRoot(files, used);

  const names = driverNames(files);
  const others = names.filter((name) => hasLayers(files, name));
  const empty = DRIVERS.find((driver) => names.includes(driver.name));
  const state = otherDrivers(others) ?? containerd(files);
  if (empty !== undefined && state === undefined) return dockerRoot(files, empty);
  throw new Trouble('store', `Cannot open store "${files.directory}": ${state ?? foreign(files, names)}`);
}

function otherDrivers(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const drivers = names.map((name) => `"${name}"`).join(', ');
  const readable = DRIVERS.map((driver) => `"${driver.name}"`).join(', ');
  return `its layers are in the format of the graph driver ${drivers}; only ${readable} can be read`;
}

/** A daemon with graph drivers has a `meta.db` of containerd too, so what counts is a snapshotter that was used. */
function containerd(files: StoreFiles): string | undefined {
  const used = (place: string) =>
    ['overlayfs', 'native'].some(
      (name) => files.kindOf(`${place}io.containerd.snapshotter.v1.${name}/metadata.db`) !== undefined,
    );
  if (used('')) return "it belongs to containerd, whose image store cannot be read; only Docker's own can";
  const snapshotter = 'Docker keeps its images in containerd here (the containerd snapshotter)';
  if (used('containerd/daemon/')) return `${snapshotter}, which cannot be read; only graph drivers can`;
  if (files.kindOf('rootfs/overlayfs') !== undefined) {
    return `${snapshotter}, in a root of its own such as /var/lib/containerd; only graph drivers can be read`;
  }
  return undefined;
}

function foreign(files: StoreFiles, drivers: readonly string[]): string {
  if (drivers.length > 0)
    return `it has no image of a graph driver that can be read (found: ${drivers.join(', ')})`;
  if (files.kindOf('overlay-images') !== undefined)
    return "it is Podman's, which cannot be read; only Docker's can";
  const remapped = (files.namesIfPresent('.') ?? []).filter((name) => /^\d+\.\d+$/.test(name));
  if (remapped.length > 0) {
    const roots = remapped.map((name) => `"${files.pathOf(name)}"`).join(', ');
    return `it is divided by user namespace (userns-remap); name one part with --root: ${roots}`;
  }
  const inner = ['docker', 'var/lib/docker'].find((name) => files.kindOf(`${name}/image`) === 'directory');
  if (inner !== undefined) return `no data root of Docker, but "${files.pathOf(inner)}" may be one`;
  return 'no data root of Docker: it has no directory "image"';
}
