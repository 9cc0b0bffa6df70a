// Reads bbolt databases (go.etcd.io/bbolt), the key-value files of containerd, BuildKit and Docker's volumes, without
// their lock: a writer never touches a page of the last transaction, so what was read is right if none was committed
// meanwhile. Every page is read at most once a question, belongs to one parent only, and is checked before it is used.
import type { ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { trouble } from '../file-state.ts';
import type { FileParts } from '../files.ts';
import {
  BUCKET,
  LARGEST_BOLT_PAGE,
  META_BYTES,
  META_PAGES,
  type Meta,
  type Page,
  parseBucketRoot,
  parseHeader,
  parseMeta,
  parsePage,
  SMALLEST_BOLT_PAGE,
} from './bolt-page.ts';

/** How often a database is read anew that is being written. */
const MOST_TRIES = 10;
/** Levels of branches, and of buckets in buckets. A branch has two children at least, so real ones have far fewer. */
const DEEPEST = 64;
/** Bytes of the largest page with its overflow, which one key and its value can make. */
const LARGEST_RUN = 64 * 1024 * 1024;

export type BoltEntry =
  | { readonly key: ByteString; readonly value: Buffer; readonly bucket?: never }
  | { readonly key: ByteString; readonly bucket: Bucket; readonly value?: never };

/**
 * Answers what `use` answers about the root bucket. It may be called again where the database was written meanwhile, so
 * it must do nothing else; its answer must not hold buckets. Throws Trouble that names the file and the page.
 */
export function readBolt<T>(file: FileParts, use: (root: Bucket) => T): T {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const meta = readMeta(file);
    const answer = attempt(() => use(new Bucket(new Pages(file, meta), { page: meta.root }, 'root', 0)));
    if (readMeta(file).transaction !== meta.transaction) continue;
    if (answer instanceof Trouble) throw answer;
    return answer;
  }
  throw trouble('read', file.path, `it is being written: it changed ${MOST_TRIES} times while it was read`);
}

/** Reads all of a bucket and of the buckets in it; returns the number of keys. Throws Trouble. */
export function checkBucket(bucket: Bucket): number {
  let count = 0;
  for (const entry of bucket.entries())
    count += 1 + (entry.bucket === undefined ? 0 : checkBucket(entry.bucket));
  return count;
}

/** Of the two meta pages the whole one with the later transaction; the other is of the transaction before. Throws Trouble where neither is whole. */
export function readMeta(file: FileParts): Meta {
  const first = parseMeta(file.read(0, META_BYTES));
  // Where the first is torn, it does not tell where the second begins.
  const sizes: number[] = first === undefined ? [] : [first.pageSize];
  for (let size = SMALLEST_BOLT_PAGE; first === undefined && size <= LARGEST_BOLT_PAGE; size *= 2)
    sizes.push(size);
  const metas = sizes.flatMap((size) => {
    const second = parseMeta(file.read(size, META_BYTES));
    return second?.pageSize === size ? [second] : [];
  });
  if (first !== undefined) metas.push(first);
  const [latest] = metas.sort((a, b) => Number(b.transaction - a.transaction));
  if (latest !== undefined) return latest;
  const state =
    file.size() === 0
      ? 'it is empty'
      : 'not a bolt database, or both of its meta pages (0 and 1) are damaged';
  throw trouble('read', file.path, state);
}

/** What leads to a page: a number in the file, or bytes within another page. */
type Place = { readonly page: number } | { readonly inline: Buffer };

class Pages {
  readonly #file: FileParts;
  readonly #meta: Meta;
  /** Page → what leads to it. */
  readonly #claims = new Map<number, string>();

  constructor(file: FileParts, meta: Meta) {
    this.#file = file;
    this.#meta = meta;
  }

  /** `from` says what leads there, the same each time. Throws Trouble. */
  read(place: Place, from: string): Page {
    if ('page' in place) return this.#parse(this.#bytes(place.page, from), `page ${place.page}`);
    return this.#parse(place.inline, `the page of a small bucket (${from})`);
  }

  refuse(state: string): Trouble {
    return trouble('read', this.#file.path, state);
  }

  #parse(bytes: Buffer, name: string): Page {
    const page = parsePage(bytes);
    if (typeof page === 'string') throw this.refuse(`${name} is damaged: ${page}`);
    return page;
  }

