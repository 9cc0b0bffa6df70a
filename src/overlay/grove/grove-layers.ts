// The layers that the stacks of a grove have between them. A layer is what it is together with all that lies below it, because
// that is what its names may mean: so one layer has one loader, and what is loaded of it is right for every stack that has it.
import type { LayerStack } from '../../store/layer-stack.ts';
import type { LayerSource } from '../../store/source.ts';
import { birthOf } from '../../sys/kept.ts';
import type { Directories } from '../layer/directories.ts';
import type { LayerReader } from '../layer/reader.ts';
import type { MergeOptions } from '../merge.ts';
import { type ReadableLayer, type RecordedLayers, shownLayers } from '../opened.ts';
import { mergeOptions } from '../options.ts';
import type { RecordedLayer } from '../recorded/recorded-layer.ts';

/** One layer of the grove. */
export interface GroveLayer {
  /** The layers' roots from this one on down, top first. */
  readonly roots: readonly number[];
  readonly options: MergeOptions;
  /** Equal for layers that tell the same of the same object. */
  readonly reading: number;
}

export class GroveLayers {
  readonly #reader: LayerReader;
  readonly #directories: Directories;
  readonly #layers: GroveLayer[] = [];
  /** For each layer the index of its file system. */
  readonly fileSystems: number[] = [];
  readonly #devices: string[];
  readonly #numbers = new Map<string, number>();
  readonly #readings = new Map<string, number>();
  readonly #records = new Map<RecordedLayer, number>();

  /** `devices` are the file systems that have an index already; new ones are added. */
  constructor(reader: LayerReader, devices: string[]) {
    this.#reader = reader;
    this.#directories = reader.directories;
    this.#devices = devices;
  }

  of(layer: number): GroveLayer {
    return this.#layers[layer] as GroveLayer;
  }

  /** The number of a stack's top layer. Opens those that are new. Throws Errno. */
  add(stack: LayerStack, recorded: RecordedLayers | undefined): number {
    const options = mergeOptions(stack);
    let below = -1;
    for (const layer of shownLayers(stack, recorded).toReversed())
      below = this.#addOne(layer, options, below);
    return below;
  }

  #addOne(readable: ReadableLayer, options: MergeOptions, below: number): number {
    const { layer, dialect, owners, recorded } = readable;
    const { source } = layer;
    const record = recorded === undefined ? 0 : this.#recordNumber(recorded);
    const view = owners === undefined ? '' : JSON.stringify([owners.uids, owners.gids, owners.others]);
    const how = `${dialect} ${options.redirect} ${options.metacopy} ${view}`;
    const where = placeOf(source);
    const key = `${below} ${record} ${how}\n${where}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#directories.addLayer(source);
    this.#reader.addLayer(readable);
    const root = this.#directories.roots[number] as number;
    const roots = [root, ...(below < 0 ? [] : this.of(below).roots)];
    // A record's objects have numbers by their layer.
    const reading = this.#reading(record === 0 ? how : `${how} ${number}`);
    this.#layers[number] = { roots, options, reading };
    this.fileSystems[number] = 0;
    this.fileSystems[number] = this.#directories.fileSystemOf(root, this.#devices);
    // Only what could be opened is found again: the next who asks may have more luck.
    this.#numbers.set(key, number);
    return number;
  }

  #recordNumber(recorded: RecordedLayer): number {
    const number = this.#records.get(recorded) ?? this.#records.size + 1;
    this.#records.set(recorded, number);
    return number;
  }

  #reading(how: string): number {
    const number = this.#readings.get(how) ?? this.#readings.size;
    this.#readings.set(how, number);
    return number;
  }
}

/** One that is made anew where another was is another layer: what is known of the other is not true of it. */
function placeOf(source: LayerSource): string {
  if (source.kind === 'tar') return `tar ${source.digest ?? ''} ${source.name}`;
  return `dir ${birthOf(source.path)} ${source.path}`;
}
