// Where containerd's image stores lie: in a root of its own, or behind a Docker whose daemon keeps its images in containerd.
// dockerd has a containerd of its own below its data root, or uses the machine's, whose root is then another directory.
import { dirname } from 'node:path';
import { asBytes, type ByteString, bytesOfText, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { readUidMap } from '../../sys/privilege.ts';
import { MANAGED_CONTAINERD, usedSnapshotters } from '../dockerd/snapshotters.ts';
import { trouble } from '../file-state.ts';
import { StoreFiles } from '../files.ts';
import type { Kind, OpenOptions, Probe } from '../kind.ts';
import type { Machine } from '../machine/machine.ts';
import { realRoot } from '../named.ts';
import { parsePlatform } from '../oci/manifest.ts';
import { isRootless } from '../owner.ts';
import { snapshotterContainers } from './docker.ts';
import { hasMetadata, METADATA, readSnapshotRecords } from './metadata.ts';
import { keepsImages, MOBY, usedNamespaces } from './namespaces.ts';
import { DEFAULT_ROOT, places, systemRoot } from './places.ts';
import { ifSound } from './root.ts';
import { ContainerdStore } from './store.ts';

export const CONTAINERD: Kind = {
  name: 'containerd',
  places,
  probe,
  open: (files, options) => [openContainerd(files, options)],
};

function probe(files: StoreFiles, options: OpenOptions): Probe {
  const found = attempt(() => hasMetadata(files));
  // Where the root itself cannot be looked into, others say why.
  if (found instanceof Trouble && ifSound(() => files.kindOf(dirname(METADATA))) !== undefined)
    return { kind: 'refused', state: found.message };
  if (found === true) {
    // What is damaged is told of when it is read.
    return ifSound(() => usedNamespaces(files))?.length === 0 ? { kind: 'empty' } : { kind: 'here' };
  }
  if (options.containerdRoot === undefined && !isDockers(files)) return { kind: 'absent' };
  const root = attempt(() => rootOfDocker(files, options));
  if (root instanceof Trouble) return { kind: 'refused', state: root.message };
  if (ifSound(() => root.kindOf(METADATA)) !== undefined) return { kind: 'here' };
  const state = `Docker kept its images in containerd here, but "${shownBytes(root.pathOf(METADATA))}" is not there`;
  return { kind: 'refused', state };
}

/** Throws Trouble. */
function openContainerd(files: StoreFiles, options: OpenOptions): ContainerdStore {
  const docker = hasMetadata(files) ? undefined : files;
  const root = docker === undefined ? files : rootOfDocker(files, options);
  const owner = root.ownerOf(METADATA);
  const { namespace, platform, withoutDockers } = options;
  return new ContainerdStore({
    files: root,
    ...(docker === undefined ? {} : { docker }),
    ...(namespace === undefined ? {} : { namespace: bytesOfText(namespace) }),
    ...(withoutDockers ? { except: MOBY } : {}),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    dialect: owner !== undefined && isRootless(owner.uid, readUidMap()) ? 'user' : 'trusted',
  });
}

/**
 * Whether a directory is the data root of a daemon that used containerd for images. One with graph drivers has a `meta.db`
 * too; what counts is what is in it, and what is named after a snapshotter: BuildKit's directory, mount points, containers.
 */
function isDockers(files: StoreFiles): boolean {
  const managed = ifSound(() => below(files, MANAGED_CONTAINERD));
  if (managed !== undefined && keepsImages(managed, MOBY)) return true;
  const names = (path: string) => ifSound(() => files.namesIfPresent(path)) ?? [];
  if (names('rootfs').length > 0 || names('buildkit').some((name) => /^containerd-[a-z0-9-]+$/.test(name)))
    return true;
  if (usedSnapshotters(files).length > 0) return true;
  return (ifSound(() => snapshotterContainers(files)) ?? []).length > 0;
}

/** Throws Trouble where it is not known. */
function rootOfDocker(files: StoreFiles, { containerdRoot, machine }: OpenOptions): StoreFiles {
  if (containerdRoot !== undefined) {
    const named = new StoreFiles(realRoot(bytesOfText(containerdRoot)));
    if (hasMetadata(named)) return named;
    throw trouble('open', named.directory, `it is no root of containerd: it has no "${METADATA}"`);
  }
  const managed = attempt(() => below(files, MANAGED_CONTAINERD));
  if (managed instanceof Trouble)
    throw new Trouble('store', `${managed.message}; name the place with --containerd-root`);
  if (managed !== undefined && keepsImages(managed, MOBY)) return managed;
  const parent = new StoreFiles(asBytes(files.directory.slice(0, files.directory.lastIndexOf('/')) || '/'));
  const beside = ifSound(() => below(parent, 'containerd'));
  if (beside !== undefined && keepsImages(beside, MOBY)) return beside;
  const containers = ifSound(() => snapshotterContainers(files)) ?? [];
  for (const place of containers.length === 0 || machine === undefined ? [] : machineRoots(machine)) {
    // The machine's own is this one's only where it has the layers of its containers.
    const root = new StoreFiles(place);
    if (keepsImages(root, MOBY) && hasSnapshotOf(root, containers)) return root;
  }
  // What is damaged is told of when it is read.
  if (managed !== undefined) {
    const isDamaged = () => ifSound(() => usedNamespaces(managed)) === undefined;
    if (usedSnapshotters(files).length > 0 || (managed.kindOf(METADATA) !== undefined && isDamaged()))
      return managed;
  }
  throw new Trouble(
    'store',
    'Docker keeps its images in containerd here, whose root is another directory (usually "/var/lib/containerd"); name it with --containerd-root',
  );
}

/** Undefined where there is nothing. Throws Trouble where that is no directory, or a link leads there, which is not followed. */
function below(files: StoreFiles, path: string): StoreFiles | undefined {
  return files.kindOf(path) === undefined ? undefined : new StoreFiles(files.requireDirectory(path));
}

function hasSnapshotOf(root: StoreFiles, containers: readonly string[]): boolean {
  const snapshots = ifSound(() => readSnapshotRecords(root, MOBY)) ?? [];
  return snapshots.some(({ key }) => containers.includes(key));
}

/** Where the machine's own containerd may be, as paths here. */
function machineRoots(machine: Machine): ByteString[] {
  const told = systemRoot(machine);
  const roots = [...(told === undefined ? [] : [told]), asBytes(DEFAULT_ROOT)];
  return roots.flatMap((root) => machine.directory(root) ?? []);
}
