// The history of an image or container: its layers with the steps that made them, and the steps that made none.
import type { HistoryStep } from '../store/oci.ts';
import type { LayerStack, Store } from '../store/store.ts';
import { asBytes } from '../sys/bytes.ts';
import { Errno, Trouble } from '../sys/errors.ts';
import { S_IFMT, S_IFREG } from '../sys/statx.ts';
import { countChanges, type LayerChanges } from './changes.ts';
import { walkTree } from './hidden-tree.ts';
import { attributesOf, type Layers } from './layers.ts';

/** A layer, or a step that made none. */
export interface HistoryRow {
  /** Index of the layer, 0 at the top; absent where the step made none. */
  readonly layer?: number;
  readonly step?: HistoryStep;
}

export interface History {
  /** Newest first. */
  readonly rows: readonly HistoryRow[];
  /** Why steps are missing. */
  readonly damage?: string;
}

/** `steps` oldest first. Where they are not as many as the layers, which made which is not known: the layers stand alone. */
export function historyOf({ layers }: LayerStack, steps: readonly HistoryStep[]): History {
  const own: HistoryRow[] = [];
  const image: HistoryRow[] = [];
  for (const [index, { role, history }] of layers.entries()) {
    const row = { layer: index, ...(history === undefined ? {} : { step: history }) };
    (role === 'image' ? image : own).push(row);
  }
  const made = steps.filter((step) => !step.emptyLayer).length;
  if (made !== image.length) {
    const damage =
      steps.length === 0 ? {} : { damage: `its history has ${made} steps for ${image.length} layers` };
    return { rows: [...own, ...image], ...damage };
  }
  const rest = image.toReversed();
  const rows = steps.map((step) => (step.emptyLayer ? { step } : { ...rest.shift(), step }));
  return { rows: [...own, ...rows.reverse()] };
}

/** What a layer did, and the bytes of its files; what is damaged is left out. Throws Errno where it cannot be opened. */
export function measureLayer(
  layers: Layers,
  index: number,
): { readonly changes: LayerChanges; readonly bytes: number } {
  let bytes = 0;
  const linked = new Set<bigint>();
  walkTree(layers, { path: asBytes(''), record: layers.rootOf(index) }, (_, { status }) => {
    const { mode, size, nlink, ino } = attributesOf(status);
    if ((mode & S_IFMT) !== S_IFREG || linked.has(ino)) return;
    if (nlink > 1) linked.add(ino);
    bytes += size;
  });
  return { changes: countChanges(layers, index), bytes };
}

/** The steps, or why there are none: a container outlives its image's config. */
export function stepsOrDamage(
  store: Store,
  stack: LayerStack,
): { readonly steps: readonly HistoryStep[]; readonly damage?: string } {
  try {
    return { steps: store.history(stack) };
  } catch (error) {
    if (!(error instanceof Trouble || error instanceof Errno)) throw error;
    return { steps: [], damage: error.message };
  }
}
