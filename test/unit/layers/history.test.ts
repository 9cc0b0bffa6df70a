// Which step of a config made which layer, and what is told where that is not known.
import { describe, expect, it } from 'vitest';
import { historyOf } from '../../../src/layers/history.ts';
import type { Layer, LayerStack } from '../../../src/store/layer-stack.ts';
import type { HistoryStep } from '../../../src/store/oci/oci.ts';
import { asBytes } from '../../../src/sys/bytes.ts';

function stackOf(...roles: readonly Layer['role'][]): LayerStack {
  const layers = roles.map((role) => ({
    role,
    source: { kind: 'directory' as const, path: asBytes('/none') },
  }));
  return { label: 'x', kind: 'container', layers, dataLayers: [], dialect: 'trusted' };
}

function step(createdBy: string): HistoryStep {
  return { createdBy, emptyLayer: createdBy.startsWith('ENV') };
}

/** `layer step`, newest first. */
function rowsOf(stack: LayerStack, steps: readonly string[]) {
  const { rows, damage } = historyOf(stack, steps.map(step));
  return [
    ...rows.map(({ layer, step }) => `${layer ?? '-'} ${step?.createdBy ?? ''}`),
    ...(damage ? [damage] : []),
  ];
}

describe('historyOf()', () => {
  it.each([
    ['steps and layers one by one', stackOf('image', 'image'), ['ADD', 'RUN'], ['0 RUN', '1 ADD']],
    [
      'steps without a layer in their place',
      stackOf('image', 'image'),
      ['ENV a', 'ADD', 'ENV b', 'RUN', 'ENV c'],
      ['- ENV c', '0 RUN', '- ENV b', '1 ADD', '- ENV a'],
    ],
    ["a container's own layers on top", stackOf('upper', 'engine', 'image'), ['ADD'], ['0 ', '1 ', '2 ADD']],
    ['layers alone where there are no steps', stackOf('image', 'image'), [], ['0 ', '1 ']],
    [
      'layers alone where steps are missing',
      stackOf('image', 'image'),
      ['ADD', 'ENV'],
      ['0 ', '1 ', 'its history has 1 steps for 2 layers'],
    ],
    ['plain directories', stackOf('plain'), [], ['0 ']],
  ])('tells %s', (_, stack, steps, expected) => {
    expect(rowsOf(stack, steps)).toEqual(expected);
  });
});
