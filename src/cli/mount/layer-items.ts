// The layers of a stack side by side: each as the stack that it is alone, with what made it as text.

import { mustHaveLayers } from '../../open/missing.ts';
import { recordsOf } from '../../open/stack.ts';
import type { Layer, LayerStack } from '../../store/layer-stack.ts';
import { layerNumber, oneLayer } from '../../store/reference/choice.ts';
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import {
  type OpenStack,
  type SceneItem,
  type SceneItems,
  type StackItem,
  textFile,
} from '../../whole/item.ts';
import { describeLayer } from '../print/store/stack.ts';
import { layerPlace } from './looks/latest-store.ts';
import type { ManyOptions } from './subject.ts';

/** `1` to `n`, the lowest first, and `1.step` to `n.step`. */
export function layerItems(stack: LayerStack, args: ManyOptions): SceneItems {
  const items = new Map<ByteString, SceneItem>();
  stack.layers.forEach((layer, index) => {
    const number = layerNumber(stack, index);
    items.set(asBytes(`${number}`), layerItem(stack, index, args));
    items.set(asBytes(`${number}.step`), textFile(describeLayer(`Layer ${number}`, layer)));
  });
  return items;
}

/** One layer alone, as `REF#n` shows it. */
export function layerItem(stack: LayerStack, index: number, args: ManyOptions): StackItem {
  const version = layerPlace((stack.layers[index] as Layer).source);
  return { kind: 'stack', version, open: () => openLayer(stack, index, args) };
}

async function openLayer(whole: LayerStack, index: number, args: ManyOptions): Promise<OpenStack> {
  const alone = oneLayer(whole, index);
  mustHaveLayers(alone);
  const recorded = await recordsOf(alone, args);
  return { stack: args.marks === 'files' ? { ...alone, showsMarks: true } : alone, recorded };
}
