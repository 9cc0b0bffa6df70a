// Layers opened for reading: the memory, the real directories and the reader that every view of layers stands on. Which layers
// a view needs, and how each is to be understood, is decided here and nowhere else.
import type { Layer, LayerStack } from '../store/layer-stack.ts';
import { Directories } from './layer/directories.ts';
import { InternedDirectories } from './layer/interned.ts';
import { LayerReader, type LayerReading } from './layer/reader.ts';
import { TranslatedReader } from './layer/translated.ts';
import { RecordedReader } from './recorded/recorded.ts';
import type { RecordedLayer } from './recorded/recorded-layer.ts';
import { Table } from './table.ts';
import type { TableMemory } from './table-memory.ts';

/** A layer as it is to be read. */
export interface ReadableLayer extends LayerReading {
  readonly layer: Layer;
}

/** For each layer of a stack what is believed of it instead of the disk; undefined for one that is read from the disk. */
export type RecordedLayers = readonly (RecordedLayer | undefined)[];

/** The layers of a stack, top first. A record's marks are the kernel's, however the disk has them. */
export function readableLayers(stack: LayerStack, recorded: RecordedLayers = []): ReadableLayer[] {
  return stack.layers.map((layer, index) => {
    const { dialect = stack.dialect } = layer;
    const record = recorded[index];
    const written = record === undefined ? dialect : dialect === 'user' ? 'user' : 'trusted';
    const read = { layer, dialect: stack.showsMarks === true ? 'none' : written } as const;
    return record === undefined ? { ...read, owners: stack.owners } : { ...read, recorded: record };
  });
}

/** Those that are seen in a merged view: all down to the first that holds the whole tree already. */
export function shownLayers(stack: LayerStack, recorded?: RecordedLayers): ReadableLayer[] {
  const layers = readableLayers(stack, recorded);
  const whole = layers.findIndex((each) => each.layer.holds === 'tree' && each.recorded === undefined);
  return whole < 0 ? layers : layers.slice(0, whole + 1);
}

export interface OpenLayersOptions {
  readonly memory: TableMemory<ArrayBufferLike>;
  /** Directories that may be open at once. */
  readonly capacity: number;
  /** Data-only lower layers, top first. */
  readonly dataLayers?: readonly Layer[];
  /** Whether each real directory has one record, whichever way leads to it. */
  readonly interns?: boolean;
}

export class OpenLayers {
  readonly table: Table;
  readonly directories: Directories;
  readonly reader: LayerReader;

  /** Opens nothing yet. `layers` top first. */
  constructor(
    layers: readonly ReadableLayer[],
    { memory, capacity, dataLayers = [], interns }: OpenLayersOptions,
  ) {
    this.table = new Table(memory);
    const all = [...layers.map(({ layer }) => layer), ...dataLayers];
    const sources = all.map(({ source }) => source);
    this.directories =
      interns === true
        ? new InternedDirectories(this.table, sources, capacity)
        : new Directories(this.table, sources, dataLayers.length, capacity);
    const dialects = layers.map(({ dialect }) => dialect);
    const owners = layers.map((each) => each.owners);
    const records = layers.map(({ recorded }) => recorded);
    const isTranslated = dialects.includes('aufs') || owners.some((view) => view !== undefined);
    const { table, directories } = this;
    this.reader = records.some((record) => record !== undefined)
      ? new RecordedReader({ table, directories, dialects, owners, records })
      : isTranslated
        ? new TranslatedReader(table, directories, dialects, owners)
        : new LayerReader(table, directories, dialects);
  }

  close(): void {
    this.directories.close();
  }
}
