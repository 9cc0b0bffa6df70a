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
  readonly hasAufs: boolean;
  readonly hasNone: boolean;
  /** The namespace of the marks in all layers, where they have the same. */
  readonly prefix: MarkPrefix | undefined;
  /** Whether they do not. */
  readonly isMixed: boolean;
  readonly #ofLayers: readonly Dialect[];

  /** `ofLayers` by number of the layer. */
  constructor(ofLayers: readonly Dialect[]) {
    this.#ofLayers = ofLayers;
    this.hasAufs = ofLayers.includes('aufs');
    this.hasNone = ofLayers.includes('none');
    const prefixes = new Set(ofLayers.map((dialect) => PREFIXES[dialect]));
    this.isMixed = prefixes.size > 1;
    this.prefix = [...prefixes][0];
  }

  of(layer: number): Dialect {
    return this.#ofLayers[layer] as Dialect;
  }

  prefixOf(layer: number): MarkPrefix | undefined {
    return PREFIXES[this.of(layer)];
  }
}
