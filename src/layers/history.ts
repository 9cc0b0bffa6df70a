// The history of an image or container: its layers with the steps that made them, and the steps that made none.

import type { LayerStack } from '../store/layer-stack.ts';
import type { HistoryStep } from '../store/oci/oci.ts';
import type { Store } from '../store/store.ts';
import { Errno, Trouble } from '../sys/errors.ts';

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
