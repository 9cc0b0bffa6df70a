// Where stores are on a machine: by what each engine's own configuration says and by the usual places.
import { resolve } from 'node:path';
import { asBytes, type ByteString, bytesOfText, shownBytes, textOf } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { OpenOptions, StorePlace } from '../kind.ts';
import { realRoot } from '../named.ts';
import { KINDS_BY_PLACE, NoStore, storeNear, storesAt } from '../open.ts';
import type { Store } from '../store.ts';
import { type Machine, THIS_MACHINE, withMachine } from './machine.ts';

/** A root that was found. */
export interface FoundRoot {
  /** Where it is on this machine, without links. */
  readonly directory: ByteString;
  /** And by a path of its own machine. */
  readonly path: ByteString;
  /** What led to it. */
  readonly why: string;
  /** Whose it is, where it is a user's own. */
  readonly user?: string;
  /** The stores in it, at least one; or why none of them can be read. */
  readonly stores: readonly Store[] | Trouble;
  /** Stores are there, and hold nothing yet, or nothing that `contentOf` does not tell of. */
  readonly isEmpty: boolean;
  /** The root of the Docker that keeps its images here, which are told of there. */
  readonly contentOf?: ByteString;
}

/** damaged: a configuration cannot be used; absent: nothing is where one says that a store is. */
type Say = (message: string, what: 'damaged' | 'absent') => void;

/**
 * All roots of a machine, the likeliest first. `options` are for the stores in them; none is left out for what they narrow. Throws
 * Trouble where `host` cannot be opened.
 */
export function findRoots(host: string, say: Say, options: OpenOptions = {}): FoundRoot[] {
  return withMachine(host, (machine) => [...rootsOf(machine, say, [], options)]);
}

/** Those that a user of the machine means: on this one, of others than root, their own before the system's, and no other's. */
export function findRootsOf(user: number, host: string, say: Say, options: OpenOptions = {}): FoundRoot[] {
  return withMachine(host, (machine) => {
    const all = [...rootsOf(machine, say, [], options)];
    if (user === 0 || !machine.isThis) return all;
    const mine = machine.homes().find(({ uid }) => uid === user)?.user;
    const isMine = ({ user: owner }: FoundRoot) => owner !== undefined && owner === mine;
    return [...all.filter(isMine), ...all.filter(isSystems)];
  });
}

/**
 * The root to be used where none is named, as text: the system's for root, a user's own before it for others. Throws Trouble where
 * there is none.
 */
export function chooseRoot(host: string, user: number, say: Say): string {
  return withMachine(host, (machine) => {
    const looked: StorePlace[] = [];
    const mine = machine.homes().find(({ uid }) => uid === user && user !== 0)?.user;
    const isFirst = ({ user: owner }: FoundRoot) => owner === mine;
    const found: FoundRoot[] = [];
    for (const root of rootsOf(machine, say, looked)) {
      // On this machine the first will do; on another it is not known which is meant.
      if (machine.isThis && isFirst(root) && isUsable(root) && !root.isEmpty) return asText(root.directory);
      found.push(root);
    }
    const usable = found.filter(isUsable);
    const candidates = usable.filter(
      (each) => !machine.isThis || isFirst(each) || (user !== 0 && isSystems(each)),
    );
    // What holds nothing yet is meant only where nothing else is there.
    const rank = (each: FoundRoot) => 2 * Number(each.isEmpty) + Number(machine.isThis && !isFirst(each));
    const [root] = candidates.toSorted((a, b) => rank(a) - rank(b));
    if (root === undefined) throw nothingFound(machine, looked, found);
    return asText(root.directory);
  });
}

function isUsable({ stores }: FoundRoot): boolean {
  return !(stores instanceof Trouble);
}

function isSystems({ user }: FoundRoot): boolean {
  return user === undefined;
}

/** One root, named by a path of another machine. `why`: by which words. Throws Trouble. */
export function rootAt(host: string, path: string, why?: string): string {
  return withMachine(host, (machine) => {
    const directory = machine.directory(bytesOfText(path));
    if (directory !== undefined) return asText(directory);
    const of = `of the host root "${host}"${why === undefined ? '' : ` (${why})`}`;
    const state = `no such directory${meantInstead(machine, host, path)}`;
    throw new Trouble('store', `Cannot open store "${path}" ${of}: ${state}`);
  });
}

/** `; did you mean "/var/lib/docker"?` where a path of this machine leads onto the other's disk; nothing for others. */
function meantInstead(machine: Machine, host: string, path: string): string {
  const [disk, named] = [resolve(host), resolve(path)];
  if (machine.isThis || !named.startsWith(`${disk}/`)) return '';
  const meant = named.slice(disk.length);
  return machine.directory(bytesOfText(meant)) === undefined ? '' : `; did you mean "${meant}"?`;
}

/** The root at a path of a machine, with its stores, as one that was found. Throws Trouble where no store is there. */
export function namedRoot(host: string, path: string, why: string, options: OpenOptions = {}): FoundRoot {
  return withMachine(host, (machine) => {
    const directory = machine.directory(bytesOfText(path));
    const root = directory === undefined ? undefined : rootIn(machine, directory, { why }, options);
    if (root !== undefined) return root;
    const absent = `no such directory${meantInstead(machine, host, path)}`;
    const state = directory === undefined ? absent : 'no store is there';
    throw new Trouble('store', `Cannot open store "${path}": ${state}`);
  });
}

