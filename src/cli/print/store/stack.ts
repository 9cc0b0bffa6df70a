// The chain of layers behind a reference, as text or as JSON.

import type { Layer, LayerStack } from '../../../store/layer-stack.ts';
import { layerNumber } from '../../../store/reference/choice.ts';
import { sourceName } from '../../../store/source.ts';
import { escapeBytes, escapeText, jsonName } from '../../../told/escape.ts';
import { idFields, jsonId } from '../../../told/fields.ts';
import { type JsonSubject, jsonHead } from '../../json/stream.ts';
import { ownerWords } from '../owners.ts';
import { humanSize } from '../size.ts';

/** The whole answer in one object, with the fields of a header. */
export function jsonStack(stack: LayerStack, subject: JsonSubject): object {
  return {
    t: 'stack',
    ...jsonHead('inspect', subject),
    label: stack.label,
    kind: stack.kind,
    ...jsonId(stack),
    dialect: stack.dialect,
    ...(stack.owners === undefined ? {} : { owners: stack.owners }),
    layers: stack.layers.map((layer, index) => ({ layer: layerNumber(stack, index), ...jsonLayer(layer) })),
    ...(stack.dataLayers.length > 0 ? { dataLayers: stack.dataLayers.map(jsonLayer) } : {}),
  };
}

function jsonLayer(layer: Layer): object {
  const { source, ids: _, ...rest } = layer;
  return { ...rest, ids: idFields(layer), ...jsonName(source.kind, sourceName(source)) };
}

/** What `inspect` tells a person. */
export function describeStack(stack: LayerStack): string {
  const count = stack.layers.length;
  const head = [
    ['Reference', escapeText(stack.label)],
    ['Kind', stack.kind],
    ...(stack.id === undefined ? [] : [['ID', stack.id]]),
    ['Whiteouts', stack.dialect],
    ...(stack.owners === undefined ? [] : [['Owners', ownerWords(stack.owners)]]),
    ['Layers', `${count}, top first`],
  ];
  const blocks = [
    head.map(([key, value]) => `${`${key}:`.padEnd(11)}${value}\n`).join(''),
    ...stack.layers.map((layer, index) => describeLayer(`Layer ${layerNumber(stack, index)}`, layer)),
    ...stack.dataLayers.map((layer) => describeLayer('Data-only layer', layer)),
  ];
  return blocks.join('\n');
}

/** A layer under a title. */
export function describeLayer(title: string, layer: Layer): string {
  const { size, history } = layer;
  const fields: [key: string, value: string | undefined][] = [
    ['diff ID', layer.diffId],
    ['chain ID', layer.chainId],
    ...Object.entries(layer.ids ?? {}),
    [layer.source.kind, escapeBytes(sourceName(layer.source))],
    ['size', size === undefined ? undefined : `${humanSize(size)} (${size} bytes)`],
    ['created', history?.created && escapeText(history.created)],
    ['created by', history?.createdBy && escapeText(history.createdBy)],
    ['comment', history?.comment && escapeText(history.comment)],
  ];
  const lines = fields.map(([key, value]) => (value ? `  ${key.padEnd(11)} ${value}\n` : ''));
  const marks = `${layer.live ? ', live' : ''}${layer.missing ? ', missing' : ''}`;
  return `${title}, ${layer.role}${marks}\n${lines.join('')}`;
}
