// What a record tells of one layer, packed: about a hundred bytes a name, so that a layer of a million files can be held.
// A tree of objects and their names, made and altered as a file system is. Knows not what the record was.
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { longAt, setLong, signedLongAt } from '../../sys/long.ts';
import { S_IFDIR, S_IFMT } from '../../sys/statx.ts';
import type { RecordedContents } from './recorded-contents.ts';
import type { PackedLayer, RecordedObject } from './recorded-data.ts';
import { grownWords, NAME, RecordedNames } from './recorded-names.ts';

/** Words of an object; 64-bit numbers are low word first. */
const OBJECT = {
  mode: 0,
  uid: 1,
  gid: 2,
  size: 3,
  major: 5,
  minor: 6,
  seconds: 7,
  nanoseconds: 9,
  links: 10,
  /** A name it has or had. */
  name: 11,
  /** What its maker wants to know of it: which entry of the tar brought the contents, counted from 1. */
  source: 12,
  /** What its maker says of it, bit by bit. */
  flags: 13,
} as const;
const OBJECT_WORDS = 14;
/** A directory has no device numbers; its first name is in their place, and how deep it lies. */
const DIRECTORY = { first: OBJECT.major, depth: OBJECT.minor } as const;

/** Numbers of an object that can be had and set one by one. */
export type ObjectWord = 'mode' | 'uid' | 'gid' | 'major' | 'minor' | 'source';

/** Its time is that of the unpacking. */
const TOUCHED = 1;
/** Bits from here on are the maker's own. */
export const FIRST_FLAG = 2;

const NO_XATTRS: ReadonlyMap<string, ByteString> = new Map();
const NO_TARGET = asBytes('');

/** The number of the layer's root, which has no name. */
export const RECORDED_ROOT = 1;

export class RecordedLayer {
  /** Of its files, where they do not lie in a directory by their names. */
  contents: RecordedContents | undefined;
  /** Of a regular file, where its contents lie in the layer's directory; undefined where that is its own path. */
  placeOf: (object: number) => ByteString | undefined = () => undefined;
  #objects = new Uint32Array(64 * OBJECT_WORDS);
  #objectCount = 0;
  #names = new RecordedNames();
  readonly #targets = new Map<number, ByteString>();
  readonly #xattrs = new Map<number, ReadonlyMap<string, ByteString>>();
  /** Whether every object that has a name knows one of them. */
  #isSettled = true;

  /** The root is a directory `mode`, root's. */
  constructor(mode = S_IFDIR | 0o755) {
    this.make(mode);
  }

  /** As `packed` told it, copied. */
  static of({ objects, names, bytes, targets, xattrs }: PackedLayer): RecordedLayer {
    const layer = new RecordedLayer();
    layer.#objects = new Uint32Array(objects);
    layer.#objectCount = objects.length / OBJECT_WORDS - 1;
    layer.#names = RecordedNames.of(names, bytes);
    for (const [object, target] of targets) layer.#targets.set(object, asBytes(target));
    for (const [object, pairs] of xattrs) {
      layer.#xattrs.set(object, new Map(pairs.map(([name, value]) => [name, asBytes(value)])));
    }
    return layer;
  }

