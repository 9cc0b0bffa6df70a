// Which stores lie in a directory: the one place that knows all kinds, asked in order, and that says by name what is found but
// cannot be read.
import { type ByteString, bytesOfText, shownBytes } from '../sys/bytes.ts';
import { attempt, Trouble } from '../sys/errors.ts';
import { ARCHIVE, openArchive } from './archive/kind.ts';
import { CONTAINERD } from './containerd/kind.ts';
import { DOCKER } from './docker/kind.ts';
import { StoreFiles } from './files.ts';
import type { Kind, OpenOptions, Probe } from './kind.ts';
import { realRoot } from './named.ts';
import { PODMAN } from './podman/kind.ts';
import { SeveralStores } from './several.ts';
import type { Store } from './store.ts';

/** Whose stores come first where several kinds find one. */
export const KINDS: readonly Kind[] = [CONTAINERD, DOCKER, PODMAN, ARCHIVE];
/** In whose places on a machine a store is looked for first: beside a Docker there is nearly always the containerd that it runs by. */
export const KINDS_BY_PLACE: readonly Kind[] = [DOCKER, CONTAINERD, PODMAN, ARCHIVE];

/** Nothing that any kind of store would know lies in a directory. */
export class NoStore extends Trouble {}

/** What lies in a directory as one store. Keeps nothing open between two questions. Throws Trouble as `openStores`. */
export function openStore(root: string, options: OpenOptions = {}): Store {
  const stores = openStores(root, options);
  const [first, ...others] = stores;
  return first === undefined || others.length > 0 ? new SeveralStores(stores) : first;
}

/** The archive of images that a file is, or that a directory is said to be. Throws Trouble as `openStores`. */
export function openArchiveStore(path: ByteString, options: OpenOptions = {}): Promise<Store> {
  return openArchive(path, options);
}

/** All stores of a directory, at least one, those in use first. Throws Trouble where there is none that can be read. */
export function openStores(root: string, options: OpenOptions = {}): readonly Store[] {
  const { stores } = storesAt(root, options);
  return options.namespace === undefined ? stores : namedNamespace(stores, options.namespace);
}

/** Those that have namespaces, at least one; they were opened with this one. Throws Trouble where it is not there. */
export function namedNamespace(stores: readonly Store[], namespace: string): readonly Store[] {
  const having = stores.filter(({ kind }) => kind === CONTAINERD.name);
  const [first] = stores;
  if (having.length === 0 && first !== undefined) {
    const what = stores.map(({ description }) => description).join(', ');
    const state = `"${shownBytes(first.directory)}" is ${what}, and only containerd has namespaces`;
    throw new Trouble('usage', `Cannot choose namespace "${namespace}": ${state}`);
  }
  for (const store of having) store.checkNamespace?.();
  return having;
}

interface StoresAtRoot {
  /** At least one, those in use first. */
  readonly stores: readonly Store[];
  /** Whether none of them holds anything yet. */
  readonly isEmpty: boolean;
}

/** The same, and whether anything is in them. Throws Trouble as `openStores`. */
export function storesAt(root: string, options: OpenOptions = {}): StoresAtRoot {
  const files = new StoreFiles(realRoot(bytesOfText(root)));
  const refuse = (state: string) =>
    new Trouble('store', `Cannot open store "${shownBytes(files.directory)}": ${state}`);
  const probes = KINDS.map((kind) => ({ kind, probe: kind.probe(files, options) }));
  const found = (state: Probe['kind']) => probes.filter(({ probe }) => probe.kind === state);
  const used = found('here');
  // What is empty is the store only where nothing else was ever used.
  const state = used.length > 0 ? undefined : unreadable(probes);
  const chosen = used.length > 0 ? used : found('empty').slice(0, 1);
  if (state !== undefined) throw refuse(state);
  if (chosen.length === 0) {
    throw new NoStore('store', `Cannot open store "${shownBytes(files.directory)}": ${foreign(files)}`);
  }
  const all = chosen.flatMap(({ kind }) => kind.open(files, options));
  const isEmpty = used.length === 0;
  const stores = options.store === undefined ? all : all.filter(({ name }) => name === options.store);
  if (stores.length > 0) return { stores, isEmpty };
  const names = all.map(({ name }) => `"${name}"`).join(', ');
  throw refuse(`it has no store "${options.store}"; there is ${names}`);
}

/** Of an engine: archives have words of their own. */
function holdsStore(files: StoreFiles, name: string): boolean {
  if (attempt(() => files.kindOf(name)) !== 'directory') return false;
  const inside = new StoreFiles(files.pathOf(name));
  const holds = (kind: Kind) => {
    const probe = attempt(() => kind.probe(inside, {}));
    return !(probe instanceof Trouble) && probe.kind !== 'absent';
  };
  return KINDS.some((kind) => kind !== ARCHIVE && holds(kind));
}

/** The directory itself, or one in it, that holds the store of an engine. */
export function storeNear(directory: ByteString): ByteString | undefined {
  const files = new StoreFiles(directory);
  return holdsStore(files, '.') ? directory : innerStore(files);
}

function innerStore(files: StoreFiles): ByteString | undefined {
  const names = attempt(() => files.namesIfPresent('.') ?? []);
  const places = [...(names instanceof Trouble ? [] : names.slice(0, MOST_INNER)), ...USUAL];
  // A Docker that has run always has this, however little is left of the rest.
  const isDockers = (name: string) =>
    /(?:^|\/)docker$/.test(name) && files.kindOf(`${name}/image`) === 'directory';
  const inner = places.find((name) => holdsStore(files, name) || isDockers(name));
  return inner === undefined ? undefined : files.pathOf(inner);
}

function unreadable(probes: readonly { readonly probe: Probe }[]): string | undefined {
  for (const { probe } of probes) if (probe.kind === 'refused') return probe.state;
  return undefined;
}

/** Names in a directory among which a store is looked for, where the directory itself is none. */
const MOST_INNER = 200;
const USUAL = ['var/lib/docker', 'var/lib/containerd', 'var/lib/containers/storage'];

function foreign(files: StoreFiles): string {
  const inner = innerStore(files);
  if (inner !== undefined) return `no store is there, but "${shownBytes(inner)}" may be one`;
  return 'no store is there, of Docker, containerd, Podman or CRI-O, and no OCI layout';
}
