// In which dialect each layer of a view has its marks, with what holds of all of them at hand: most views have one dialect.
import type { Dialect } from '../../store/layer-stack.ts';
import type { MarkPrefix } from './marks.ts';

/** Undefined where no attribute is a mark. */
const PREFIXES: Readonly<Record<Dialect, MarkPrefix | undefined>> = {
  trusted: 'trusted.overlay.',
  aufs: 'trusted.overlay.',
  user: 'user.overlay.',
  none: undefined,
};

export class Dialects {
  hasAufs = false;
  hasNone = false;
  /** The namespace of the marks in all layers, where they have the same. */
  prefix: MarkPrefix | undefined;
  /** Whether they do not. */
  isMixed = false;
  readonly #ofLayers: Dialect[] = [];

  /** `ofLayers` by number of the layer. */
  constructor(ofLayers: readonly Dialect[]) {
    for (const dialect of ofLayers) this.add(dialect);
  }

  /** That of one layer more. */
  add(dialect: Dialect): void {
    const prefix = PREFIXES[dialect];
    if (this.#ofLayers.length === 0) this.prefix = prefix;
    this.isMixed ||= prefix !== this.prefix;
    this.hasAufs ||= dialect === 'aufs';
    this.hasNone ||= dialect === 'none';
    this.#ofLayers.push(dialect);
  }

  of(layer: number): Dialect {
    return this.#ofLayers[layer] as Dialect;
  }

  prefixOf(layer: number): MarkPrefix | undefined {
    return PREFIXES[this.of(layer)];
  }
}
