// One side of a comparison that is a stack of layers. What a name means is asked of the overlay's own rules.
import type { Entry } from '../overlay/layer/entry.ts';
import type { Listing } from '../overlay/layer/listing.ts';
import { shownXattr } from '../overlay/layer/marks.ts';
import { FileContents, type OpenContents } from '../overlay/layer/open-contents.ts';
import type { LayerReader } from '../overlay/layer/reader.ts';
import { type MergeOptions, type Resolution, resolve, type Source } from '../overlay/merge.ts';
import { mergeOptions } from '../overlay/options.ts';
import type { Layer, LayerStack } from '../store/layer-stack.ts';
import { layerNumber } from '../store/reference/choice.ts';
import type { ByteString } from '../sys/bytes.ts';
import { cString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { firstDifference } from './contents/contents.ts';
import { type Item, itemSize, NOTHING_UNTOLD, type Side } from './item.ts';
import type { StackInUnion, Union } from './union.ts';

/** The overlay's `resolve`; a test hands in a wrong one to show that it is noticed. */
export type Resolver = (
  parent: readonly number[],
  name: string,
  source: Source<number, Entry>,
  options: MergeOptions,
) => Resolution<number, Entry> | undefined;

const NO_PARTS: readonly number[] = [];
const linkBuffer = Buffer.alloc(4096);

/** Where a file's contents lie: a name in a real directory, or a path in the data-only layers. */
export type ContentsPlace = { readonly record: number; readonly name: string } | { readonly path: string };

export class LayerItem implements Item {
  readonly status: Uint32Array;
  readonly parts: readonly number[];
  readonly untold = NOTHING_UNTOLD;
  readonly hasSize = true;
  readonly side: LayeredSide;
  readonly entry: Entry;
  /** The real directories of the merged one that it was found in; empty for a root. */
  readonly under: readonly number[];
  /** Of a metacopy file: where its data lie. */
  readonly data: ContentsPlace | undefined;

  constructor(
    side: LayeredSide,
    entry: Entry,
    parts: readonly number[],
    { under = NO_PARTS, data }: { readonly under?: readonly number[]; readonly data?: ContentsPlace } = {},
  ) {
    this.side = side;
    this.entry = entry;
    this.status = entry.status;
    this.parts = parts;
    this.under = under;
    this.data = data;
  }

  get #layer(): Layer {
    return this.side.layerOf(this.entry.holder);
  }

  get layer(): number {
    return this.side.numberOf(this.entry.holder);
  }

  get role(): Layer['role'] {
    return this.#layer.role;
  }

  get live(): boolean {
    return this.#layer.live === true;
  }

  /** Whether no lower layer is asked for anything in its place. */
  get isLowest(): boolean {
    return this.parts.length > 0 ? this.parts.length === 1 : this.under.at(-1) === this.entry.holder;
  }

  /** Whether its attributes are a record's and not the disk's. */
  get isRecorded(): boolean {
    return this.side.reader.isRecorded(this.entry.holder);
  }

  xattrs(): Map<string, Buffer> {
    const values = new Map<string, Buffer>();
    const { holder, name } = this.entry;
    const prefix = this.side.reader.prefixOf(holder);
    for (const onDisk of this.entry.xattrNames()) {
      const shown = shownXattr(onDisk, prefix);
      if (shown === undefined) continue;
      const value = this.side.reader.xattrAnswer(holder, name, onDisk);
      if (typeof value !== 'number') values.set(shown, value);
      else if (value !== -E.ENODATA && value !== -E.EOPNOTSUPP) throw new Errno(-value, 'read an attribute');
    }
    return values;
  }

  target(): ByteString {
    const { holder, name } = this.entry;
    const length = this.side.reader.readLink(holder, name, linkBuffer);
    if (length < 0) throw new Errno(-length, 'read a link');
    return linkBuffer.toString('latin1', 0, length) as ByteString;
  }
}

export class LayeredSide implements Side {
  readonly root: LayerItem;
  readonly stack: LayerStack;
  readonly union: Union;
  readonly reader: LayerReader;
  readonly #source: Source<number, Entry>;
  readonly #options: MergeOptions;
  readonly #resolve: Resolver;
  /** Index in the stack of each of the union's layers. */
  readonly #indices = new Map<number, number>();
  #takesForPlain = false;
  readonly #dataRoots: readonly number[];
  /** Of the directories that are being compared: what was listed is not asked of the disk again. */
  readonly #listings = new Map<number, Listing>();

