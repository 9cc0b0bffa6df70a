// How people are told of layers whose directory is not there.
import type { LayerStack } from '../store/layer-stack.ts';
import { layerNumber } from '../store/reference/choice.ts';
import { Trouble } from '../sys/errors.ts';
import type { Terminal } from './print/terminal.ts';

/** Names the layers that an answer had to do without; the exit code then says so. */
export function reportMissing(stack: LayerStack, terminal: Terminal): void {
  for (const [index, { missing }] of stack.layers.entries()) {
    if (missing === undefined) continue;
    const place = `layer ${layerNumber(stack, index)}`;
    terminal.report(
      new Trouble('store', `Cannot tell all of "${stack.label}": ${place} is missing: ${missing}`),
    );
  }
}
