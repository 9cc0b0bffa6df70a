// What the merged view of a surveyed stack takes, by directory, as du(1) counts: every object that is shown, one with
// several names where it is met first.
import type { ByteString } from '../../sys/bytes.ts';
import { STATE, type SurveyedStack } from './survey-stack.ts';
import { ALLOCATION_BLOCK } from './survey-sums.ts';

/** One object, with all below it where it is a directory. */
export interface Usage {
  /** Below the start, names joined by slashes; empty for the start. */
  readonly path: ByteString;
  readonly depth: number;
  readonly isDirectory: boolean;
  /** Allocated on disk, directories too. */
  readonly allocated: number;
  /** As sizes tell, directories' too. */
  readonly apparent: number;
  /** Objects below, the start not counted. */
  readonly objects: number;
  /** Indices of the layers it is made of, 0 at the top. */
  readonly layers: readonly number[];
}

export class ShownTree {
  readonly #stack: SurveyedStack;
  /** The rows shown in a directory's row `i` are those from `#starts[i]` on, to where those of the next begin. */
  readonly #starts: Uint32Array;
  readonly #rows: Uint32Array;
  /** First names of objects that have several and were counted. */
  readonly #counted = new Set<number>();

  constructor(stack: SurveyedStack) {
    const { state, under, survey } = stack;
    const { end } = survey.table;
    this.#stack = stack;
    this.#starts = new Uint32Array(end + 1);
    const isShown = (row: number) => state[row] === STATE.shown && under[row] !== 0;
    for (let row = 1; row < end; row++) {
      if (!isShown(row)) continue;
      const at = (under[row] as number) + 1;
      this.#starts[at] = (this.#starts[at] as number) + 1;
    }
    for (let row = 1; row <= end; row++)
      this.#starts[row] = (this.#starts[row] as number) + (this.#starts[row - 1] as number);
    this.#rows = new Uint32Array(this.#starts[end] as number);
    const next = this.#starts.slice();
    for (let row = 1; row < end; row++) {
      if (!isShown(row)) continue;
      const directory = under[row] as number;
      const at = next[directory] as number;
      this.#rows[at] = row;
      next[directory] = at + 1;
    }
  }

  /** The row that is shown at a path; undefined where there is none. */
  find(names: readonly ByteString[]): number | undefined {
    let at = this.#stack.roots[0];
    for (const name of names) {
      if (at === undefined) return undefined;
      at = this.#children(at).find((row) => this.#stack.survey.table.nameOf(row) === name);
    }
    return at;
  }

  /** Tells each object at and below a row once, a directory after what it holds, names in byte order. */
  usage(start: number, visit: (usage: Usage) => void): void {
    const { table } = this.#stack.survey;
    const open = [this.#open(start, '' as ByteString)];
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      const row = at.rest.pop();
      if (row !== undefined) {
        const name = table.nameOf(row);
        open.push(this.#open(row, (at.path === '' ? name : `${at.path}/${name}`) as ByteString));
        continue;
      }
      open.pop();
      const { path, isDirectory, allocated, apparent, objects, layers } = at;
      const told = { path, depth: open.length, isDirectory, allocated, apparent, objects };
      if (at.isAgain) continue;
      visit({ ...told, layers: [...layers].sort((a, b) => a - b) });
      const above = open.at(-1);
      if (above === undefined) continue;
      above.allocated += allocated;
      above.apparent += apparent;
      above.objects += objects + 1;
      for (const layer of layers) above.layers.add(layer);
    }
  }

  #open(row: number, path: ByteString): OpenUsage {
    const { table } = this.#stack.survey;
    const { first, blocks, size } = table.columns;
    const linked = first[row] as number;
    const isAgain = linked !== 0 && this.#counted.has(linked);
    if (linked !== 0) this.#counted.add(linked);
    const data = table.isMetacopy(row) ? (this.#stack.data.get(row) ?? row) : row;
    return {
      path,
      rest: this.#children(row).reverse(),
      isDirectory: table.isDirectory(row),
      isAgain,
      allocated: (blocks[data] as number) * ALLOCATION_BLOCK,
      apparent: size[row] as number,
      objects: 0,
      layers: new Set([this.#stack.layerOf(row)]),
    };
  }

  /** In byte order of their names. */
  #children(row: number): number[] {
    const { table } = this.#stack.survey;
    const rows = [...this.#rows.subarray(this.#starts[row], this.#starts[row + 1])];
    const { parent } = table.columns;
    // Those of one directory are in order as they are.
    if (rows.every((child) => parent[child] === parent[rows[0] as number])) return rows;
    const names = new Map(rows.map((child) => [child, table.nameOf(child)]));
    return rows.sort((a, b) => ((names.get(a) as string) < (names.get(b) as string) ? -1 : 1));
  }
}

/** A directory whose contents are being told. */
interface OpenUsage {
  readonly path: ByteString;
  /** Rows to be told, the next one last. */
  readonly rest: number[];
  readonly isDirectory: boolean;
  /** Whether it was counted by another name. */
  readonly isAgain: boolean;
  allocated: number;
  apparent: number;
  objects: number;
  readonly layers: Set<number>;
}