  /** Throws Errno where the top layer cannot be opened. */
  constructor(union: Union, place: StackInUnion, resolver: Resolver = resolve) {
    this.union = union;
    this.stack = place.stack;
    this.reader = union.reader;
    this.#resolve = resolver;
    for (const [index, layer] of [...place.layers, ...place.dataLayers].entries()) {
      this.#indices.set(layer, index);
    }
    const roots = this.reader.rootStack(union.rootRecords(place.layers));
    this.#dataRoots = union.rootRecords(place.dataLayers);
    this.#source = {
      roots,
      layerOf: (record) => this.#indexOf(record),
      find: (record, name) => this.findIn(record, name),
    };
    this.#options = {
      ...mergeOptions(place.stack),
      dataOnlyLayers: place.dataLayers.length > 0,
    };
    this.root = new LayerItem(this, union.rootEntry(this.reader, roots[0] as number), roots);
  }

  #indexOf(record: number): number {
    return this.#indices.get(this.union.directories.layerOf(record)) as number;
  }

  layerOf(record: number): Layer {
    const index = this.#indexOf(record);
    return (this.stack.layers[index] ?? this.stack.dataLayers[index - this.stack.layers.length]) as Layer;
  }

  /** Layers are numbered from the lowest, 1. */
  numberOf(record: number): number {
    return layerNumber(this.stack, this.#indexOf(record));
  }

  /** What one real directory has by a name; whiteouts too. Throws Errno. */
  findIn(record: number, name: string): Entry | undefined {
    const listing = this.#listings.get(record);
    if (listing !== undefined && !listing.types.has(name)) return undefined;
    const entry = this.union.find(this.reader, record, name);
    if (entry?.kind === 'regular') entry.takenForPlain = this.#takesForPlain;
    return entry;
  }

  names(directory: Item, shared: number): Iterable<string> {
    const own = directory.parts.slice(0, directory.parts.length - shared);
    const listings = own.map((record) => {
      const listing = this.#listings.get(record) ?? this.reader.list(record);
      this.#listings.set(record, listing);
      return listing;
    });
    const [only] = listings;
    if (listings.length === 1 && only !== undefined) return only.types.keys();
    const names = new Set<string>();
    for (const { types } of listings) for (const name of types.keys()) names.add(name);
    return names;
  }

  settle(directory: Item, name: string, found: Item): Item | undefined {
    if (!(found instanceof LayerItem) || !found.entry.takenForPlain) return found;
    const prefix = this.reader.prefixOf(found.entry.holder);
    if (!found.entry.xattrNames().includes(`${prefix}metacopy`)) return found;
    return this.find(directory, name);
  }

  /** Most files have no attribute: to ask each by name costs more than to ask when it is open. */
  glance(directory: Item, name: string): LayerItem | undefined {
    this.#takesForPlain = true;
    try {
      return this.find(directory, name);
    } finally {
      this.#takesForPlain = false;
    }
  }

  leave(directory: Item): void {
    for (const record of directory.parts) this.#listings.delete(record);
  }

  find(directory: Item, name: string): LayerItem | undefined {
    const resolution = this.#resolve(directory.parts, name, this.#source, this.#options);
    if (resolution === undefined) return undefined;
    const under = directory.parts;
    if (resolution.kind === 'directory')
      return new LayerItem(this, resolution.top, resolution.stack, { under });
    const { data } = resolution;
    if (data === undefined) return new LayerItem(this, resolution.top, NO_PARTS, { under });
    const place = 'path' in data ? data : { record: data.found.holder, name: data.found.name };
    return new LayerItem(this, resolution.top, NO_PARTS, { under, data: place });
  }

  /** A real directory as its parent names it. Throws Errno. */
  entryOf(record: number): Entry | undefined {
    const { table, directories } = this.union;
    if (directories.pathOf(record) === '') return this.union.rootEntry(this.reader, record);
    const name = table.nameAt(table.record(record, 2), table.record(record, 3));
    return this.union.find(this.reader, table.record(record, 1), name);
  }

  /** What of this side keeps a name of a directory from showing that a lower layer has. */
  hiddenBy(
    directory: Item,
    name: string,
  ): { readonly layer: number; readonly how: 'whiteout' | 'opaque' } | undefined {
    for (const record of directory.parts) {
      if (this.findIn(record, name)?.kind === 'whiteout')
        return { layer: this.numberOf(record), how: 'whiteout' };
    }
    const lowest = directory.parts.at(-1);
    if (lowest === undefined || this.union.directories.pathOf(lowest) === '') return undefined;
    const entry = this.entryOf(lowest);
    return entry?.kind === 'directory' && entry.opaque() === 'y'
      ? { layer: this.numberOf(lowest), how: 'opaque' }
      : undefined;
  }

  /** A file's contents, to be closed. Throws Errno; EIO where they are not of the recorded size. */
  open(item: LayerItem): OpenContents {
    const file = this.#open(item);
    if (!item.isRecorded || file.size() === itemSize(item)) return file;
    file.close();
    throw new Errno(E.EIO, 'open a file that is not of the recorded size');
  }

  #open({ entry, data }: LayerItem): OpenContents {
    if (data === undefined) return this.reader.openContents(entry.holder, entry.name);
    if ('record' in data) return this.reader.openContents(data.record, data.name);
    for (const root of this.#dataRoots) {
      const path = cString(data.path.slice(1) as ByteString);
      const fd = this.union.directories.openFile(root, path);
      if (fd >= 0) return new FileContents(fd);
    }
    throw new Errno(E.ENOENT, 'find the data in the data-only layers');
  }

  /** Offset of the first byte in which a file of this side and one of the other differ. Throws Errno. */
  firstDifference(own: LayerItem, other: LayerItem): number | undefined {
    const at = this.withFile(own, (left) =>
      other.side.withFile(other, (right) => firstDifference(left, right, itemSize(own), { sparse: false })),
    );
    return at < 0 ? undefined : at;
  }

  /** Reads a file's contents by `use`, and closes it. */
  withFile<T>(item: LayerItem, use: (file: OpenContents) => T): T {
    const file = this.open(item);
    try {
      return use(file);
    } finally {
      file.close();
    }
  }
}
