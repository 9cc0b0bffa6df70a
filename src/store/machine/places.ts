// Where stores are on a machine: by what each engine's own configuration says and by the usual places.
import { asBytes, type ByteString, bytesOfText, shownBytes, textOf } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { StorePlace } from '../kind.ts';
import { KINDS_BY_PLACE, NoStore, storesAt } from '../open.ts';
import type { Store } from '../store.ts';
import { type Machine, THIS_MACHINE, withMachine } from './machine.ts';

/** A root that was found. */
export interface FoundRoot {
  /** Where it is on this machine, without links. */
  readonly directory: ByteString;
  /** What led to it. */
  readonly why: string;
  /** Whose it is, where it is a user's own. */
  readonly user?: string;
  /** The stores in it, at least one; or why none of them can be read. */
  readonly stores: readonly Store[] | Trouble;
  /** Stores are there, and hold nothing yet. */
  readonly isEmpty: boolean;
}

type Say = (damage: string) => void;

/** All roots of a machine that hold anything, the likeliest first. Throws Trouble where `host` cannot be opened. */
export function findRoots(host: string, say: Say): FoundRoot[] {
  return withMachine(host, (machine) => [...rootsOf(machine, say)]);
}

/**
 * The root to be used where none is named, as text: the system's for root, a user's own before it for others. Others that were
 * found are told to `say`. Throws Trouble where there is none.
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
    const prefix = machine.directory(asBytes('/')) ?? '/';
    for (const { directory, why } of usable) {
      const path = prefix === '/' ? directory : asBytes(directory.slice(prefix.length) || '/');
      if (directory !== root.directory)
        say(`also found: "${shownBytes(directory)}" (${why}); "--root ${shownBytes(path)}" chooses it`);
    }
    return asText(root.directory);
  });
}

function isUsable({ stores }: FoundRoot): boolean {
  return !(stores instanceof Trouble);
}

function isSystems({ user }: FoundRoot): boolean {
  return user === undefined;
}

/** One root, named by a path of another machine. Throws Trouble. */
export function rootAt(host: string, path: string): string {
  return withMachine(host, (machine) => {
    const directory = machine.directory(bytesOfText(path));
    if (directory !== undefined) return asText(directory);
    throw new Trouble('store', `Cannot open store "${path}" of the host root "${host}": no such directory`);
  });
}

/** The root at a path of a machine, with its stores, as one that was found. Throws Trouble where no store is there. */
export function namedRoot(host: string, path: string, why: string): FoundRoot {
  return withMachine(host, (machine) => {
    const directory = machine.directory(bytesOfText(path));
    const root = directory === undefined ? undefined : rootIn(machine, directory, { why });
    if (root !== undefined) return root;
    const state = directory === undefined ? 'no such directory' : 'no store is there';
    throw new Trouble('store', `Cannot open store "${path}": ${state}`);
  });
}

/** Whether a directory of this machine, absolute and without links, is where an engine of this machine has its store. */
export function isPlaceOfEngine(directory: ByteString): boolean {
  return withMachine(THIS_MACHINE, (machine) =>
    placesOf(machine, () => {}).some(({ path }) => machine.directory(path) === directory),
  );
}

/** `looked` gets the places that were asked, in their order. */
function* rootsOf(machine: Machine, say: Say, looked: StorePlace[] = []): Generator<FoundRoot> {
  const seen = new Set<ByteString>();
  for (const place of placesOf(machine, say)) {
    looked.push(place);
    const directory = machine.directory(place.path);
    if (directory !== undefined && seen.has(directory)) continue;
    if (directory !== undefined) seen.add(directory);
    const root = directory === undefined ? undefined : rootIn(machine, directory, place);
    if (root !== undefined) yield root;
    else if (place.isConfigured) {
      const state = directory === undefined ? 'no such directory' : 'no store is there';
      const of = machine.isThis ? '' : ` of the host root "${shownBytes(machine.label)}"`;
      say(`Cannot open store "${shownBytes(place.path)}"${of} (${place.why}): ${state}`);
    }
  }
}

/** Those of the system before those of users, each in the order of the kinds. */
function placesOf(machine: Machine, say: Say): StorePlace[] {
  const places = KINDS_BY_PLACE.flatMap((kind) => [...kind.places(machine, say)]);
  const isUsers = ({ user }: StorePlace) => user !== undefined;
  return [...places.filter((place) => !isUsers(place)), ...places.filter(isUsers)];
}

/** Undefined where nothing looks like a store. */
function rootIn(
  machine: Machine,
  directory: ByteString,
  { why, user }: Pick<StorePlace, 'why' | 'user'>,
): FoundRoot | undefined {
  const path = textOf(directory);
  if (path === undefined) return undefined;
  const opened = attempt(() => storesAt(path, { machine }));
  if (opened instanceof NoStore) return undefined;
  const found = opened instanceof Trouble ? { stores: opened, isEmpty: false } : opened;
  return { directory, why, ...(user === undefined ? {} : { user }), ...found };
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
  return new Trouble(
    'store',
    `Cannot find a store${of}: ${places}${instead}; name one with --root or STRATAFS_ROOT`,
  );
}

const MOST_OTHERS = 5;

/** Paths of a command line are text; one that is not cannot be handed on. */
function asText(directory: ByteString): string {
  const text = textOf(directory);
  if (text !== undefined) return text;
  throw new Trouble('store', `Cannot use store "${shownBytes(directory)}": its path is not UTF-8`);
}
