// Where a node lies on disk: the real directory to ask about it, and the name to ask for.
import type { ByteString } from '../sys/bytes.ts';
import { S_IFDIR, S_IFMT } from '../sys/statx.ts';
import type { Directories } from './layer/directories.ts';
import { ROW, type Table } from './table.ts';

export type Place = readonly [holder: number, name: string];

/** What a directory is called where it is asked about itself. */
export const ITSELF = '.' as ByteString;

/** Index of the layer, top first, that a row's attributes come from. */
export function layerOf(table: Table, row: number): number {
  const source = table.word(row, ROW.source);
  return table.record(isWholeDirectory(table, row) ? table.record(source, 1) : source, 0);
}

/** Broken ones have no stack. */
function isWholeDirectory(table: Table, row: number): boolean {
  return (table.word(row, ROW.mode) & S_IFMT) === S_IFDIR && table.errnoOf(row) === 0;
}

export class Places {
  readonly #table: Table;
  readonly #directories: Directories;

  constructor(table: Table, directories: Directories) {
    this.#table = table;
    this.#directories = directories;
  }

  /** The name is `.` for a directory. */
  of(row: number): Place {
    const table = this.#table;
    const source = table.word(row, ROW.source);
    if (isWholeDirectory(table, row)) return [table.record(source, 1), ITSELF];
    return [source, table.rowName(row)];
  }

  /** Index of the layer, top first, and the path inside it. */
  source(row: number): { readonly layer: number; readonly path: ByteString } {
    const [holder, name] = this.of(row);
    const path = this.#directories.pathOf(holder);
    const full = name === ITSELF ? path : path === '' ? name : `${path}/${name}`;
    return { layer: this.#directories.layerOf(holder), path: full as ByteString };
  }

  describe(row: number): string {
    return this.#directories.describe(...this.of(row));
  }
}
