// `--layer N`: one layer of a stack, by the number that people see.
import type { Layers } from '../layers/layers.ts';
import { mustBeThere } from '../open/missing.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import { layerIndexOf, layerNumber } from '../store/reference/choice.ts';
import type { ByteString } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import { escapeText } from '../told/escape.ts';

/** Index of the layer, 0 at the top. Throws Trouble where there is no such layer, or its directory is missing. */
export function layerIndex(text: string, stack: LayerStack): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  const index = layerIndexOf(stack, number);
  const layer = stack.layers[index];
  if (layer !== undefined) {
    mustBeThere(layer);
    return index;
  }
  const [lowest, highest] = [layerNumber(stack, stack.layers.length - 1), layerNumber(stack, 0)];
  const range =
    lowest === highest ? `one layer, ${lowest}` : `the layers ${lowest} (the lowest) to ${highest}`;
  throw new Trouble(
    'usage',
    `Cannot use layer "${escapeText(text)}": ${escapeText(stack.label)} has ${range}`,
  );
}

export function layerPointer(number: number): string {
  return `--layer ${number}`;
}

/** What to say of a path that is not in the merged view, where a layer has it: `; layer 2 has it (--layer 2)`. */
export async function layerHint(
  layers: Layers,
  components: readonly ByteString[],
  pointer = layerPointer,
): Promise<string> {
  const { provenance } = await import('../layers/provenance.ts');
  const { layers: said, visible } = provenance(layers, components);
  if (visible) return '';
  const has = said.find(({ statements }) => statements.some(({ kind }) => kind === 'version'));
  if (has === undefined) return '';
  const number = layerNumber(layers.stack, has.layer);
  return `; layer ${number} has it (${pointer(number)})`;
}
