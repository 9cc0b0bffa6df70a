// What a record tells of one layer, packed: about a hundred bytes a name, so that a layer of a million files can be held.
// Knows not what the record was.
import { asBytes, type ByteString } from '../sys/bytes.ts';

/** One object of a layer; its names, where it has several, share it. */
export interface RecordedObject {
  /** With type bits; a whiteout is a character device 0:0. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly major: number;
  readonly minor: number;
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number };
  /** From 1, one for each object of the layer. */
  readonly number: number;
  readonly links: number;
  readonly linkTarget: ByteString;
  /** Names as they would be on disk, the overlay's marks among them. */
  readonly xattrs: ReadonlyMap<string, ByteString>;
  /** Path in the layer of the file that holds the contents. */
  readonly path: ByteString;
}

export type RecordedFields = Omit<RecordedObject, 'number' | 'links' | 'path'>;

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
  directory: 11,
  nameAt: 12,
  nameLength: 13,
} as const;
const OBJECT_WORDS = 14;

/** Words of a name: `next` is the name after it in its directory, 0 at the end. */
const NAME = { directory: 0, at: 1, length: 2, object: 3, next: 4 } as const;
const NAME_WORDS = 5;

const NO_XATTRS: ReadonlyMap<string, ByteString> = new Map();
const NO_TARGET = asBytes('');

/** The layer's root, which is empty as a path, is directory 0; what is recorded of itself is its name `.`. */
export class RecordedLayer {
  /** Path → number, and back; numbers are from 0. */
  readonly #directories = new Map<string, number>([['', 0]]);
  readonly #paths: string[] = [''];
  /** The first name in each directory. */
  readonly #first: number[] = [0];
  #objects = new Uint32Array(64 * OBJECT_WORDS);
  #objectCount = 0;
  #names = new Uint32Array(64 * NAME_WORDS);
  #nameCount = 0;
  #bytes = Buffer.alloc(1024);
  #byteCount = 0;
  /** Names by hash; a power of two, at most half full. */
  #table = new Uint32Array(256);
  readonly #targets = new Map<number, ByteString>();
  readonly #xattrs = new Map<number, ReadonlyMap<string, ByteString>>();

  /** Undefined where the record has no such directory. */
  directory(path: string): number | undefined {
    return this.#directories.get(path);
  }

  addDirectory(path: string): number {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const directory = this.#paths.push(path) - 1;
    this.#first.push(0);
    this.#directories.set(path, directory);
    return directory;
  }

  /** In no order. */
  *names(directory: number): Generator<readonly [name: string, object: number]> {
    for (let name = this.#first[directory] ?? 0; name !== 0; name = this.#nameWord(name, NAME.next)) {
      yield [this.#text(name), this.#nameWord(name, NAME.object)];
    }
  }

  /** The object's number, 0 where the directory has none of the name. */
  find(directory: number, name: string): number {
    const found = this.#table[this.#slot(directory, name)] as number;
    return found === 0 ? 0 : this.#nameWord(found, NAME.object);
  }

  /** What had the name before loses it. */
  name(directory: number, name: string, object: number): void {
    const slot = this.#slot(directory, name);
    const known = this.#table[slot] as number;
    if (known === 0) {
      this.#addName(slot, directory, name, object);
      return;
    }
    const before = this.#nameWord(known, NAME.object);
    if (before === object) return;
    this.#setWord(before, OBJECT.links, this.#word(before, OBJECT.links) - 1);
    this.#names[known * NAME_WORDS + NAME.object] = object;
  }

  /** A new object with one name, by which its contents lie on disk; the name is given to it by `name`. */
  make(directory: number, name: string, fields: RecordedFields): number {
    this.#objectCount += 1;
    const object = this.#objectCount;
    const needed = (object + 1) * OBJECT_WORDS;
    if (needed > this.#objects.length) this.#objects = grown(this.#objects, needed);
    this.#setWord(object, OBJECT.links, 1);
    this.#setWord(object, OBJECT.directory, directory);
    this.#setWord(object, OBJECT.nameAt, this.#addBytes(name));
    this.#setWord(object, OBJECT.nameLength, name.length);
    this.change(object, fields);
    return object;
  }

  change(object: number, fields: Partial<RecordedFields>): void {
    const { mode, uid, gid, size, major, minor, mtime, linkTarget, xattrs } = fields;
    for (const [field, value] of Object.entries({ mode, uid, gid, major, minor })) {
      if (value !== undefined) this.#setWord(object, OBJECT[field as keyof typeof OBJECT], value);
    }
    if (size !== undefined) this.#setWide(object, OBJECT.size, size);
    if (mtime !== undefined) {
      this.#setWide(object, OBJECT.seconds, mtime.seconds);
      this.#setWord(object, OBJECT.nanoseconds, mtime.nanoseconds);
    }
    if (linkTarget === '') this.#targets.delete(object);
    else if (linkTarget !== undefined) this.#targets.set(object, linkTarget);
    if (xattrs?.size === 0) this.#xattrs.delete(object);
    else if (xattrs !== undefined) this.#xattrs.set(object, xattrs);
  }

  addLink(object: number): void {
    this.#setWord(object, OBJECT.links, this.#word(object, OBJECT.links) + 1);
  }

  mode(object: number): number {
    return this.#word(object, OBJECT.mode);
  }

  xattrs(object: number): ReadonlyMap<string, ByteString> {
    return this.#xattrs.get(object) ?? NO_XATTRS;
  }

  object(number: number): RecordedObject {
    const word = (field: number) => this.#word(number, field);
    const wide = (field: number) => (word(field + 1) | 0) * 2 ** 32 + word(field);
    const directory = this.#paths[word(OBJECT.directory)] ?? '';
    const at = word(OBJECT.nameAt);
    const name = this.#bytes.toString('latin1', at, at + word(OBJECT.nameLength));
    return {
      mode: word(OBJECT.mode),
      uid: word(OBJECT.uid),
      gid: word(OBJECT.gid),
      size: wide(OBJECT.size),
      major: word(OBJECT.major),
      minor: word(OBJECT.minor),
      mtime: { seconds: wide(OBJECT.seconds), nanoseconds: word(OBJECT.nanoseconds) },
      number,
      links: word(OBJECT.links),
      linkTarget: this.#targets.get(number) ?? NO_TARGET,
      xattrs: this.xattrs(number),
      path: asBytes(directory === '' ? name : `${directory}/${name}`),
    };
  }

  #word(object: number, field: number): number {
    return this.#objects[object * OBJECT_WORDS + field] as number;
  }

  #setWord(object: number, field: number, value: number): void {
    this.#objects[object * OBJECT_WORDS + field] = value;
  }

