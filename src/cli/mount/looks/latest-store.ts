// A store that is looked at again and again: as it was opened last, and which of what was opened of it is another by now. An image
// that is removed and pulled again has the ID that it had, but its layers are other directories.
import type { LayerStack } from '../../../store/layer-stack.ts';
import { type LayerSource, sourceName } from '../../../store/source.ts';
import type { Store } from '../../../store/store.ts';
import { birthOf } from '../../../sys/kept.ts';

/** Stacks that are looked at in one turn. */
const AT_ONCE = 20;

/** By a word that is one image's or one container's own. */
type Whose<Value> = Map<string, Value>;

export class LatestStore {
  #store: Store;
  /** Layers that were opened, by what `layerPlace` says of each, as the first who opened it found it. */
  readonly #opened: Whose<Map<string, LayerSource>> = new Map();
  readonly #generations: Whose<number> = new Map();
  #latest = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Opened at the last look. */
  get store(): Store {
    return this.#store;
  }

  /** Takes the store as it was opened anew. */
  renew(store: Store): void {
    this.#store = store;
  }

  /** Other than it was where a layer that was opened is gone, or is another directory, since the look before. */
  generationOf(whose: string): number {
    return this.#generations.get(whose) ?? 0;
  }

  /** To be told of each stack that is opened, an image's or a container's own or one that has layers of it. */
  opened(whose: string, { layers, dataLayers }: LayerStack): void {
    const places = this.#opened.get(whose) ?? new Map<string, LayerSource>();
    this.#opened.set(whose, places);
    for (const { source } of [...layers, ...dataLayers]) places.set(layerPlace(source), source);
  }

  /** Looks at what was opened, with a turn for others now and then; what is not among `listed` is forgotten. */
  async look(listed: ReadonlySet<string>): Promise<void> {
    const now = new Map<string, string>();
    const isThere = (place: string, source: LayerSource) => {
      const name = sourceName(source);
      const found = now.get(name) ?? layerPlace(source);
      now.set(name, found);
      return found === place;
    };
    for (const whose of this.#generations.keys()) if (!listed.has(whose)) this.#generations.delete(whose);
    for (const [index, [whose, places]] of [...this.#opened].entries()) {
      if (index % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
      const isListed = listed.has(whose);
      if (isListed && [...places].every(([place, source]) => isThere(place, source))) continue;
      this.#opened.delete(whose);
      if (isListed) this.#generations.set(whose, ++this.#latest);
    }
  }
}

/**
 * Where a layer is, and which directory that is: one that is made anew where another was has another time of birth, even where it
 * has the same inode number.
 */
export function layerPlace(source: LayerSource): string {
  const name = sourceName(source);
  if (source.kind === 'tar') return name;
  return `${name}\0${birthOf(source.path)}`;
}
