// Which layers made a change, in words: one of each side with the step of the later, or for each aspect its own.
import type { Change, Subtree } from '../../../diff/change.ts';
import type { ChangeGroup } from '../../../diff/explain/groups.ts';
import { makerOf, substanceOf } from '../../../diff/explain/setters.ts';
import {
  type Aspect,
  gidOf,
  type Item,
  isDirectoryItem,
  modeOf,
  type Settable,
  type SideName,
  uidOf,
} from '../../../diff/item.ts';
import type { SideLabel } from '../../../open/sides.ts';
import type { Layer } from '../../../store/layer-stack.ts';
import type { HistoryStep } from '../../../store/oci/oci.ts';
import { layerIndexOf } from '../../../store/reference/choice.ts';
import { escapeText } from '../../../told/escape.ts';
import { octalMode } from '../../../told/fields.ts';
import { counted } from '../../print/count.ts';
import { ARROW, aspectWords, differenceWords, joinWords, leadWords, tailWords } from '../words.ts';

/** Both sides, and how many layers they share at the bottom. */
export interface LayeredSides {
  readonly a: SideLabel;
  readonly b: SideLabel;
  readonly sharedLayers: number;
}

/** What differs, and who made it so. */
export interface Segment {
  readonly words: string;
  readonly layers: string;
}

/** Characters of a step where a line has several. */
const STEP_WIDTH = 45;

/** Tells of numbers of B's layers whether they are A's as well. */
export function sharedTest({ b, sharedLayers }: LayeredSides): (layer: number) => boolean {
  const below = b.stack?.layersBelow ?? 0;
  return (layer) => layer - below <= sharedLayers;
}

/** Of one change: one where one layer made all of it, or where it stands for a tree, else one for each. A layer of A stands alone. */
export function segmentsOf(change: Change, sides: LayeredSides): Segment[] {
  const made = change.subtree === undefined ? madeBy(change, sides) : [];
  if (made.length < 2) {
    const [only] = made;
    const layers = only?.maker.startsWith('A') ? makerWords(only.maker, sides) : layersOf(change, sides);
    return [{ words: differenceWords(change), layers }];
  }
  return made.map(({ maker, aspects }, index) => {
    const words = [
      ...(index === 0 ? leadWords(change) : []),
      ...aspects.map((aspect) => settableWords(aspect, change)),
      ...(index === made.length - 1 ? tailWords(change) : []),
    ];
    return { words: joinWords(words), layers: makerWords(maker, sides) };
  });
}

/** Of changes that are told as one. */
export function groupSegments({ first, count, modes }: ChangeGroup, sides: LayeredSides): Segment[] {
  return madeBy(first, sides).map(({ maker, aspects }, index) => {
    const words = aspects.map((aspect) => {
      if (aspect === 'mode') return `mode ${modes}`;
      return aspect === 'mtime' ? 'mtime' : settableWords(aspect, first);
    });
    const names = index === 0 ? [counted(count, 'name')] : [];
    return { words: joinWords([...names, ...words]), layers: makerWords(maker, sides) };
  });
}

interface Made {
  /** `B3`; empty where it cannot be told. */
  readonly maker: string;
  readonly aspects: readonly (Settable | Aspect)[];
}

/** What differs, by the layer that made it so; of something that only B has, what a later layer set than it came with. */
export function madeBy(change: Change, sides: LayeredSides): Made[] {
  const { op, what, b, setBy } = change;
  const isShared = sharedTest(sides);
  const made = new Map<string, (Settable | Aspect)[]>();
  const add = (maker: string, aspect: Settable | Aspect) => {
    const aspects = made.get(maker);
    if (aspects === undefined) made.set(maker, [aspect]);
    else aspects.push(aspect);
  };
  if (op === 'add' && b !== undefined) {
    const origin = setBy?.b?.[substanceOf(b)];
    if (origin === undefined) return [];
    add(`B${origin}`, substanceOf(b));
    // What was so before the contents came is nothing that was done to them.
    for (const aspect of ['mode', 'uid', 'gid'] as const) {
      const layer = setBy?.b?.[aspect] ?? origin;
      if (layer > origin) add(`B${layer}`, aspect);
    }
  } else if (op === 'modify' || op === 'rename') {
    for (const aspect of what) {
      const maker = aspect === 'links' ? undefined : makerOf(change, aspect, isShared);
      add(maker === undefined ? '' : `${maker.side.toUpperCase()}${maker.layer}`, aspect);
    }
  }
  return [...made].map(([maker, aspects]) => ({ maker, aspects }));
}

