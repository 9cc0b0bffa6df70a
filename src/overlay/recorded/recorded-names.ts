// The names in the directories of a recorded layer, packed: five words each and their bytes, found by directory and name through
// a hash table. Knows objects by number only, and no more of a directory than its number.
import { randomInt } from 'node:crypto';

/** Words of a name: `next` is the name after it in its directory, 0 at the end; `object` is 0 where it was removed. */
export const NAME = { directory: 0, at: 1, length: 2, object: 3, next: 4 } as const;
const NAME_WORDS = 5;

export class RecordedNames {
  /** Names are numbered from 1 to this, removed ones too. */
  count = 0;
  #words = new Uint32Array(64 * NAME_WORDS);
  #bytes = Buffer.alloc(1024);
  #byteCount = 0;
  /** Numbers by hash; a power of two, at most half full. */
  #table = new Uint32Array(256);

  /** As `packed` told them, copied. */
  static of(words: Uint32Array, bytes: Uint8Array): RecordedNames {
    const names = new RecordedNames();
    names.#words = new Uint32Array(words);
    names.count = words.length / NAME_WORDS - 1;
    names.#bytes = Buffer.from(bytes);
    names.#byteCount = bytes.length;
    let size = names.#table.length;
    while (size < 2 * names.count) size *= 2;
    names.#fillTable(size);
    return names;
  }

  /** Parts of them, valid until one is added. `bytes` are of the names, one after the other. */
  packed(): { readonly names: Uint32Array; readonly bytes: Uint8Array } {
    return {
      names: this.#words.subarray(0, (this.count + 1) * NAME_WORDS),
      bytes: this.#bytes.subarray(0, this.#byteCount),
    };
  }

  word(name: number, field: number): number {
    return this.#words[name * NAME_WORDS + field] as number;
  }

  setObject(name: number, object: number): void {
    this.#words[name * NAME_WORDS + NAME.object] = object;
  }

  text(name: number): string {
    const at = this.word(name, NAME.at);
    return this.#bytes.toString('latin1', at, at + this.word(name, NAME.length));
  }

  /** The number of a name, 0 where the directory never had it. */
  find(directory: number, name: string): number {
    return this.#table[this.slot(directory, name)] as number;
  }

  /** What `find` answers, by the name's slot. */
  at(slot: number): number {
    return this.#table[slot] as number;
  }

  /** Where a name stands in the table, or would; until one is added. */
  slot(directory: number, name: string): number {
    const mask = this.#table.length - 1;
    for (let slot = hash(directory, name) & mask; ; slot = (slot + 1) & mask) {
      const found = this.#table[slot] as number;
      if (found === 0) return slot;
      const isSame =
        this.word(found, NAME.directory) === directory &&
        this.word(found, NAME.length) === name.length &&
        this.text(found) === name;
      if (isSame) return slot;
    }
  }

  /** Adds a name without an object at its slot, which is empty; `next` is the name after it. Answers its number. */
  add(slot: number, directory: number, name: string, next: number): number {
    this.count += 1;
    const number = this.count;
    const needed = (number + 1) * NAME_WORDS;
    if (needed > this.#words.length) this.#words = grownWords(this.#words, needed);
    this.#words.set([directory, this.#addBytes(name), name.length, 0, next], number * NAME_WORDS);
    this.#table[slot] = number;
    if (number * 2 > this.#table.length) this.#fillTable(2 * this.#table.length);
    return number;
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

  /** `size` is a power of two. */
  #fillTable(size: number): void {
    this.#table = new Uint32Array(size);
    for (let name = 1; name <= this.count; name++) {
      this.#table[this.slot(this.word(name, NAME.directory), this.text(name))] = name;
    }
  }
}

/** The same words in twice the room that is needed. */
export function grownWords(words: Uint32Array<ArrayBuffer>, needed: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * needed);
  larger.set(words);
  return larger;
}

/** Another in each process: names that were made to meet in the table do not. */
const SEED = randomInt(2 ** 32);

/** FNV-1a, from a start of our own. */
function hash(directory: number, name: string): number {
  let value = SEED ^ directory;
  for (let i = 0; i < name.length; i++) value = Math.imul(value ^ name.charCodeAt(i), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}
