import { describe, expect, it } from 'vitest';
import type { LayerStack } from '../../../../src/store/layer-stack.ts';
import { chooseLayers, parseLayerChoice } from '../../../../src/store/reference/choice.ts';
import { sourceName } from '../../../../src/store/source.ts';
import { asBytes } from '../../../../src/sys/bytes.ts';
import { Trouble } from '../../../../src/sys/errors.ts';
import { troubleOf } from '../trouble.ts';

function stackOf(names: readonly string[]): LayerStack {
  const layers = names.map((name) => ({
    source: { kind: 'directory' as const, path: asBytes(name) },
    role: 'image' as const,
  }));
  return { label: 'all', kind: 'image', id: 'x', layers, dataLayers: [], dialect: 'trusted' };
}

const [TOP_FIRST, ONE] = [stackOf(['third', 'second', 'first']), stackOf(['only'])];

/** The reference, and the layers that are chosen, top first. */
function chosen(text: string, stack = TOP_FIRST): string {
  const choice = parseLayerChoice(text);
  if (choice === undefined) return 'all';
  const { label, layers } = chooseLayers(stack, choice);
  return `${choice.reference}: ${layers.map(({ source }) => sourceName(source)).join(' ')} (${label})`;
}

describe('parseLayerChoice() and chooseLayers()', () => {
  it.each([
    ['app:2', 'all'],
    ['sha256:0a', 'all'],
    ['#2', 'all'],
    ['^', 'all'],
    ['app#', 'all'],
    ['app#2-', 'all'],
    ['app#-2', 'all'],
    ['app:2#1', 'app:2: first (app:2#1)'],
    ['app:2#3', 'app:2: third (app:2#3)'],
    ['app:2#1-2', 'app:2: second first (app:2#1-2)'],
    ['app:2#2-3', 'app:2: third second (app:2#2-3)'],
    ['container:web#1-3', 'container:web: third second first (container:web#1-3)'],
    ['app^', 'app: second first (app^)'],
    [
      'localhost:5000/app@sha256:0a^^',
      'localhost:5000/app@sha256:0a: first (localhost:5000/app@sha256:0a^^)',
    ],
  ])('%s: %s', (text, expected) => {
    expect(chosen(text)).toBe(expected);
  });

  it.each([
    ['app#0', '3 layers, 1 the lowest'],
    ['app#4', '3 layers, 1 the lowest'],
    ['app#2-4', '3 layers, 1 the lowest'],
    ['app#3-2', '3 layers, 1 the lowest'],
    ['app#99999999999999999999', '3 layers, 1 the lowest'],
    ['app^^^', '3 layers, 1 the lowest'],
  ])('refuses %s', (text, has) => {
    expect(troubleOf(() => chosen(text))).toBe(`reference: Cannot take layers "${text}": "app" has ${has}`);
  });

  it('tells of a single layer as one', () => {
    expect(() => chosen('app^', ONE)).toThrow(
      new Trouble('reference', 'Cannot take layers "app^": "app" has 1 layer'),
    );
  });
});
