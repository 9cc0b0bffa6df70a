// Where things with names end up in the directories of a mounted store: each in one place, whatever the names are. A function of the
// names; what they are names of it does not know.
import type { ByteString } from '../../sys/bytes.ts';

/** What is to have a place. */
export interface WantedPlace<T> {
  readonly item: T;
  /** Components, each a name that a directory can have; at least one. */
  readonly path: readonly ByteString[];
  /** Words that tell it from another of the same path, those that say most to a person first. */
  readonly told: readonly ByteString[];
}

export interface FoundPlace<T> {
  readonly item: T;
  readonly path: readonly ByteString[];
}

export interface Placed<T> {
  /** One for each that was wanted, in that order. */
  readonly places: readonly FoundPlace<T>[];
  /** Whether something is at a path, or below it. */
  readonly isTaken: (path: readonly ByteString[]) => boolean;
}

const LONGEST = 255;
/** Bytes of a name that is written otherwise, so that something can stand behind it. */
const LONGEST_ESCAPED = 200;

/**
 * Its path, or what tells it from another of that path, or a number. A colon begins no name of an engine's own, and is put before a
 * name that is a directory.
 */
export function placeAll<T>(wanted: readonly WantedPlace<T>[]): Placed<T> {
  const directories = new Set(
    wanted.flatMap(({ path }) => path.slice(0, -1).map((_, i) => key(path.slice(0, i + 1)))),
  );
  const taken = new Set<string>();
  const isTaken = (path: readonly ByteString[]) => directories.has(key(path)) || taken.has(key(path));
  const places = wanted.map(({ item, path, told }) => {
    let free = path;
    for (free of candidates(path, told, directories.has(key(path)))) if (!isTaken(free)) break;
    taken.add(key(free));
    return { item, path: free };
  });
  return { places, isTaken };
}

/** Without end. */
function* candidates(
  path: readonly ByteString[],
  told: readonly ByteString[],
  isDirectory: boolean,
): Generator<readonly ByteString[]> {
  const last = path.at(-1) as ByteString;
  const at = (name: ByteString) => [...path.slice(0, -1), name];
  const names = ['', ...told.filter((word) => word !== '').map((word) => `@${word}`)].map(
    (end) => last + end,
  );
  const marked = names.map((name) => `:${name}`);
  for (const name of isDirectory ? marked : [...names, ...marked]) if (isFileName(name)) yield at(name);
  for (let number = 2; ; number++) {
    const sign = `@${number}`;
    yield at(`${last.slice(0, LONGEST - sign.length)}${sign}` as ByteString);
  }
}

function key(path: readonly ByteString[]): string {
  return path.join('/');
}

/** Whether bytes can be a name in a directory. */
export function isFileName(name: string): name is ByteString {
  return name.length > 0 && name.length <= LONGEST && name !== '.' && name !== '..' && !/[/\0]/.test(name);
}

/** A name of a directory for whatever a record has in the place of an ID: as it is, or with `%2F` for a slash and the like. */
export function escapedFileName(text: ByteString): ByteString {
  const bytes: string = text;
  if (isFileName(bytes)) return bytes;
  const escaped = bytes.replace(/[%/\0]/g, hex).replace(/^\.+$/, (dots) => dots.replace(/\./g, hex));
  return (escaped === '' ? '%' : escaped.slice(0, LONGEST_ESCAPED)) as ByteString;
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
}
