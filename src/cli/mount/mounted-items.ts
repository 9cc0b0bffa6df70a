// What is mounted in a container, as things to be shown in it: where each lies now, which is looked for with care, since the records that
// tell of it may be anybody's. What cannot be had is a directory that says why.
import { dirname } from 'node:path/posix';
import { MOUNT_TYPE } from '../../fuse/type.ts';
import { openStack, recordsOf, type StoreOptions } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import type { Mounting } from '../../store/mounting.ts';
import type { Store } from '../../store/store.ts';
import { asBytes, type ByteString, bytesOfText, shownBytes } from '../../sys/bytes.ts';
import { attempt, E, Errno, errnoWords, Trouble } from '../../sys/errors.ts';
import { canClone, realPath } from '../../sys/mount/clone.ts';
import { readMounts } from '../../sys/mount/mounts.ts';
import { type SourcePath, sourcePath } from '../../sys/mount/source-path.ts';
import { S_IFDIR, S_IFMT } from '../../sys/statx.ts';
import { fixedDirectory, type MountedItem, type OpenStack, type StackItem } from '../../whole/item.ts';

/** What is mounted at a place and cannot be had: told of each, once. */
export type TellLost = (at: string, state: string) => void;

/** None where the record cannot be used, which is said. */
export async function mountedItemsIfKnown(
  store: Store,
  stack: LayerStack,
  options: StoreOptions,
  tellLost: TellLost = () => {},
): Promise<readonly MountedItem[]> {
  try {
    return await mountedItems(store, stack, options, tellLost);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    options.say?.(`"${stack.label}" is shown without its volumes: ${error.message}`);
    return [];
  }
}

/** All that is mounted in a container of a store; none in what is no container. Throws Trouble where its record cannot be used. */
async function mountedItems(
  store: Store,
  stack: LayerStack,
  options: StoreOptions,
  tellLost: TellLost,
): Promise<readonly MountedItem[]> {
  const mountings = (stack.kind === 'container' && store.mountings?.(stack)) || [];
  const host = mountings.some(({ place }) => place.kind === 'machine')
    ? await machineOf(store, options)
    : undefined;
  return mountings.flatMap((mounting): MountedItem[] => {
    const at = bytesOfText(mounting.at);
    if (mounting.place.kind === 'nothing') return [{ at, item: fixedDirectory(new Map(), '') }];
    const found = attempt(() => placeOf(mounting, host));
    // What the image has in the place of such a file is shown.
    if (mounting.isEngines && (found instanceof Trouble || found === undefined)) return [];
    if (found instanceof Trouble) tellLost(mounting.at, found.message.replace(noPlace(mounting.at), ''));
    return [{ at, item: itemOf(mounting, found, stack, { ...options, opened: store }, host) }];
  });
}

/** The root of the machine whose paths a store's records have; undefined where nothing says that it is this one. */
async function machineOf(store: Store, { hostRoot }: StoreOptions): Promise<ByteString | undefined> {
  if (hostRoot !== undefined) return realPath(bytesOfText(hostRoot));
  const { isLive } = await import('../../store/machine/live.ts');
  const { isPlaceOfEngine } = await import('../../store/machine/places.ts');
  return isLive(store.directory) || isPlaceOfEngine(store.directory) ? asBytes('/') : undefined;
}

function noPlace(at: string): string {
  return `Cannot show what is mounted at "${at}": `;
}

/** Undefined for what is no file. Throws Trouble. */
function placeOf({ at, place }: Mounting, host: ByteString | undefined): SourcePath | undefined {
  const refused = (state: string) => new Trouble('store', `${noPlace(at)}${state}`);
  if (place.kind === 'image' || place.kind === 'nothing') return undefined;
  if (place.kind === 'store') {
    const { files, path } = place;
    const isBelow = path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
    if (!isBelow) throw refused(`"${path}" is no path in the store`);
    const kind = files.kindOf(path);
    if (kind === undefined) throw refused(`"${shownBytes(files.pathOf(path))}" is not there`);
    if (kind === 'link')
      throw refused(`"${shownBytes(files.pathOf(path))}" is a link, which is not followed`);
    return lookedAt(asBytes('/'), files.pathOf(path), refused);
  }
  const { path } = place;
  if (!path.startsWith('/') || path.includes('\0')) throw refused(`its source "${path}" is no absolute path`);
  if (host !== undefined) return lookedAt(host, bytesOfText(path), refused);
  throw refused(
    `"${path}" is a path of the machine that ran it, and nothing says which that is; name its disk with --host-root ("/" is this machine)`,
  );
}

function lookedAt(root: ByteString, path: ByteString, refused: (state: string) => Trouble): SourcePath {
  const own = readMounts().flatMap(({ type, point }) => (type === MOUNT_TYPE ? [point] : []));
  try {
    const found = sourcePath(root, path, own);
    const isAround = own.some((point) => point.startsWith(found.path === '/' ? '/' : `${found.path}/`));
    if (isAround && !canClone()) throw refused(`a mount of stratafs lies in "${shownBytes(found.path)}"`);
    return found;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const words = error.errno === E.EDEADLK ? 'a mount of stratafs is in the way' : errnoWords(error.errno);
    throw refused(`"${shownBytes(path)}": ${words}`);
  }
}

function itemOf(
  mounting: Mounting,
  found: SourcePath | Trouble | undefined,
  container: LayerStack,
  options: StoreOptions & { readonly opened: Store },
  host: ByteString | undefined,
): StackItem {
  const type = found === undefined || found instanceof Trouble ? S_IFDIR : found.mode & S_IFMT;
  return {
    kind: 'stack',
    version: mounting.at,
    ...(type === S_IFDIR ? {} : { type }),
    async open() {
      if (mounting.place.kind === 'image') return openImage(mounting.place.reference, options);
      // As it is by now.
      const now = placeOf(mounting, host);
      if (now === undefined) throw new RangeError('a place of no kind');
      return sourceStack(now, mounting, container, options);
    },
  };
}

async function openImage(reference: string, options: StoreOptions): Promise<OpenStack> {
  const stack = await openStack(reference, options);
  return { stack, recorded: await recordsOf(stack, options) };
}

/** A directory, or one entry of it, as it is on disk but for its owners. On a disk that is examined nothing changes. */
function sourceStack(
  { path, mode }: SourcePath,
  { at }: Mounting,
  { label, owners }: LayerStack,
  { hostRoot }: StoreOptions,
): OpenStack {
  const isDirectory = (mode & S_IFMT) === S_IFDIR;
  const live = hostRoot === undefined || hostRoot === '/';
  const directory = isDirectory ? path : asBytes(dirname(path));
  return {
    stack: {
      label: `${label}:${at}`,
      kind: 'lowerdir',
      layers: [{ source: { kind: 'directory', path: directory }, role: 'plain', ...(live ? { live } : {}) }],
      dataLayers: [],
      dialect: 'none',
      ...(owners === undefined ? {} : { owners }),
    },
    isAlone: true,
    ...(isDirectory ? {} : { entry: asBytes(path.slice(path.lastIndexOf('/') + 1)) }),
  };
}
