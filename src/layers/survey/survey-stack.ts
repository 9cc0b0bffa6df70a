// What a stack of surveyed layers shows and hides: for every object one state, by the overlay's own rules (`merge.ts`), asked
// of the survey's memory instead of the disk.
import { DT_WHT } from '../../overlay/layer/listing.ts';
import { type MergeOptions, type Resolution, resolve, type Source } from '../../overlay/merge.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { Errno } from '../../sys/errors.ts';
import { S_IFMT, S_IFREG } from '../../sys/statx.ts';
import { tellHidden } from '../hidden.ts';
import { walkHidden } from '../hidden-tree.ts';
import type { LayeredNames, NameTypes, PlacedEntry } from '../layered-names.ts';
import type { Hidden, Removal } from '../removal.ts';
import type { Survey } from './survey.ts';
import { MARK, type SurveyTable } from './survey-table.ts';

/**
 * What becomes of an object in the merged view.
 * lost: nothing leads to it, as where a lookup on the way fails; shown: it is what is shown; merged: a directory below one
 * that is shown, whose names are shown too; data: a file whose contents another one shows (metacopy); hidden: a newer layer
 * took it away; mark: it is no object but says what is hidden.
 */
export const STATE = { lost: 0, shown: 1, merged: 2, data: 3, hidden: 4, mark: 5 } as const;

/** By what a newer layer hides, as the column `how` has it. */
export const HOW: readonly Removal['how'][] = ['whiteout', 'opaque', 'replaced', 'redirect'];

/** An object of the survey as the rules ask of it. */
export class SurveyedEntry implements PlacedEntry {
  readonly row: number;
  readonly kind: PlacedEntry['kind'];
  readonly #table: SurveyTable;

  constructor(table: SurveyTable, row: number) {
    this.#table = table;
    this.row = row;
    if (table.has(row, MARK.whiteout)) this.kind = 'whiteout';
    else if (table.isDirectory(row)) this.kind = 'directory';
    else this.kind = ((table.columns.mode[row] as number) & S_IFMT) === S_IFREG ? 'regular' : 'other';
  }

  get holder(): number {
    return this.#table.columns.parent[this.row] as number;
  }

  get name(): string {
    return this.#table.nameOf(this.row);
  }

  directory(): number {
    return this.row;
  }

  opaque(): string {
    this.#mustBeReadable();
    return this.#table.has(this.row, MARK.opaque) ? 'y' : '';
  }

  redirect(): string | undefined {
    this.#mustBeReadable();
    return this.#table.redirects.get(this.row);
  }

  metacopy(): boolean {
    this.#mustBeReadable();
    return this.#table.has(this.row, MARK.metacopy);
  }

  #mustBeReadable(): void {
    const errno = this.#table.unreadable.get(this.row);
    if (errno !== undefined) throw new Errno(errno, 'read the marks of a surveyed object');
  }
}

export class SurveyedStack implements LayeredNames<SurveyedEntry> {
  readonly survey: Survey;
  /** Indices of the survey's layers, top first. */
  readonly layers: readonly number[];
  /** Those that are merged at the root. */
  readonly roots: readonly number[];
  /** By row: one of `STATE`. */
  readonly state: Uint8Array;
  /** By row of what is hidden: index in `HOW`, and of the layer in this stack, 0 at the top. */
  readonly how: Uint8Array;
  readonly by: Uint16Array;
  /** By row: the row of the object that lies in the same place in a newer layer and hides this one; 0 where there is none. */
  readonly rival: Uint32Array;
  /** By row of what is shown: the row of the directory that shows it, 0 for the root. */
  readonly under: Uint32Array;
  /** Row of a metacopy file that is shown → the row that has its data. */
  readonly data = new Map<number, number>();
  readonly #table: SurveyTable;
  readonly #options: MergeOptions;
  readonly #source: Source<number, SurveyedEntry>;
  /** Layer in the survey → place in this stack, 0 at the top; -1 where it is not in it. */
  readonly #place: Int32Array;
  /** Rows of the directories in `keep`, by name. */
  #kept = new Map<number, ReadonlyMap<string, number>>();