/** What something only B has is like is told by its first words, but for what another layer set. */
function settableWords(aspect: Settable | Aspect, change: Change): string {
  const { op, b } = change;
  if (op !== 'add' || b === undefined) return aspect === 'type' ? '' : aspectWords(aspect, change);
  if (aspect === 'mode') return `mode ${octalMode(modeOf(b))}`;
  if (aspect === 'uid') return `uid ${uidOf(b)}`;
  return aspect === 'gid' ? `gid ${gidOf(b)}` : '';
}

/** `B21 RUN chmod -R …`. */
function makerWords(maker: string, { a, b }: LayeredSides): string {
  if (maker === '') return '';
  const step = shortStep(maker.startsWith('A') ? a : b, Number(maker.slice(1)));
  return [maker, step].filter(Boolean).join(' ');
}

/** The step that made a layer, cut; empty where it is not known. */
export function shortStep(side: SideLabel, number: number): string {
  const step = [...layerStep(layerAt(side, number))];
  return step.length > STEP_WIDTH ? `${step.slice(0, STEP_WIDTH - 1).join('')}…` : step.join('');
}

/** `A3 → B6 RUN rm -rf /x`: the layers of both sides, and the step that made the later one. */
function layersOf(change: Change, sides: LayeredSides): string {
  const { a, b, by, op, subtree } = change;
  if (op === 'remove') return by === undefined ? places('a', a, change, subtree) : `B${by.layer} ${by.how}`;
  const isTreeOfB = b !== undefined && subtree !== undefined && op !== 'type';
  const isTree = (item: Item | undefined) => item !== undefined && isDirectoryItem(item);
  const ofB = isTreeOfB || (op === 'type' && isTree(b)) ? subtree : undefined;
  const ofA = op === 'type' && isTree(a) ? subtree : undefined;
  const placeB = places('b', b, change, ofB);
  const both =
    a === undefined ? placeB : [places('a', a, change, ofA), placeB].filter(Boolean).join(` ${ARROW} `);
  // No one step made what several layers did.
  if (b === undefined || (ofB !== undefined && ofB.origins.size > 1)) return both;
  const step = layerStep(layerAt(sides.b, layerNumberOf('b', b, change, ofB)));
  return [both, step].filter(Boolean).join(' ');
}

/** The layer that set what differs, where it is one, or that an item came with. */
export function layerNumberOf(side: SideName, item: Item, change: Change, tree?: Subtree): number {
  const [origin] = tree?.origins.keys() ?? [];
  if (origin !== undefined) return origin;
  const setters = change.setBy?.[side] ?? {};
  const { op, what } = change;
  if (op === 'type') return setters.type ?? item.layer;
  if (op === 'add' || op === 'remove') return setters[substanceOf(item)] ?? item.layer;
  const layers = new Set(what.flatMap((aspect) => (aspect === 'links' ? [] : (setters[aspect] ?? []))));
  const [only] = layers;
  return only === undefined || layers.size > 1 ? item.layer : only;
}

/** `B3`, or `B2-B4,B6` for a tree whose entries come from several layers; empty for what has none. */
function places(side: SideName, item: Item | undefined, change: Change, tree: Subtree | undefined): string {
  if (item === undefined || item.layer === 0) return '';
  const letter = side.toUpperCase();
  if (tree === undefined || tree.origins.size < 2)
    return `${letter}${layerNumberOf(side, item, change, tree)}`;
  const runs: { readonly first: number; last: number }[] = [];
  for (const layer of [...tree.origins.keys()].sort((x, y) => x - y)) {
    const run = runs.at(-1);
    if (run !== undefined && run.last + 1 === layer) run.last = layer;
    else runs.push({ first: layer, last: layer });
  }
  const words = runs.map(({ first, last }) =>
    first === last ? `${letter}${first}` : `${letter}${first}-${letter}${last}`,
  );
  return words.join(',');
}

function layerAt({ stack }: SideLabel, number: number): Layer | undefined {
  return stack === undefined || number === 0 ? undefined : stack.layers[layerIndexOf(stack, number)];
}

function layerStep(layer: Layer | undefined): string {
  return layer?.role === 'upper' ? 'container' : stepWords(layer?.history);
}

/** A history step as a line of a Dockerfile. */
export function stepWords(step: HistoryStep | undefined): string {
  const text = step?.createdBy ?? step?.comment ?? '';
  const words = text
    .replace(/^\/bin\/sh -c #\(nop\)\s*/, '')
    .replace(/^\/bin\/sh -c\s+/, 'RUN ')
    .replace(/^\|\d+ /, '')
    .replace(/\s+/g, ' ')
    .trim();
  return escapeText(words);
}