  #setWide(object: number, field: number, value: number): void {
    this.#setWord(object, field, value >>> 0);
    this.#setWord(object, field + 1, Math.floor(value / 2 ** 32) >>> 0);
  }

  #nameWord(name: number, field: number): number {
    return this.#names[name * NAME_WORDS + field] as number;
  }

  #text(name: number): string {
    const at = this.#nameWord(name, NAME.at);
    return this.#bytes.toString('latin1', at, at + this.#nameWord(name, NAME.length));
  }

  #addName(slot: number, directory: number, name: string, object: number): void {
    this.#nameCount += 1;
    const number = this.#nameCount;
    const needed = (number + 1) * NAME_WORDS;
    if (needed > this.#names.length) this.#names = grown(this.#names, needed);
    const words = [directory, this.#addBytes(name), name.length, object, this.#first[directory] ?? 0];
    this.#names.set(words, number * NAME_WORDS);
    this.#first[directory] = number;
    this.#table[slot] = number;
    if (number * 2 > this.#table.length) this.#rehash();
  }

  #addBytes(name: string): number {
    const at = this.#byteCount;
    this.#byteCount += name.length;
    if (this.#byteCount > this.#bytes.length) {
      const bytes = Buffer.alloc(2 * this.#byteCount);
      this.#bytes.copy(bytes);
      this.#bytes = bytes;
    }
    this.#bytes.write(name, at, 'latin1');
    return at;
  }

  /** Where a name stands in the table, or would. */
  #slot(directory: number, name: string): number {
    const mask = this.#table.length - 1;
    for (let slot = hash(directory, name) & mask; ; slot = (slot + 1) & mask) {
      const found = this.#table[slot] as number;
      if (found === 0) return slot;
      const isSame =
        this.#nameWord(found, NAME.directory) === directory &&
        this.#nameWord(found, NAME.length) === name.length &&
        this.#text(found) === name;
      if (isSame) return slot;
    }
  }

  #rehash(): void {
    this.#table = new Uint32Array(2 * this.#table.length);
    for (let name = 1; name <= this.#nameCount; name++) {
      this.#table[this.#slot(this.#nameWord(name, NAME.directory), this.#text(name))] = name;
    }
  }
}

function grown(words: Uint32Array<ArrayBuffer>, needed: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * needed);
  larger.set(words);
  return larger;
}

/** FNV-1a. */
function hash(directory: number, name: string): number {
  let value = 0x811c9dc5 ^ directory;
  for (let i = 0; i < name.length; i++) value = Math.imul(value ^ name.charCodeAt(i), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}
