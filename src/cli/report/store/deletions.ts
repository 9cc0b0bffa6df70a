// What newer layers took away, in all images and containers of a root: a deletion is told once, whoever has both layers.
import { type Deleted, deleted } from '../../../layers/deleted.ts';
import { Layers } from '../../../layers/layers.ts';
import { removalTime } from '../../../layers/removal-time.ts';
import { layersFailure } from '../../../open/failure.ts';
import type { Records } from '../../../open/stack.ts';
import { layerNumber } from '../../../store/reference/choice.ts';
import { sourceName } from '../../../store/source.ts';
import type { ByteString } from '../../../sys/bytes.ts';
import { isDirectory } from '../../../sys/file-types.ts';
import { deletedLine } from '../../examine/deleted-lines.ts';
import { layerFailure } from '../../failure.ts';
import type { Terminal } from '../../print/terminal.ts';
import { utcTime } from '../../print/time.ts';
import type { ListedStack } from './subjects.ts';

export interface Deletion {
  readonly path: ByteString;
  readonly isDirectory: boolean;
  /** Sizes of the files in it; absent of what is neither a file nor a directory. */
  readonly bytes: number;
  /** Names below a directory. */
  readonly entries: number;
  /** Numbers in the first of the users. */
  readonly layer: number;
  readonly removedIn: number;
  readonly how: string;
  /** Where the mark stands, where that is another path. */
  readonly of?: ByteString;
  /** In UTC; empty where nothing tells. */
  readonly when: string;
  /** Labels of those that have both layers. */
  readonly users: string[];
  /** As `deleted --json` has it, but for whose it is. */
  readonly line: object;
}

export class Deletions {
  readonly #all = new Map<string, Deletion>();
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Newest layers first where one path has several; stack by stack. */
  get all(): readonly Deletion[] {
    return [...this.#all.values()];
  }

  /** Throws Trouble or Errno where the layers cannot be opened. */
  add({ stack }: ListedStack, recorded: Records | undefined): void {
    const layers = new Layers(stack, recorded);
    try {
      const [root] = layers.roots;
      if (root === undefined) return;
      layers.rootAttributes(layers.layerOf(root));
      const damage = (one: Parameters<typeof layerFailure>[1]) =>
        this.#terminal.report(layerFailure(stack, one));
      deleted(layers, { damage }, (one) => this.#tell(layers, one));
    } catch (error) {
      throw layersFailure(stack.label, error);
    } finally {
      layers.close();
    }
  }

  #tell(layers: Layers, one: Deleted): void {
    const { stack } = layers;
    const { path, layer, removal, attributes, contents } = one;
    const nameOf = (index: number) => sourceName(layers.layer(index).source);
    const key = `${nameOf(layer)}\0${nameOf(removal.layer)}\0${path}`;
    const known = this.#all.get(key);
    if (known !== undefined) {
      known.users.push(stack.label);
      return;
    }
    const { created, whiteout } = removalTime(removal, stack.layers[removal.layer]);
    const [from = '', to = ''] = whiteout === undefined ? [] : [whiteout.from, whiteout.to].map(utcTime);
    this.#all.set(key, {
      path,
      isDirectory: isDirectory(attributes.mode),
      bytes: contents?.bytes ?? attributes.size,
      entries: contents?.entries ?? 0,
      layer: layerNumber(stack, layer),
      removedIn: layerNumber(stack, removal.layer),
      how: removal.how,
      ...(removal.path === path ? {} : { of: removal.path }),
      when: created ?? (from === to ? from : `${from} to ${to}`),
      users: [stack.label],
      line: deletedLine(layers, one),
    });
  }
}
