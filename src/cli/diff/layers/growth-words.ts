// How much more B stores than A, in words, and as a field of the JSON summary.
import type { HidingGrowth, StackGrowth, StoredBytes } from '../../../layers/survey/growth.ts';
import type { SideLabel } from '../../../open/sides.ts';
import type { LayerStack } from '../../../store/layer-stack.ts';
import { layerNumber } from '../../../store/reference/choice.ts';
import { hidingWords } from '../../print/hidden.ts';
import { growthText, humanSize } from '../../print/size.ts';
import { shortStep } from './layer-words.ts';

/** Both are stacks. */
interface BothSides {
  readonly a: SideLabel;
  readonly b: SideLabel;
}

/** As many ways of hiding are named as hide the most. */
const MOST_NAMED = 3;

/** `images 492MB → 798MB (+306MB): shown +114MB, hidden +193MB (180MB rewritten in B21 (mode only) RUN chmod …, …)`. */
export function growthWords({ a, b, hiding }: StackGrowth, sides: BothSides): string {
  const what = sides.a.kind === 'image' && sides.b.kind === 'image' ? 'images' : 'layers';
  const grown = (pick: (bytes: StoredBytes) => number) => growthText(pick(b) - pick(a));
  const sizes = `${humanSize(a.stored)} → ${humanSize(b.stored)} (${grown(({ stored }) => stored)})`;
  const why = hidingParts(hiding, sides);
  return `${what} ${sizes}: shown ${grown(({ shown }) => shown)}, hidden ${grown(({ hidden }) => hidden)}${why}`;
}

/** What is told in the same words is one; what a layer of A hid is not hidden any more. */
function hidingParts(hiding: readonly HidingGrowth[], sides: BothSides): string {
  const bytes = new Map<string, number>();
  for (const { side, hiding: one } of hiding) {
    const number = layerNumber(stackOf(sides, side), one.by);
    const words = hidingWords(one, `${side.toUpperCase()}${number}`);
    const key = [words, shortStep(sides[side], number)].filter(Boolean).join(' ');
    bytes.set(key, (bytes.get(key) ?? 0) + (side === 'a' ? -one.bytes : one.bytes));
  }
  const parts = [...bytes].sort(([, x], [, y]) => Math.abs(y) - Math.abs(x));
  if (parts.length === 0) return '';
  const named = parts.slice(0, MOST_NAMED);
  const shown = named.map(([words, sum]) => `${sum < 0 ? '-' : ''}${humanSize(Math.abs(sum))} ${words}`);
  return ` (${shown.join(', ')}${parts.length > named.length ? ', …' : ''})`;
}

/** A field of the summary. */
export function jsonGrowth(growth: StackGrowth, sides: BothSides): object {
  const { a, b, layers, hiding } = growth;
  return {
    a,
    b,
    layers: layers.map(({ side, layer, ...bytes }) => ({
      side,
      layer: layerNumber(stackOf(sides, side), layer),
      ...bytes,
    })),
    hiddenBy: hiding.map(({ side, hiding: { by, how, isRewritten, objects, bytes, copies } }) => ({
      side,
      layer: layerNumber(stackOf(sides, side), by),
      how: isRewritten ? 'rewritten' : how,
      objects,
      bytes,
      ...(copies.objects === 0 ? {} : { sameContents: { bytes: copies.bytes, changed: copies.changed } }),
    })),
  };
}

function stackOf(sides: BothSides, side: 'a' | 'b'): LayerStack {
  const { stack } = sides[side];
  if (stack === undefined) throw new RangeError('a side without layers');
  return stack;
}