  /** Parts of it, valid until it is changed. */
  packed(): PackedLayer {
    if (!this.#isSettled) this.#settle();
    return {
      objects: this.#objects.subarray(0, (this.#objectCount + 1) * OBJECT_WORDS),
      ...this.#names.packed(),
      targets: [...this.#targets],
      xattrs: [...this.#xattrs].map(([object, xattrs]) => [object, [...xattrs]] as const),
    };
  }

  /** Objects are numbered from 1 to this. */
  get objectCount(): number {
    return this.#objectCount;
  }

  /** The object of the directory at a path, empty for the root; undefined where the record has no such directory. */
  directory(path: string): number | undefined {
    let at = RECORDED_ROOT;
    for (let start = 0; start < path.length; ) {
      const slash = path.indexOf('/', start);
      const end = slash < 0 ? path.length : slash;
      at = this.find(at, path.slice(start, end));
      if (at === 0 || !this.isDirectory(at)) return undefined;
      start = end + 1;
    }
    return at;
  }

  /** In no order. */
  *names(directory: number): Generator<readonly [name: string, object: number]> {
    const names = this.#names;
    for (let name = this.#word(directory, DIRECTORY.first); name !== 0; name = names.word(name, NAME.next)) {
      const object = names.word(name, NAME.object);
      if (object !== 0) yield [names.text(name), object];
    }
  }

  /** The object's number, 0 where the directory has none of the name. */
  find(directory: number, name: string): number {
    const found = this.#names.find(directory, name);
    return found === 0 ? 0 : this.#names.word(found, NAME.object);
  }

  /** A new object without a name. `mode` has type bits. */
  make(mode: number): number {
    this.#objectCount += 1;
    const object = this.#objectCount;
    const needed = (object + 1) * OBJECT_WORDS;
    if (needed > this.#objects.length) this.#objects = grownWords(this.#objects, needed);
    this.#setWord(object, OBJECT.mode, mode);
    this.#setWord(object, OBJECT.flags, TOUCHED);
    return object;
  }

  /** Gives an object a name that the directory does not have. */
  name(directory: number, name: string, object: number): void {
    const slot = this.#names.slot(directory, name);
    const known = this.#names.at(slot);
    const number = known === 0 ? this.#addName(slot, directory, name) : known;
    this.#names.setObject(number, object);
    const links = this.#word(object, OBJECT.links);
    this.#setWord(object, OBJECT.links, links + 1);
    if (links > 0) return;
    this.#setWord(object, OBJECT.name, number);
    if (this.isDirectory(object)) {
      this.#setWord(object, DIRECTORY.depth, this.#word(directory, DIRECTORY.depth) + 1);
    }
  }

  /** Takes a name away, if it is there. */
  unname(directory: number, name: string): void {
    const number = this.#names.find(directory, name);
    const object = number === 0 ? 0 : this.#names.word(number, NAME.object);
    if (object === 0) return;
    this.#names.setObject(number, 0);
    this.#setWord(object, OBJECT.links, this.#word(object, OBJECT.links) - 1);
    if (this.#word(object, OBJECT.links) > 0) this.#isSettled = false;
  }

  get(object: number, word: ObjectWord): number {
    return this.#word(object, OBJECT[word]);
  }

  set(object: number, word: ObjectWord, value: number): void {
    this.#setWord(object, OBJECT[word], value);
  }

  size(object: number): number {
    return longAt(this.#objects, object * OBJECT_WORDS + OBJECT.size);
  }

  setSize(object: number, size: number): void {
    this.#setLong(object, OBJECT.size, size);
  }

  setTime(object: number, { seconds, nanoseconds }: RecordedObject['mtime']): void {
    this.#setLong(object, OBJECT.seconds, seconds);
    this.#setWord(object, OBJECT.nanoseconds, nanoseconds);
    this.#setWord(object, OBJECT.flags, this.#word(object, OBJECT.flags) & ~TOUCHED);
  }

  /** From now on its time is that of the unpacking. */
  touch(object: number): void {
    this.flag(object, TOUCHED);
  }

  flag(object: number, flag: number): void {
    this.#setWord(object, OBJECT.flags, this.#word(object, OBJECT.flags) | flag);
  }

  hasFlag(object: number, flag: number): boolean {
    return (this.#word(object, OBJECT.flags) & flag) !== 0;
  }

  setTarget(object: number, target: ByteString): void {
    this.#targets.set(object, target);
  }

  setXattrs(object: number, xattrs: ReadonlyMap<string, ByteString>): void {
    if (xattrs.size === 0) this.#xattrs.delete(object);
    else this.#xattrs.set(object, xattrs);
  }

  isDirectory(object: number): boolean {
    return (this.#word(object, OBJECT.mode) & S_IFMT) === S_IFDIR;
  }

  mode(object: number): number {
    return this.#word(object, OBJECT.mode);
  }

  links(object: number): number {
    return this.#word(object, OBJECT.links);
  }

  /** How many directories it lies below; 0 for the root. */
  depth(directory: number): number {
    return this.#word(directory, DIRECTORY.depth);
  }

  /** The directory a directory lies in; the root lies in itself. */
  parent(directory: number): number {
    return directory === RECORDED_ROOT
      ? RECORDED_ROOT
      : this.#names.word(this.#word(directory, OBJECT.name), NAME.directory);
  }

  target(object: number): ByteString {
    return this.#targets.get(object) ?? NO_TARGET;
  }

  xattrs(object: number): ReadonlyMap<string, ByteString> {
    return this.#xattrs.get(object) ?? NO_XATTRS;
  }

  object(number: number): RecordedObject {
    const word = (field: number) => this.#word(number, field);
    const long = (field: number) => signedLongAt(this.#objects, number * OBJECT_WORDS + field);
    const isDirectory = this.isDirectory(number);
    return {
      mode: word(OBJECT.mode),
      uid: word(OBJECT.uid),
      gid: word(OBJECT.gid),
      size: long(OBJECT.size),
      major: isDirectory ? 0 : word(OBJECT.major),
      minor: isDirectory ? 0 : word(OBJECT.minor),
      mtime: { seconds: long(OBJECT.seconds), nanoseconds: word(OBJECT.nanoseconds) },
      touched: this.hasFlag(number, TOUCHED),
      number,
      links: word(OBJECT.links),
      linkTarget: this.target(number),
      xattrs: this.xattrs(number),
      path: this.path(number),
    };
  }

  /** One of an object's paths, empty for the root. */
  path(object: number): ByteString {
    if (!this.#isSettled) this.#settle();
    const parts: string[] = [];
    for (let at = object; at !== RECORDED_ROOT; ) {
      const name = this.#word(at, OBJECT.name);
      parts.push(this.#names.text(name));
      at = this.#names.word(name, NAME.directory);
    }
    return asBytes(parts.reverse().join('/'));
  }

  /** What has lost the name it was known by is known by another. */
  #settle(): void {
    for (let name = 1; name <= this.#names.count; name++) {
      const object = this.#names.word(name, NAME.object);
      if (object === 0) continue;
      const known = this.#word(object, OBJECT.name);
      if (this.#names.word(known, NAME.object) !== object) this.#setWord(object, OBJECT.name, name);
    }
    this.#isSettled = true;
  }

  #word(object: number, field: number): number {
    return this.#objects[object * OBJECT_WORDS + field] as number;
  }

  #setWord(object: number, field: number, value: number): void {
    this.#objects[object * OBJECT_WORDS + field] = value;
  }

  #setLong(object: number, field: number, value: number): void {
    setLong(this.#objects, object * OBJECT_WORDS + field, value);
  }

  #addName(slot: number, directory: number, name: string): number {
    const number = this.#names.add(slot, directory, name, this.#word(directory, DIRECTORY.first));
    this.#setWord(directory, DIRECTORY.first, number);
    return number;
  }
}
