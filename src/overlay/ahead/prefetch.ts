// Has the kernel read directories from a disk before they are loaded, several at once: a disk that is asked for one thing at
// a time spends most of a walk waiting. Only while loading does read from a disk; asking for what is cached is a loss.

import { S_IFDIR, S_IFMT } from '../../sys/statx.ts';
import { AsyncLookups } from '../../sys/uring/async-lookups.ts';
import { blocksRead } from '../../sys/usage.ts';
import type { Directories } from '../layer/directories.ts';
import { NOT_LOADED, ROW, type Table } from '../table.ts';

/** Lookups under way at once; a power of two. */
const MOST = 128;
/** Loads without a read after which the disk is taken for cached. */
const PATIENCE = 256;
/** No name in any directory, most likely: looking it up reads all of a small one, and reads nothing else. */
const ABSENT = Buffer.from('/\x01stratafs\0', 'latin1');

export class Prefetch {
  readonly #table: Table;
  readonly #directories: Directories;
  readonly #isSpared: (row: number) => boolean;
  #lookups: AsyncLookups | undefined;
  #isOver = false;
  #blocksRead = 0;
  #patience = 0;

  /** `isSpared` says of which directories nothing need be read before they are loaded. */
  constructor(table: Table, directories: Directories, isSpared: (row: number) => boolean = () => false) {
    this.#table = table;
    this.#directories = directories;
    this.#isSpared = isSpared;
  }

  /** Whether loads read from a disk now; to be asked after each, as the answer depends on how many ago the last one did. */
  isWanted(): boolean {
    if (this.#isOver) return false;
    const blocks = blocksRead();
    if (blocks !== this.#blocksRead) {
      this.#blocksRead = blocks;
      this.#patience = PATIENCE;
    }
    return this.#patience > 0 && this.#patience-- > 0;
  }

  /** Asks for the directories among the rows from `first` to before `end`; answers the first one that there was no room for. */
  ask(first: number, end: number): number {
    const lookups = this.#open();
    if (lookups === undefined) return end;
    let row = first;
    while (row < end && this.#askOne(lookups, row)) row++;
    if (lookups.queued > 0) lookups.submit();
    return row;
  }

  #askOne(lookups: AsyncLookups, row: number): boolean {
    const table = this.#table;
    const isDirectory = (table.word(row, ROW.mode) & S_IFMT) === S_IFDIR;
    if (!isDirectory || table.errnoOf(row) !== 0 || table.word(row, ROW.listing) !== NOT_LOADED) return true;
    if (this.#isSpared(row)) return true;
    const stack = table.word(row, ROW.source);
    for (let i = 1; i <= table.record(stack, 0); i++) {
      const buffer = lookups.take();
      if (buffer < 0) return false;
      const directory = table.record(stack, i);
      const parent = this.#directories.openParent(directory);
      if (parent < 0) lookups.giveBack(buffer);
      else {
        const path = lookups.buffers[buffer] as Buffer;
        ABSENT.copy(path, this.#directories.copyName(directory, path));
        lookups.queue(buffer, parent);
      }
    }
    return true;
  }

  #open(): AsyncLookups | undefined {
    if (this.#isOver) return undefined;
    this.#lookups ??= AsyncLookups.open(MOST);
    this.#isOver = this.#lookups === undefined;
    return this.#lookups;
  }

  close(): void {
    this.#isOver = true;
    this.#lookups?.close();
    this.#lookups = undefined;
  }
}
