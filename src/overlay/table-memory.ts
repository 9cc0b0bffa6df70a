// The memory of a table: reserved whole, as much as the machine and the limits of this process allow. Knows how large each part
// may become, not what lies in it.
import { totalmem } from 'node:os';
import { Trouble } from '../sys/errors.ts';
import { addressSpaceLeft } from '../sys/limits.ts';

/** A power of two, of words. */
const LINK_BUCKETS = 1 << 16;
const MANY_LINK_BUCKETS = 1 << 20;
/** What no tree can do without. */
const LEAST_BYTES = 1 << 20;

/** Memory of a table; shared, it can be handed to another thread. */
export interface TableMemory<Memory = SharedArrayBuffer> {
  readonly rows: Memory;
  readonly names: Memory;
  readonly records: Memory;
  readonly links: Memory;
  readonly counters: Memory;
}

/** Thrown where a tree has more names than the table can hold: the machine, or a limit of this process, has no more memory. */
export class TableFull extends Trouble {
  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, options);
  }
}

/**
 * Memory is reserved whole and taken from the system page by page as it is used, so a table needs no growth and no copy.
 * Under a limit of address space it is a part of what is left, because V8 and the threads need room too; where so much may
 * not be reserved after all, half is tried, and so on.
 */
function reserve<Memory>(bytes: number, Kind: new (bytes: number) => Memory): Memory {
  for (let size = Math.min(bytes, powerOfTwo(addressSpaceLeft() / 8)); size >= LEAST_BYTES; size /= 2) {
    try {
      return new Kind(size);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new TableFull('Cannot reserve memory for the tree: a limit of memory or of address space forbids it');
}

/** The largest that is not above `bound`, which may be infinite. */
function powerOfTwo(bound: number): number {
  return 2 ** Math.floor(Math.log2(bound));
}

export interface TableSize {
  /** Of how many tables that have to share what may be reserved this is one: a power of two. */
  readonly part?: number;
}

/**
 * At most half of the machine's memory in all: more could not be filled, and a process that has reserved more than the
 * machine has cannot fork.
 */
export function newTableMemory({ part = 1 }: TableSize = {}): TableMemory {
  return memoryOf(SharedArrayBuffer, part, LINK_BUCKETS);
}

/**
 * The same for one thread, where there are several tables, one after the other: V8 gives shared memory back late. Nodes that
 * have several names are most of them in such a table.
 */
export function newOwnMemory({ part = 1 }: TableSize = {}): TableMemory<ArrayBuffer> {
  return memoryOf(ArrayBuffer, part, MANY_LINK_BUCKETS);
}

function memoryOf<Memory>(
  Kind: new (bytes: number) => Memory,
  part: number,
  links: number,
): TableMemory<Memory> {
  const share = (of: number, most: number) => Math.min(most, powerOfTwo(totalmem() / of)) / part;
  return {
    rows: reserve(share(4, 2 ** 31), Kind),
    names: reserve(share(8, 2 ** 30), Kind),
    records: reserve(share(8, 2 ** 29), Kind),
    links: new Kind(links * 4),
    counters: new Kind(16),
  };
}

/** Memory of directories that nobody uses any more, all zero: V8 would look for garbage everywhere for each that is reserved anew. */
const spare: { readonly most: number; readonly memory: TableMemory<ArrayBuffer> }[] = [];
/** Of address space, in all of one size. */
const SPARE_BYTES = 2 ** 31;

/**
 * Of directories alone, whose names and places take at most `most` bytes each: there is one row, and no link. Not shared,
 * because V8 gives shared memory back late, and of these there are many, one after the other.
 */
export function newDirectoryMemory(most: number): TableMemory<ArrayBuffer> {
  const at = spare.findIndex((each) => each.most === most);
  const [found] = at < 0 ? [] : spare.splice(at, 1);
  return (
    found?.memory ?? {
      rows: new ArrayBuffer(4096),
      names: reserve(most, ArrayBuffer),
      records: reserve(most, ArrayBuffer),
      links: new ArrayBuffer(4),
      counters: new ArrayBuffer(16),
    }
  );
}

/** What `newDirectoryMemory(most)` answered, for another one to use. It must be all zero, and nobody may look at it again. */
export function giveBackDirectoryMemory(most: number, memory: TableMemory<ArrayBuffer>): void {
  const alike = spare.filter((each) => each.most === most).length;
  if ((alike + 1) * 2 * most <= SPARE_BYTES) spare.push({ most, memory });
}
