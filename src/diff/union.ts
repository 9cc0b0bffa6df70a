// All layers of both sides under one roof: each real directory is one record whichever side or name leads to it, so that
// "the same directories" is a comparison of numbers. Layers that both sides have at the bottom are told apart here.
import type { Directories } from '../overlay/layer/directories.ts';
import { Entry } from '../overlay/layer/entry.ts';
import type { LayerReader } from '../overlay/layer/reader.ts';
import { OpenLayers, type ReadableLayer, type RecordedLayers, shownLayers } from '../overlay/opened.ts';
import type { RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import type { Table } from '../overlay/table.ts';
import { newTableMemory, type TableMemory } from '../overlay/table-memory.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import type { LayerSource } from '../store/source.ts';
import { asBytes, type ByteString, cString } from '../sys/bytes.ts';
import { AT_FDCWD, AT_NO_AUTOMOUNT } from '../sys/libc.ts';
import { STATX, STATX_MASK, STATX_SIZE } from '../sys/statx.ts';
import { statx } from '../sys/statx-call.ts';
import type { Identities } from './same-layers.ts';

/** As many directories as are kept open. */
const OPEN_DIRECTORIES = 256;

export interface UnionOptions {
  /**
   * Layers of one word are taken for one, wherever they lie: what somebody says of them, not what is there. A directory is read
   * rather than a tar.
   */
  readonly identities?: Identities;
}

/** A stack as the union numbers its layers, top first. */
export interface StackInUnion {
  readonly stack: LayerStack;
  readonly layers: readonly number[];
  readonly dataLayers: readonly number[];
}

export class Union {
  readonly memory: TableMemory;
  readonly table: Table;
  readonly directories: Directories;
  readonly reader: LayerReader;
  /** Where the layers lie, by their number here, empty for a tar: what another thread needs beside the memory. */
  readonly paths: readonly ByteString[];
  readonly stacks: readonly StackInUnion[];
  /** How many layers both stacks have in common at the bottom. */
  readonly sharedLayers: number;
  readonly #shared: Uint8Array;
  readonly #found = new Map<number, Entry | undefined>();
  #foundName = '';

  /**
   * Of one stack or two; `records` has for each of them those of its layers, where they are believed instead of the disk.
   * Throws Errno where a layer cannot be opened.
   */
  constructor(
    stacks: readonly LayerStack[],
    records: readonly (RecordedLayers | undefined)[] = [],
    { identities }: UnionOptions = {},
  ) {
    const all: ReadableLayer[] = [];
    const numbers = new Map<string, number>();
    const marks = new Map<RecordedLayer | undefined, number>();
    this.stacks = stacks.map((stack, side) => {
      const seen = new Map<string, number>();
      const number = (readable: ReadableLayer, named?: string) => {
        const { layer, dialect, owners } = readable;
        const isTar = layer.source.kind === 'tar';
        const view = owners === undefined ? '' : JSON.stringify(owners);
        const place = named ?? `${identityOf(layer.source)} ${dialect} ${view}`;
        const recorded = named !== undefined && isTar ? undefined : readable.recorded;
        const mark = marks.get(recorded) ?? marks.size;
        marks.set(recorded, mark);
        // One directory of which two things are believed is two layers.
        const identity = `${place} ${mark}`;
        const times = seen.get(identity) ?? 0;
        seen.set(identity, times + 1);
        const key = `${identity} ${times}`;
        const index = numbers.get(key) ?? all.push(readable) - 1;
        numbers.set(key, index);
        if (all[index]?.layer.source.kind === 'tar' && !isTar) all[index] = readable;
        return index;
      };
      const { dialect } = stack;
      return {
        stack,
        layers: shownLayers(stack, records[side]).map((readable, index) =>
          number(readable, identities?.[side]?.[index]),
        ),
        dataLayers: stack.dataLayers.map((layer) => number({ layer, dialect })),
      };
    });
    this.paths = all.map(({ layer: { source } }) => (source.kind === 'tar' ? asBytes('') : source.path));
    this.memory = newTableMemory();
    const { memory } = this;
    const opened = new OpenLayers(all, { memory, capacity: OPEN_DIRECTORIES, interns: true });
    this.table = opened.table;
    this.directories = opened.directories;
    this.reader = opened.reader;
    this.#shared = new Uint8Array(all.length);
    this.sharedLayers = this.#markShared();
  }

  /** Only what lies on equal layers down to the bottom means the same in both: redirects reach below. */
  #markShared(): number {
    const [a, b] = this.stacks;
    if (a === undefined || b === undefined || a.stack.dialect !== b.stack.dialect) return 0;
    if (a.dataLayers.join() !== b.dataLayers.join()) return 0;
    let count = 0;
    for (; count < Math.min(a.layers.length, b.layers.length); count++) {
      const layer = a.layers[a.layers.length - 1 - count] as number;
      if (layer !== b.layers[b.layers.length - 1 - count]) break;
      this.#shared[layer] = 1;
    }
    return count;
  }

  /** Whether a real directory lies on one of the shared layers at the bottom. */
  isShared(record: number): boolean {
    return this.#shared[this.directories.layerOf(record)] === 1;
  }

  rootRecords(layers: readonly number[]): number[] {
    return layers.map((layer) => this.directories.roots[layer] as number);
  }

  /** As the reader's `find`; both sides ask the shared layers for the same name one after the other. */
  find(reader: LayerReader, record: number, name: string): Entry | undefined {
    if (!this.isShared(record)) return reader.find(record, name);
    if (name !== this.#foundName) {
      this.#found.clear();
      this.#foundName = name;
    }
    let entry = this.#found.get(record);
    if (entry === undefined && !this.#found.has(record)) {
      entry = reader.find(record, name);
      this.#found.set(record, entry);
    }
    return entry;
  }

  /** A layer's root itself. Throws Errno. */
  rootEntry(reader: LayerReader, record: number): Entry {
    reader.examine(record, '.');
    return new Entry(reader, this.table, record, '.', 'directory');
  }

  close(): void {
    this.directories.close();
  }
}

const status = new Uint32Array(STATX_SIZE / 4);

/** One directory may be named in two ways; where it cannot be examined, its path stands for it, and the open tells why. */
function identityOf(source: LayerSource): string {
  // What was read of it tells it from others.
  if (source.kind === 'tar') return 'tar';
  const { path } = source;
  if (statx(AT_FDCWD, cString(path), AT_NO_AUTOMOUNT, STATX_MASK, status) < 0) return path;
  return `${status[STATX.devMajor]}:${status[STATX.devMinor]}:${status[STATX.ino + 1]}:${status[STATX.ino]}`;
}