  /** `layers` are indices of the survey's layers, top first. */
  constructor(survey: Survey, layers: readonly number[], options: MergeOptions) {
    const { table } = survey;
    this.survey = survey;
    this.layers = layers;
    this.#table = table;
    this.#options = options;
    this.#place = new Int32Array(survey.layers.length).fill(-1);
    for (const [place, layer] of layers.entries()) this.#place[layer] = place;
    const roots = layers.flatMap((layer) => survey.roots[layer] || []);
    const opaque = roots.findIndex((root) => table.has(root, MARK.opaque));
    this.roots = opaque < 0 ? roots : roots.slice(0, opaque + 1);
    this.state = new Uint8Array(table.end);
    this.how = new Uint8Array(table.end);
    this.by = new Uint16Array(table.end);
    this.rival = new Uint32Array(table.end);
    this.under = new Uint32Array(table.end);
    this.#source = {
      roots: this.roots,
      layerOf: (record) => this.layerOf(record),
      find: (record, name) => this.find(record, name),
    };
    this.#settle(roots);
  }

  /** Place in this stack of a row's layer; -1 where it is not in it. */
  layerOf(row: number): number {
    return this.#place[this.#table.columns.layer[row] as number] as number;
  }

  list(row: number): NameTypes {
    return { types: this.#types(row).types };
  }

  keep(rows: readonly number[]): NameTypes[] {
    const listed = rows.map((row) => this.#types(row));
    this.#kept = new Map(rows.map((row, i) => [row, (listed[i] as (typeof listed)[number]).rows]));
    return listed;
  }

  #types(row: number): { readonly types: Map<string, number>; readonly rows: Map<string, number> } {
    this.#mustBeSound(row);
    const table = this.#table;
    const { children, count, mode } = table.columns;
    const types = new Map<string, number>();
    const rows = new Map<string, number>();
    const first = children[row] as number;
    for (let child = first; child < first + (count[row] as number); child++) {
      const name = table.nameOf(child);
      // A type that is not told is asked for: so it is with all that is more than it seems.
      const isPlain = !table.has(child, MARK.metacopy | MARK.fault | MARK.unreadable);
      const type = isPlain ? (mode[child] as number) >>> 12 : 0;
      types.set(name, table.has(child, MARK.whiteout) ? DT_WHT : type);
      rows.set(name, child);
    }
    return { types, rows };
  }

  find(row: number, name: string): SurveyedEntry | undefined {
    const kept = this.#kept.get(row);
    const child = kept === undefined ? this.#table.child(row, name) : (kept.get(name) ?? 0);
    if (child === 0) return undefined;
    // A directory that cannot be listed can be looked up.
    if (!this.#table.isDirectory(child)) this.#mustBeSound(child);
    return new SurveyedEntry(this.#table, child);
  }

  #mustBeSound(row: number): void {
    const errno = this.#table.faults.get(row);
    if (errno !== undefined) throw new Errno(errno, 'examine a surveyed object');
  }

  resolve(parts: readonly number[], name: string): Resolution<number, SurveyedEntry> | undefined {
    return resolve(parts, name, this.#source, this.#options);
  }

  /** `all` are the roots of all layers that are there. */
  #settle(all: readonly number[]): void {
    const { state } = this;
    for (const [i, root] of this.roots.entries()) state[root] = i === 0 ? STATE.shown : STATE.merged;
    const known: number[] = [];
    const isKnown = (row: number) => {
      if (this.#table.has(row, MARK.below | MARK.fault)) return false;
      known.push(row);
      return true;
    };
    const hidden: Hidden<SurveyedEntry>[] = [];
    tellHidden(
      this,
      {
        isKnown,
        visible: (_, entry, found, parts) => this.#show(entry, found, parts[0] as number),
        cut: (row, removal) => this.#hideRow(row, removal, 0),
      },
      (one) => hidden.push(one),
    );
    for (const row of known) this.#eachBelow(row, (child, parent) => this.#showPlain(child, parent));
    for (const one of hidden) this.#hide(one);
    // An AUFS mark on a root hides all layers below it whole.
    const [cut] = [all[this.roots.length - 1]];
    for (const root of all.slice(this.roots.length)) {
      const removal = { layer: this.layerOf(cut as number), how: 'opaque' as const };
      this.#hideRow(root, removal, 0);
      this.#eachBelow(root, (child) => this.#hideRow(child, removal, 0));
    }
    this.#markMarks(all);
    this.#kept = new Map();
  }

  #show(entry: SurveyedEntry, found: Resolution<number, SurveyedEntry>, under: number): void {
    this.state[entry.row] = STATE.shown;
    this.under[entry.row] = under;
    if (found.kind === 'directory') {
      for (const part of found.stack.slice(1)) {
        if (this.state[part] !== STATE.shown) this.state[part] = STATE.merged;
      }
    } else if (found.data !== undefined && 'found' in found.data) {
      const { row } = found.data.found;
      this.data.set(entry.row, row);
      if (this.state[row] !== STATE.shown) this.state[row] = STATE.data;
    }
  }

  #showPlain(row: number, parent: number): void {
    if (this.#table.has(row, MARK.whiteout)) return;
    this.state[row] = STATE.shown;
    this.under[row] = parent;
  }

  #hide(hidden: Hidden<SurveyedEntry>): void {
    // Without redirects nothing below is shown elsewhere, and without newer parts nothing else hides it.
    if (hidden.newer.length === 0 && this.#table.redirects.size === 0) {
      this.#hideOne(hidden);
      if (hidden.entry.kind !== 'directory') return;
      this.#eachBelow(hidden.entry.row, (child) => this.#hideRow(child, hidden.removal, 0));
      return;
    }
    walkHidden(
      this,
      hidden,
      (one) => this.#hideOne(one),
      () => {},
    );
  }

  #hideOne({ entry, path, removal }: Hidden<SurveyedEntry>): void {
    const isInPlace = removal.path === path && removal.how === 'replaced';
    this.#hideRow(entry.row, removal, isInPlace ? removal.entry.row : 0);
  }

  #hideRow(row: number, { layer, how }: Pick<Removal, 'layer' | 'how'>, rival: number): void {
    const state = this.state[row] as number;
    if (state === STATE.shown || state === STATE.merged || state === STATE.data) return;
    this.state[row] = STATE.hidden;
    this.how[row] = HOW.indexOf(how);
    this.by[row] = layer;
    this.rival[row] = rival;
  }

  #markMarks(roots: readonly number[]): void {
    const isIn = new Set(roots.map((root) => this.#table.columns.layer[root] as number));
    for (let row = 1; row < this.#table.end; row++) {
      if (!isIn.has(this.#table.columns.layer[row] as number)) continue;
      if (this.#table.has(row, MARK.whiteout)) this.state[row] = STATE.mark;
    }
  }

  #eachBelow(row: number, visit: (child: number, parent: number) => void): void {
    const { children, count } = this.#table.columns;
    const waiting = [row];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const first = children[at] as number;
      for (let child = first; child < first + (count[at] as number); child++) {
        visit(child, at);
        if ((count[child] as number) > 0) waiting.push(child);
      }
    }
  }

  /** Where the merged view shows a row, with a leading slash; empty for the root. */
  pathOf(row: number): ByteString {
    const names: string[] = [];
    for (let at = row; this.under[at] !== 0; at = this.under[at] as number)
      names.push(`/${this.#table.nameOf(at)}`);
    return names.reverse().join('') as ByteString;
  }
}
