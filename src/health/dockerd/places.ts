// Which directory of a data root belongs to what dockerd itself keeps there: containers and volumes, and what lies at its top.
import { type ContainerId, isHexId } from '../../store/digest.ts';
import type { StoreFiles } from '../../store/files.ts';
import { asBytes, type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { OwnedPlace, PlaceKind, PlaceUser } from '../disk-usage.ts';
import { containerLabel, type DataRoot } from './data-root.ts';

const RECORDS: readonly string[] = [
  ...[
    'containers',
    'volumes',
    'image',
    'network',
    'swarm',
    'plugins',
    'runtimes',
    'tmp',
    'trust',
    'engine-id',
  ],
  'builder',
];
/** Stores by their directories. */
const STORES: readonly string[] = [
  ...[
    'containerd',
    'rootfs',
    'aufs',
    'btrfs',
    'devicemapper',
    'fuse-overlayfs',
    'overlay',
    'overlay2',
    'vfs',
    'zfs',
  ],
];

/** `own` are names that belong to the store that is spoken of. */
export function topPlaces({ files }: DataRoot, own: ReadonlyMap<string, PlaceKind>): OwnedPlace[] {
  const kindOf = (name: ByteString): PlaceKind => {
    if (name === 'buildkit') return 'cache';
    const known = own.get(name) ?? (RECORDS.includes(name) ? 'records' : undefined);
    return known ?? (STORES.includes(name) ? 'beside' : 'other');
  };
  return names(files, '.').map((name) => ({
    path: files.pathOf(name),
    kind: kindOf(name),
    id: name,
    users: [],
  }));
}

export function containerPlaces(root: DataRoot): OwnedPlace[] {
  const { files } = root;
  return names(files, 'containers').flatMap((name) => {
    if (attempt(() => files.kindOf(`containers/${name}`)) !== 'directory') return [];
    const users = isHexId(name) ? [containerUser(root, name as string as ContainerId)] : [];
    const own = { id: name, users };
    const isLog = (file: string) => file.startsWith(`${name}-json.log`) || file === 'local-logs';
    return [
      { path: files.pathOf(`containers/${name}`), kind: 'files' as const, ...own },
      ...names(files, `containers/${name}`)
        .filter(isLog)
        .map((file) => ({
          path: files.pathOf(asBytes(`containers/${name}/${file}`)),
          kind: 'log' as const,
          ...own,
        })),
    ];
  });
}

export function volumePlaces(root: DataRoot): OwnedPlace[] {
  const { files, volumes } = root;
  return [...volumes.values()].map(({ name, path }) => ({
    path: files.pathOf(path),
    kind: 'volume',
    id: name,
    users: volumeUsers(root, name),
  }));
}

export function containerUser(root: DataRoot, id: ContainerId): PlaceUser {
  return { kind: 'container', id, label: containerLabel(root, id) };
}

function volumeUsers(root: DataRoot, volume: ByteString): PlaceUser[] {
  return [...root.containers].flatMap(([id, config]) => {
    const isMounted = (name: string) => name !== '' && bytesOfText(name) === volume;
    const mounts = config instanceof Trouble ? [] : config.mounts;
    return mounts.some(({ name }) => isMounted(name)) ? [containerUser(root, id)] : [];
  });
}

function names(files: StoreFiles, path: string): readonly ByteString[] {
  const found = attempt(() => files.namesIfPresent(path) ?? []);
  return found instanceof Trouble ? [] : found;
}