/** Where stores were looked for on a machine that has none, as a sentence. Throws Trouble where `host` cannot be opened. */
export function whereLooked(host: string): string {
  return withMachine(
    host,
    (machine) =>
      nothingFound(
        machine,
        placesOf(machine, () => {}),
        [],
      ).message,
  );
}

/** Whether a directory of this machine, absolute and without links, is where an engine of this machine has its store. */
export function isPlaceOfEngine(directory: ByteString): boolean {
  return withMachine(THIS_MACHINE, (machine) =>
    placesOf(machine, () => {}).some(({ path }) => machine.directory(path) === directory),
  );
}

/** `looked` gets the places that were asked, in their order. */
function* rootsOf(
  machine: Machine,
  say: Say,
  looked: StorePlace[] = [],
  options: OpenOptions = {},
): Generator<FoundRoot> {
  const seen = new Set<ByteString>();
  const dockerOf = new Map<ByteString, ByteString>();
  for (const place of placesOf(machine, say)) {
    looked.push(place);
    const directory = machine.directory(place.path);
    if (directory !== undefined && seen.has(directory)) continue;
    if (directory !== undefined) seen.add(directory);
    const contentOf = directory === undefined ? undefined : dockerOf.get(directory);
    const found = { ...place, ...(contentOf && { contentOf }) };
    const root = directory === undefined ? undefined : rootIn(machine, directory, found, options);
    if (root !== undefined) {
      const stores = root.stores instanceof Trouble ? [] : root.stores;
      for (const { contentRoot } of stores) if (contentRoot) dockerOf.set(contentRoot, root.directory);
      yield root;
    } else if (place.isConfigured) {
      const state = directory === undefined ? 'no such directory' : 'no store is there';
      const of = machine.isThis ? '' : ` of the host root "${shownBytes(machine.label)}"`;
      say(`Cannot open store "${shownBytes(place.path)}"${of} (${place.why}): ${state}`, 'absent');
    }
  }
}

/** Those of the system before those of users, each in the order of the kinds. */
function placesOf(machine: Machine, say: Say): StorePlace[] {
  const places = KINDS_BY_PLACE.flatMap((kind) => [
    ...kind.places(machine, (damage) => say(damage, 'damaged')),
  ]);
  const isUsers = ({ user }: StorePlace) => user !== undefined;
  return [...places.filter((place) => !isUsers(place)), ...places.filter(isUsers)];
}

/** What a Docker keeps in a containerd is told of with the Docker. */
export function restOf({
  contentOf,
}: {
  readonly contentOf?: ByteString | undefined;
}): Pick<OpenOptions, 'withoutDockers'> {
  return contentOf === undefined ? {} : { withoutDockers: true };
}

/** Undefined where nothing looks like a store. */
function rootIn(
  machine: Machine,
  directory: ByteString,
  { why, user, contentOf }: Pick<FoundRoot, 'why' | 'user' | 'contentOf'>,
  options: OpenOptions = {},
): FoundRoot | undefined {
  const text = textOf(directory);
  if (text === undefined) return undefined;
  // The name of a store narrows what is found.
  const { store: _, ...others } = options;
  const opened = attempt(() => storesAt(text, { ...others, ...restOf({ contentOf }), machine }));
  if (opened instanceof NoStore) return undefined;
  const found = opened instanceof Trouble ? { stores: opened, isEmpty: false } : opened;
  const host = machine.directory(asBytes('/')) ?? '/';
  const path = host === '/' ? directory : asBytes(directory.slice(host.length) || '/');
  const isTold = contentOf !== undefined && !(found.stores instanceof Trouble) && hasNothing(found.stores);
  return {
    ...{ directory, path, why },
    ...(user === undefined ? {} : { user }),
    ...(contentOf === undefined ? {} : { contentOf }),
    ...{ ...found, isEmpty: found.isEmpty || isTold },
  };
}

/** Of what its stores list. */
function hasNothing(stores: readonly Store[]): boolean {
  const counts = attempt(() => stores.map((store) => store.totals?.() ?? { images: 1, containers: 0 }));
  return !(counts instanceof Trouble) && counts.every(({ images, containers }) => images + containers === 0);
}

function nothingFound(machine: Machine, looked: readonly StorePlace[], found: readonly FoundRoot[]): Trouble {
  const of = machine.isThis ? '' : ` in host root "${shownBytes(machine.label)}"`;
  const system = looked.filter(({ user }) => user === undefined).map(({ path }) => `"${shownBytes(path)}"`);
  const places = `nothing is at ${[...new Set(system)].join(', ')}`;
  const others = found.slice(0, MOST_OTHERS).map(({ directory, why, stores }) => {
    const what =
      stores instanceof Trouble ? 'unreadable' : stores.map(({ description }) => description).join(', ');
    return `"${shownBytes(directory)}" (${what}; ${why})`;
  });
  const instead = others.length === 0 ? '' : `; found instead: ${others.join(', ')}`;
  // Whoever stands before a copied store hears of it.
  const near = machine.isThis ? attempt(() => storeNear(realRoot(bytesOfText(process.cwd())))) : undefined;
  const here = near === undefined || near instanceof Trouble ? '' : `: "${shownBytes(near)}" may be one`;
  return new Trouble(
    'store',
    `Cannot find a store${of}: ${places}${instead}; name one with --root or STRATAFS_ROOT${here}`,
  );
}

const MOST_OTHERS = 5;

/** Paths of a command line are text; one that is not cannot be handed on. */
function asText(directory: ByteString): string {
  const text = textOf(directory);
  if (text !== undefined) return text;
  throw new Trouble('store', `Cannot use store "${shownBytes(directory)}": its path is not UTF-8`);
}
