// `--lowerdir` of inspect and whose.
import type { LayerStack } from '../../store/layer-stack.ts';
import { lowerdirLine } from '../print/store/lowerdir-line.ts';
import type { Terminal } from '../print/terminal.ts';

/** The line on the output, and what is to be known of it on the error output. Throws Trouble. */
export function writeLowerdir(stack: LayerStack, terminal: Terminal): void {
  const { word, notes } = lowerdirLine(stack);
  terminal.out.write(`${word}\n`);
  for (const note of notes) terminal.note(note);
}
