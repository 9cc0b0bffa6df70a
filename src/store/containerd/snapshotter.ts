// Snapshotters: what unpacks layers for containerd, and keeps each in a directory and a row of its own database. Which of
// them can be read is a table; the database (core/snapshots/storage/bolt.go) is the same for all that come with containerd.

import { type ByteString, bytesOf } from '../../sys/bytes.ts';
import { trouble } from '../file-state.ts';
import type { StoreFiles } from '../files.ts';
import { readBolt } from '../formats/bolt.ts';
import { followParents } from '../parents.ts';
import { readUvarint, readVarint, shownKey } from './values.ts';

/** view: for looking only; active: being written (a container's own, or a layer while it is unpacked); committed: a layer. */
export type SnapshotKind = 'view' | 'active' | 'committed';

export interface Snapshot {
  /** `<namespace>/<sequence>/<key>`. */
  readonly name: ByteString;
  /** The name of its directory. */
  readonly id: number;
  readonly kind: SnapshotKind;
  /** The name of the one below. */
  readonly parent?: ByteString;
  /** Bytes of disk it took when it was committed, as blocks count. */
  readonly size?: number;
}

export interface Snapshotter {
  readonly name: string;
  /** Directory of what a snapshot holds, relative to containerd's root; undefined where it is not kept in files. */
  readonly directory?: (id: number) => string;
  /** Whether a snapshot is a whole tree, so that none below it matters. */
  readonly whole: boolean;
  /** What is there instead of files, as part of a sentence. */
  readonly keeps: string;
}

const NOT_MOUNTED = 'mounts layers that it fetches while they are read, so none of them need be here';
const DEVICE = 'keeps layers in file systems of their own on block devices';

export const SNAPSHOTTERS: readonly Snapshotter[] = [
  {
    name: 'overlayfs',
    directory: (id) => `${placeOf('overlayfs')}/snapshots/${id}/fs`,
    whole: false,
    keeps: 'keeps a layer in a directory',
  },
  {
    name: 'native',
    directory: (id) => `${placeOf('native')}/snapshots/${id}`,
    whole: true,
    keeps: 'keeps whole trees',
  },
  { name: 'erofs', whole: false, keeps: 'keeps layers as EROFS images, not as files' },
  { name: 'devmapper', whole: true, keeps: DEVICE },
  { name: 'blockfile', whole: true, keeps: DEVICE },
  { name: 'zfs', whole: true, keeps: 'keeps layers as ZFS data sets' },
  { name: 'btrfs', whole: true, keeps: 'keeps layers as subvolumes of Btrfs, mounted elsewhere' },
  { name: 'stargz', whole: false, keeps: NOT_MOUNTED },
  { name: 'soci', whole: false, keeps: NOT_MOUNTED },
  { name: 'nydus', whole: false, keeps: NOT_MOUNTED },
  { name: 'gcfs', whole: false, keeps: NOT_MOUNTED },
  { name: 'overlaybd', whole: false, keeps: NOT_MOUNTED },
];

/** The row of a snapshotter; one that is not known can be one of another program's. */
export function snapshotterOf(name: string): Snapshotter {
  const known = SNAPSHOTTERS.find((one) => one.name === name);
  return known ?? { name, whole: false, keeps: 'is not one that comes with containerd' };
}

/** Below containerd's root; the name is that of a row of the table or of a directory in there. */
export function placeOf(name: string): string {
  return `io.containerd.snapshotter.v1.${name}`;
}

/** Of all that are known, relative to containerd's root. */
export const SNAPSHOTTER_DATABASES: readonly string[] = SNAPSHOTTERS.map(({ name }) => databaseOf(name));

function databaseOf(name: string): string {
  return `${placeOf(name)}/metadata.db`;
}

const KINDS = new Map<number, SnapshotKind>([
  [1, 'view'],
  [2, 'active'],
  [3, 'committed'],
]);

/** By name; a row that is damaged is what is wrong with it. Undefined where there is no such database. Throws Trouble. */
export function readSnapshots(
  files: StoreFiles,
  snapshotter: string,
): ReadonlyMap<ByteString, Snapshot | string> | undefined {
  return files.withPartsIfPresent(databaseOf(snapshotter), (file) =>
    readBolt(file, (root) => {
      const layout = root.bucket('v1');
      if (layout === undefined)
        throw trouble('read', file.path, 'it has no bucket "v1", so it is no snapshotter\'s');
      const snapshots = new Map<ByteString, Snapshot | string>();
      for (const { key, bucket } of layout.bucket('snapshots')?.entries() ?? []) {
        if (bucket === undefined) {
          snapshots.set(key, 'it is a value and no bucket');
          continue;
        }
        const id = readUvarint(bucket.get('id') ?? Buffer.alloc(0));
        const kind = KINDS.get(bucket.get('kind')?.[0] ?? 0);
        const parent = bucket.get('parent');
        const size = readVarint(bucket.get('size') ?? Buffer.alloc(0));
        if (id === undefined) snapshots.set(key, 'its id is not a number');
        else if (kind === undefined) snapshots.set(key, 'its kind is none of 1, 2 and 3');
        else {
          snapshots.set(key, {
            name: key,
            id,
            kind,
            ...(parent === undefined || parent.length === 0 ? {} : { parent: bytesOf(parent) }),
            ...(size === undefined ? {} : { size }),
          });
        }
      }
      return snapshots;
    }),
  );
}

/**
 * A snapshot and all below it, top first, as `parent` leads: that is what the engine mounts. A string says why there is no
 * such chain.
 */
export function chainOf(
  snapshots: ReadonlyMap<ByteString, Snapshot | string>,
  name: ByteString,
): Snapshot[] | string {
  const read = (key: ByteString) => {
    const snapshot = snapshots.get(key);
    return typeof snapshot === 'string' ? undefined : snapshot;
  };
  const { ids, records, cycleAt } = followParents<ByteString, Snapshot>(name, read);
  if (cycleAt !== undefined) return `the parents of its snapshot "${shownKey(name)}" form a cycle`;
  const last = ids.at(-1) ?? name;
  const damage = snapshots.get(last);
  if (damage === undefined) return `it has no snapshot "${shownKey(last)}"`;
  if (typeof damage === 'string') return `its snapshot "${shownKey(last)}" is damaged: ${damage}`;
  return [...records];
}

/** The key that containerd's own metadata has for a snapshot; the rest of its name is the namespace and a number. */
export function keyOfSnapshot(name: ByteString): ByteString {
  const match = /^[^/]*\/\d+\/(.*)$/s.exec(name);
  return (match?.[1] ?? name) as ByteString;
}
