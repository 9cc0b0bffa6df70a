// The rows as a forest: where each ends, what is in it, and which of them a filter leaves. Knows no document.
import { isGone, type ReportRow, ROW_STATES } from '../../image/record.ts';
import type { ImageRows } from './rows.ts';

export interface ForestFilter {
  /** Lower case; empty for all. */
  readonly words: string;
  readonly onlyGone: boolean;
  /** 0 for all. */
  readonly layer: number;
}

export class Forest {
  readonly rows: ImageRows;
  /** By row: one past the last row in it. */
  readonly ends: Uint32Array;
  readonly depths: Uint16Array;
  /** By row: 1 where a filter leaves it or something in it; undefined without a filter. */
  #kept: Uint8Array | undefined;
  matches = 0;
  /** Paths in lower case, made when they are first asked for. */
  #lower: readonly string[] | undefined;

  constructor(rows: ImageRows) {
    this.rows = rows;
    this.ends = new Uint32Array(rows.count);
    this.depths = new Uint16Array(rows.count);
    const open: number[] = [];
    for (let row = 0; row < rows.count; row++) {
      for (let top = open.at(-1); top !== undefined && !this.#isBelow(row, top); top = open.at(-1)) {
        this.ends[top] = row;
        open.pop();
      }
      this.depths[row] = open.length;
      if (this.isDirectory(row)) open.push(row);
      else this.ends[row] = row + 1;
    }
    for (const row of open) this.ends[row] = rows.count;
    this.matches = rows.count;
  }

  state(row: number): ReportRow['state'] {
    return ROW_STATES[this.rows.state[row] ?? 0] ?? 'shown';
  }

  isDirectory(row: number): boolean {
    return this.rows.modes.of(row).startsWith('d');
  }

  path(row: number): string {
    return this.rows.paths[row] ?? '';
  }

  name(row: number): string {
    const path = this.path(row);
    return path === '/' ? '/' : path.slice(path.lastIndexOf('/') + 1);
  }

  bytes(row: number): number {
    const { shown, hidden, unknown } = this.rows;
    return (shown[row] ?? 0) + (hidden[row] ?? 0) + (unknown[row] ?? 0);
  }

  #isBelow(row: number, directory: number): boolean {
    const above = this.path(directory);
    return this.path(row).startsWith(above === '/' ? above : `${above}/`);
  }

  /** What is directly in a directory, by name. */
  all(directory: number): number[] {
    const found: number[] = [];
    const end = this.ends[directory] ?? 0;
    for (let row = directory + 1; row < end; row = this.ends[row] ?? end) found.push(row);
    return found;
  }

  /** What a filter leaves of it, by name, or the largest first. */
  children(directory: number, bySize: boolean): number[] {
    const found = this.all(directory).filter((row) => this.isKept(row));
    return bySize ? found.sort((a, b) => this.bytes(b) - this.bytes(a) || a - b) : found;
  }

  isKept(row: number): boolean {
    return this.#kept === undefined || this.#kept[row] === 1;
  }

  /** Whether not all is shown. */
  get isFiltered(): boolean {
    return this.#kept !== undefined;
  }

  filter({ words, onlyGone, layer }: ForestFilter): void {
    const { count, layer: layers } = this.rows;
    this.matches = count;
    this.#kept = undefined;
    if (words === '' && !onlyGone && layer === 0) return;
    this.#lower ??= this.rows.paths.map((path) => path.toLowerCase());
    const lower = this.#lower;
    const kept = new Uint8Array(count);
    const above: number[] = [];
    this.matches = 0;
    for (let row = 0; row < count; row++) {
      above.length = this.depths[row] ?? 0;
      if (this.isDirectory(row)) above.push(row);
      if (onlyGone && !isGone(this.state(row))) continue;
      if (layer !== 0 && layers[row] !== layer) continue;
      if (words !== '' && lower[row]?.includes(words) !== true) continue;
      kept[row] = 1;
      this.matches++;
      for (const directory of above) kept[directory] = 1;
    }
    this.#kept = kept;
  }
}
