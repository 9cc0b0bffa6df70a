// The files of a grove as whoever reads ahead of the kernel sees them: in the directory in which each was first found, by rows.
import { S_IFMT, S_IFREG } from '../../sys/statx.ts';
import type { FileData } from '../data.ts';
import type { Listings } from '../listings.ts';
import { rowSize } from '../status.ts';
import { ROW, type Table } from '../table.ts';

/** Directories and entries are rows; nodes are the kernel's. */
export interface GroveFiles {
  parentOf(row: number): number;
  firstEntry(directory: number): number;
  entryCount(directory: number): number;
  nodeOf(entry: number): number;
  /** Bytes; 0 for what is no regular file or cannot be looked up. */
  fileSize(entry: number): number;
  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number;
}

interface FilesParts {
  readonly table: Table;
  readonly listings: Listings;
  readonly data: FileData;
}

/** `base` is added to a row to make the number that the kernel knows. */
export function groveFiles({ table, listings, data }: FilesParts, base: number): GroveFiles {
  return {
    parentOf: (node) => table.word(node, ROW.parent),
    firstEntry: (directory) => table.record(listings.of(directory), 0),
    entryCount: (directory) => table.record(listings.of(directory), 1),
    nodeOf: (entry) => base + table.nodeOf(entry),
    fileSize: (entry) => {
      const isFile = (table.word(entry, ROW.mode) & S_IFMT) === S_IFREG && table.errnoOf(entry) === 0;
      return isFile ? rowSize(table, table.nodeOf(entry)) : 0;
    },
    read: (node, offset, out, at, size) => data.read(node - base, offset, out, at, size),
  };
}
