// `stratafs inspect`: the chain of layers behind a reference, as one would find it by hand under the data root.

import type { Command } from 'commander';
import type { Layer, LayerStack } from '../../store/layer-stack.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { sourceName } from '../../store/source.ts';
import { reportMissing } from '../missing.ts';
import { escapeBytes, escapeJson, escapeText, jsonName } from '../print/escape.ts';
import { ownerWords } from '../print/owners.ts';
import { humanSize } from '../print/size.ts';
import { idFields } from '../print/status.ts';
import type { Terminal } from '../print/terminal.ts';
import { openDamagedStack, REFERENCE_WORDS, type StoreOptions } from '../stack.ts';

interface InspectOptions extends StoreOptions {
  readonly json?: true;
}

export function registerInspect(program: Command, terminal: Terminal): void {
  program
    .command('inspect')
    .summary('show the chain of layers, top first')
    .description(
      'Show each layer of REF, top first: diff ID, chain ID, cache ID, directory, size, history line.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .option('--json', 'one JSON object')
    .action(async (reference: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<InspectOptions>();
      const stack = await openDamagedStack(reference, options);
      terminal.out.write(showStack(stack, options));
      reportMissing(stack, terminal);
    });
}

/** The text of `inspect`, or its line of JSON. */
export function showStack(stack: LayerStack, options: { readonly json?: true }): string {
  return options.json ? `${escapeJson(jsonStack(stack))}\n` : describeStack(stack);
}

function jsonStack(stack: LayerStack): object {
  return {
    reference: stack.label,
    kind: stack.kind,
    ...(stack.id === undefined ? {} : { id: stack.id }),
    dialect: stack.dialect,
    ...(stack.owners === undefined ? {} : { owners: stack.owners }),
    layers: stack.layers.map((layer, index) => ({ layer: layerNumber(stack, index), ...jsonLayer(layer) })),
    ...(stack.dataLayers.length > 0 ? { dataLayers: stack.dataLayers.map(jsonLayer) } : {}),
  };
}

function jsonLayer(layer: Layer): object {
  const { source, ids: _, ...rest } = layer;
  return { ...rest, ...idFields(layer), ...jsonName(source.kind, sourceName(source)) };
}

function describeStack(stack: LayerStack): string {
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

function describeLayer(title: string, layer: Layer): string {
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
