// What newer layers hide of a layer, in words, in JSON, and as a list of what is wasted.
import type { HiddenSum, LayerSums, Sum } from '../../layers/survey/survey-sums.ts';
import type { Waste } from '../../layers/survey/waste.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { escapeBytes, escapeJson, escapeText, jsonName } from '../../told/escape.ts';
import { counted } from './count.ts';
import { humanSize } from './size.ts';
import { formatTable } from './table.ts';

/** As many layers are named as hide the most. */
const MOST_NAMED = 3;
/** Lines of waste that a person is told. */
const MOST_WASTE = 20;
const STEP_WIDTH = 45;

const HOW_WORDS = {
  whiteout: 'deleted',
  opaque: 'deleted',
  replaced: 'replaced',
  redirect: 'moved',
} as const satisfies Record<HiddenSum['how'], string>;

/** `deleted in 20, rewritten in 21 (mode only)`. */
export function hiddenWords(stack: LayerStack, { hiddenBy }: LayerSums): string {
  const words = new Set(
    hiddenBy
      .filter(({ objects }) => objects > 0)
      .map((one) => hidingWords(one, String(layerNumber(stack, one.by)))),
  );
  const named = [...words].slice(0, MOST_NAMED);
  return words.size > named.length ? `${named.join(', ')}, …` : named.join(', ');
}

/** `rewritten in 21 (mode only)`, where the layer that hides is called `21`. */
export function hidingWords(hiding: HiddenSum, layer: string): string {
  return `${verb(hiding)} in ${layer}${copiedWords(hiding)}`;
}

function verb({ how, isRewritten }: HiddenSum): string {
  return isRewritten ? 'rewritten' : HOW_WORDS[how];
}

function copiedWords({ objects, copies }: HiddenSum): string {
  if (copies.objects === 0) return '';
  if (copies.objects === objects) return ` (${changedWords(copies.changed)})`;
  return ` (${humanSize(copies.bytes)} of it as it was)`;
}

function changedWords(changed: readonly string[]): string {
  return changed.length === 0 ? 'same contents' : `${changed.join(' and ')} only`;
}

/** Fields of a layer's line; `shown` and `hidden` only where no missing layer could hide more (`isSettled`). */
export function jsonSums(
  stack: LayerStack,
  sums: LayerSums,
  { isSettled, isOnDisk }: { readonly isSettled: boolean; readonly isOnDisk: boolean },
): object {
  const { stored, shown, hidden, rest, hiddenBy } = sums;
  const json = ({ objects, bytes, allocated }: Sum) => ({
    objects,
    bytes,
    ...(isOnDisk ? { allocated } : {}),
  });
  if (!isSettled) return { stored: json(stored) };
  return {
    stored: json(stored),
    shown: json(shown),
    hidden: json(hidden),
    ...(rest.bytes === 0 ? {} : { rest: json(rest) }),
    hiddenBy: hiddenBy.map((one) => ({
      layer: layerNumber(stack, one.by),
      how: one.isRewritten ? 'rewritten' : one.how,
      ...json(one),
      ...(one.copies.objects === 0
        ? {}
        : { sameContents: { ...json(one.copies), changed: one.copies.changed } }),
    })),
  };
}

/** A table of the largest, or all as JSON lines. */
export function formatWaste(
  stack: LayerStack,
  waste: readonly Waste[],
  { json, trunc, metadata }: { readonly json?: true; readonly trunc: boolean; readonly metadata?: string },
  columns?: number,
): string {
  const isOnDisk = metadata === undefined;
  if (json) return waste.map((one) => `${escapeJson(jsonWaste(stack, one, isOnDisk))}\n`).join('');
  const worth = waste.filter(({ bytes }) => bytes > 0);
  const told = trunc ? worth.slice(0, MOST_WASTE) : worth;
  const rest = worth.slice(told.length);
  const sum = (list: readonly Waste[]) => humanSize(list.reduce((total, { bytes }) => total + bytes, 0));
  const rows = told.map((one) => [
    humanSize(one.bytes),
    String(layerNumber(stack, one.layer)),
    `${wasteWords(one)} in ${layerNumber(stack, one.by)}`,
    escapeBytes(one.path) + (one.objects === 1 ? '' : ` (${counted(one.objects, 'file')})`),
    wasteAdvice(stack, one, trunc),
  ]);
  const more = rest.length === 0 ? '' : `and ${rest.length} more, ${sum(rest)} (--no-trunc)\n`;
  const heading = ['HIDDEN', 'LAYER', 'HOW', 'PATH', 'AVOIDED BY'];
  const table = rows.length === 0 ? '' : formatTable(heading, rows, { columns });
  return `${table}${more}${sum(worth)} in all\n`;
}

/** `rewritten (mode only)`. */
export function wasteWords({ kind, changed }: Waste): string {
  return kind === 'copied' ? `rewritten (${changedWords(changed)})` : kind;
}

/** What the step that wrote it could have done, cut where a line is to be short, so that nothing was stored for nothing. */
export function wasteAdvice(stack: LayerStack, { kind, layer, changed }: Waste, trunc: boolean): string {
  const number = layerNumber(stack, layer);
  const step = stack.layers[layer]?.history?.createdBy ?? '';
  const shown = [...step.replaceAll('\t', ' ')];
  const isLong = trunc && shown.length > STEP_WIDTH;
  const words = isLong ? `${shown.slice(0, STEP_WIDTH - 1).join('')}…` : shown.join('');
  const named = `layer ${number}${step === '' ? '' : `: ${escapeText(words)}`}`;
  if (kind === 'copied') {
    const what = changed.length === 0 ? 'writing it once' : `setting ${changed.join(' and ')}`;
    return `${what} in ${named}`;
  }
  return kind === 'deleted' ? `deleting in ${named}` : `not writing in ${named}`;
}

function jsonWaste(stack: LayerStack, one: Waste, isOnDisk: boolean): object {
  const { kind, layer, by, path, objects, bytes, allocated, changed } = one;
  const stepOf = (index: number) => stack.layers[index]?.history?.createdBy;
  const [wrote, hid] = [stepOf(layer), stepOf(by)];
  return {
    t: 'waste',
    kind,
    ...jsonName('path', path),
    objects,
    bytes,
    ...(isOnDisk ? { allocated } : {}),
    layer: layerNumber(stack, layer),
    ...(wrote === undefined ? {} : { createdBy: wrote }),
    hiddenBy: { layer: layerNumber(stack, by), ...(hid === undefined ? {} : { createdBy: hid }) },
    ...(kind === 'copied' ? { changed } : {}),
  };
}
