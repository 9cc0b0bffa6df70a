// What a tree is made of, put together: layers opened for reading, memory, and the parts that list, place and read its nodes,
// each with those it needs. How many descriptors they may keep open is decided here.
import type { LayerStack } from '../store/layer-stack.ts';
import { descriptorLimit } from '../sys/limits.ts';
import { Prefetch } from './ahead/prefetch.ts';
import { Attributes } from './attributes.ts';
import { FileData } from './data.ts';
import { Indexed, type LayerIndexStore } from './indexed/indexed.ts';
import type { Directories } from './layer/directories.ts';
import type { LayerReader } from './layer/reader.ts';
import { Listings } from './listings.ts';
import { Live } from './live.ts';
import { Loader } from './load.ts';
import { OpenLayers, type ReadableLayer, shownLayers } from './opened.ts';
import { mergeOptions } from './options.ts';
import { ITSELF, Places } from './place.ts';
import type { RecordedLayer } from './recorded/recorded-layer.ts';
import { type FaultLog, RowWriter } from './row-writer.ts';
import type { Table } from './table.ts';
import { newTableMemory, type TableMemory } from './table-memory.ts';
import { Xattrs } from './xattrs.ts';

export interface TreeOptions {
  /** Told of damage that only costs one name. */
  readonly log?: FaultLog;
  /** For each layer of the stack, what is believed of its metadata instead of the disk; a whole stack's, or absent. */
  readonly recorded?: readonly (RecordedLayer | undefined)[];
  /** Whether layers that may change are looked at again and again, by way of `live`; else each directory is read once. */
  readonly follows?: boolean;
  /** Memory of the same stack's tree in another thread, to share it. */
  readonly memory?: TableMemory;
  /** Where what is learnt of the layers is kept, and what was learnt before. */
  readonly indexes?: LayerIndexStore | undefined;
  /** Where it is one of several trees in one view. */
  readonly among?: AmongTrees;
}

/** What several trees of one view share. */
export interface AmongTrees {
  /** Of how many that may be there at once memory and descriptors are reserved for this one: a power of two. */
  readonly part: number;
  /** Their file systems, `major:minor`: each is told from the others by its place here. */
  readonly devices: string[];
  /** Has descriptors of all given back. */
  readonly onShortage: () => void;
}

/** The number of a tree's root. */
export const ROOT = 1;

/** Descriptors for directories, and as many for files: a share of what the process may have open. */
const DESCRIPTOR_SHARE = 1 / 8;
const MOST_DESCRIPTORS = 512;
const FEWEST_DESCRIPTORS = 4;

export interface TreeParts {
  /** For a tree of the same stack in another thread. */
  readonly memory: TableMemory;
  readonly table: Table;
  readonly directories: Directories;
  readonly reader: LayerReader;
  readonly prefetch: Prefetch;
  readonly listings: Listings;
  readonly places: Places;
  readonly data: FileData;
  readonly xattrs: Xattrs;
  /** Where it was asked for and a layer may change. */
  readonly live: Live | undefined;
  readonly indexed: Indexed | undefined;
  /** Whether there can be files whose data are another object's. */
  readonly followsMetacopy: boolean;
}

/** Opens the layers and has the root's row written. Throws Errno where a layer cannot be opened, with nothing left open. */
export function openTreeParts(stack: LayerStack, options: TreeOptions): TreeParts {
  const { among, log = () => {} } = options;
  const memory = options.memory ?? newTableMemory({ part: among?.part ?? 1 });
  const shown = shownLayers(stack, options.recorded);
  const capacity = descriptorShare(among?.part);
  const { dataLayers } = stack;
  const { table, directories, reader } = new OpenLayers(shown, { memory, capacity, dataLayers });
  const merge = mergeOptions(stack);
  const isLive = [...shown.map(({ layer }) => layer), ...dataLayers].map(({ live }) => live === true);
  const follows = options.follows === true && isLive.includes(true);
  try {
    const fileSystems = directories.fileSystems(among?.devices);
    const attributes = new Attributes(table, directories, fileSystems, among !== undefined);
    const common = { table, reader, options: merge };
    const indexed = isLive.includes(true)
      ? undefined
      : openIndexed(shown, table, directories, reader, options);
    const rows = new RowWriter({ ...common, attributes, log, indexed, sharesNodes: !follows });
    const loader = new Loader({ ...common, rows, indexed });
    const places = new Places(table, directories);
    const data = new FileData({ table, reader, attributes, places, isLive, capacity });
    directories.alsoOnShortage(among?.onShortage);
    const hold = (node: number) => data.open(node);
    const live = follows
      ? new Live({ table, reader, loader, rows, attributes, root: ROOT, isLive, hold })
      : undefined;
    if (options.memory === undefined) {
      reader.examine(directories.roots[0] as number, ITSELF);
      rows.fillRoot(table.takeRows(1), reader.status);
    }
    return {
      memory,
      table,
      directories,
      reader,
      prefetch: new Prefetch(table, directories, (row) => indexed?.spares(row) === true),
      listings: new Listings(table, loader),
      places,
      data,
      xattrs: new Xattrs(table, reader, places),
      live,
      indexed,
      followsMetacopy: merge.metacopy || merge.dataOnlyLayers,
    };
  } catch (error) {
    directories.close();
    throw error;
  }
}

/** Undefined where no index is asked for, or layers are not shown as their directories are. */
function openIndexed(
  shown: readonly ReadableLayer[],
  table: Table,
  directories: Directories,
  reader: LayerReader,
  { indexes: store, among, memory }: TreeOptions,
): Indexed | undefined {
  if (store === undefined || among !== undefined || memory !== undefined) return undefined;
  const paths = shown.map(({ layer: { source } }) => (source.kind === 'tar' ? undefined : source.path));
  if (!reader.showsDisk || !paths.every((path) => path !== undefined)) return undefined;
  const { status, statusAddress } = reader;
  return new Indexed({ table, directories, paths, store, status, statusAddress });
}

/** How many directories, and as many files, may be kept open; by one of `part` that are there at once. */
export function descriptorShare(part = 1): number {
  const share = Math.floor((descriptorLimit() * DESCRIPTOR_SHARE) / part);
  return Math.max(FEWEST_DESCRIPTORS, Math.min(MOST_DESCRIPTORS, share));
}