  #bytes(id: number, from: string): Buffer {
    const { pageSize, highWater } = this.#meta;
    const refuse = (state: string) => this.refuse(`page ${id} ${state}`);
    if (id < META_PAGES || id >= highWater) throw refuse(`is not one of its ${highWater} pages (${from})`);
    const first = this.#read(id, pageSize);
    const header = parseHeader(first);
    if (header.id !== id) throw refuse(`is damaged: it says that it is page ${header.id}`);
    const count = header.overflow + 1;
    if (id + count > highWater) throw refuse(`is damaged: it claims ${count} pages`);
    if (count * pageSize > LARGEST_RUN) throw refuse(`is larger than ${LARGEST_RUN} bytes`);
    for (let page = id; page < id + count; page++) {
      const claim = this.#claims.get(page) ?? from;
      if (claim !== from) throw this.refuse(`page ${page} has two parents: ${claim} and ${from}`);
      this.#claims.set(page, from);
    }
    return count === 1 ? first : this.#read(id, count * pageSize);
  }

  #read(id: number, length: number): Buffer {
    const start = id * this.#meta.pageSize;
    // Asked first, so that no number in the file makes a large buffer, or a position that is no number.
    const bytes = start + length > this.#file.size() ? Buffer.alloc(0) : this.#file.read(start, length);
    if (bytes.length < length) throw this.refuse(`the file ends before or within page ${id}`);
    return bytes;
  }
}

/** A sorted map of keys to values and to other buckets. */
export class Bucket {
  readonly #pages: Pages;
  readonly #place: Place;
  readonly #from: string;
  readonly #depth: number;

  constructor(pages: Pages, place: Place, from: string, depth: number) {
    this.#pages = pages;
    this.#place = place;
    this.#from = from;
    this.#depth = depth;
  }

  /** In the order of the keys. Throws Trouble where it comes to damage. */
  *entries(): Generator<BoltEntry> {
    let last: ByteString | undefined;
    for (const [entry, from] of this.#leaves(this.#place, this.#from, 0)) {
      if (last !== undefined && entry.key <= last)
        throw this.#pages.refuse(`keys are out of order at ${from}`);
      last = entry.key;
      yield entry;
    }
  }

  /** Undefined where there is no such key, or a bucket has it. */
  get(key: string): Buffer | undefined {
    return this.#find(key)?.value;
  }

  /** Undefined where there is no such bucket. */
  bucket(key: string): Bucket | undefined {
    return this.#find(key)?.bucket;
  }

  *#leaves(place: Place, from: string, level: number): Generator<readonly [BoltEntry, string]> {
    const page = this.#page(place, from, level);
    const name = nameOf(place, from);
    for (let index = 0; index < page.elements.length; index++) {
      const at = `${name}, element ${index}`;
      if (page.kind === 'leaf') yield [this.#entry(page, index, at), at];
      else yield* this.#leaves({ page: page.elements[index]?.child ?? 0 }, at, level + 1);
    }
  }

  #find(key: string): BoltEntry | undefined {
    let [place, from] = [this.#place, this.#from];
    for (let level = 0; ; level++) {
      const page = this.#page(place, from, level);
      const keys: readonly { readonly key: ByteString }[] = page.elements;
      const name = nameOf(place, from);
      if (page.kind === 'leaf') {
        const index = keys.findIndex((element) => element.key === key);
        return index < 0 ? undefined : this.#entry(page, index, `${name}, element ${index}`);
      }
      // The last child that begins before the key, or the first.
      const next = keys.findIndex((element) => element.key > key);
      const index = Math.max(0, (next < 0 ? keys.length : next) - 1);
      [place, from] = [{ page: page.elements[index]?.child ?? 0 }, `${name}, element ${index}`];
    }
  }

  #page(place: Place, from: string, level: number): Page {
    if (level > DEEPEST) throw this.#pages.refuse(`more than ${DEEPEST} levels of pages (${from})`);
    return this.#pages.read(place, from);
  }

  #entry(page: Page & { readonly kind: 'leaf' }, index: number, at: string): BoltEntry {
    const element = page.elements[index];
    if (element === undefined) throw new Error(`there is no element ${index}`);
    const { key, value, isBucket } = element;
    if (!isBucket) return { key, value };
    const root = parseBucketRoot(value);
    if (root === undefined) throw this.#pages.refuse(`the bucket at ${at} is shorter than its header`);
    if (this.#depth >= DEEPEST)
      throw this.#pages.refuse(`more than ${DEEPEST} buckets in each other (${at})`);
    const place = root === 0 ? { inline: value.subarray(BUCKET.size) } : { page: root };
    return { key, bucket: new Bucket(this.#pages, place, at, this.#depth + 1) };
  }
}

function nameOf(place: Place, from: string): string {
  return 'page' in place ? `page ${place.page}` : from;
}
