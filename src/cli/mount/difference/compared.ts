// What a comparison found for a mount of it, and how a server that has compared large trees begins anew with that alone: what V8 has
// grown to for them it would keep.
import { tmpdir } from 'node:os';
import type { LayerStack } from '../../../store/layer-stack.ts';
import { asBytes, type ByteString } from '../../../sys/bytes.ts';
import { Trouble } from '../../../sys/errors.ts';
import type { Kept } from '../../../sys/kept.ts';
import type { Selection } from '../../../whole/selection.ts';
import { readSelection, wordsOf, writeSelection } from '../../../whole/written-selection.ts';
import { KeptOutput } from '../../print/kept-output.ts';
import { beginAnew } from '../launch.ts';

/** What is shown of the sides, and what `.stratafs` tells of it. */
export interface Compared {
  readonly added: Selection;
  readonly removed: Selection;
  readonly changed: BothSelections;
  readonly renamed: BothSelections;
  /** `diff.json`, `diff.txt`. */
  readonly told: readonly [json: KeptOutput, text: KeptOutput];
  /** How many names were compared by this process. */
  readonly names?: number;
}

interface BothSelections {
  readonly a: Selection;
  readonly b: Selection;
}

/** Descriptors of what was found, of what `told` has first. */
const VARIABLE = 'STRATAFS_COMPARED';

/**
 * This process begins anew, with what was found, of which nothing is written into what is `kept`. Returns where it cannot: a server that is
 * larger than need be is better than none.
 */
export function beginAnewWith(
  { added, removed, changed, renamed, told }: Compared,
  of: string,
  kept: readonly Kept[],
): void {
  const selections = new KeptOutput(tmpdir(), kept);
  const write = (word: string) => selections.writeBytes(Buffer.from(word, 'latin1'));
  try {
    write(`${Buffer.from(of).toString('latin1')}\0`);
    for (const each of [added, removed, changed.a, changed.b, renamed.a, renamed.b])
      writeSelection(each, write);
    const descriptors = [...told, selections].map((output) => output.descriptor());
    process.env[VARIABLE] = descriptors.join();
    beginAnew(descriptors);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
  } finally {
    delete process.env[VARIABLE];
    selections.close();
  }
}

/** Whether the process that this one was before has compared; asked before anything is told twice. */
export function hasCompared(): boolean {
  const isOurs = keptByBefore().length === 3;
  // Whoever else set it meant nothing by it.
  if (!isOurs) delete process.env[VARIABLE];
  return isOurs;
}

function keptByBefore(): KeptOutput[] {
  const words = process.env[VARIABLE]?.split(',') ?? [];
  return words.flatMap((word) => (/^\d+$/.test(word) ? (KeptOutput.of(Number(word)) ?? []) : []));
}

/** What it found. Throws Trouble where the sides are not `of` what they were any more. */
export function takeCompared(of: string, label: string): Compared {
  const [json, text, selections] = keptByBefore();
  delete process.env[VARIABLE];
  if (json === undefined || text === undefined || selections === undefined)
    throw new RangeError('asked for what was compared where nothing was');
  const bytes = Buffer.alloc(selections.length);
  selections.read(0, bytes);
  selections.close();
  const words = wordsOf(bytes);
  if (words.next().value !== Buffer.from(of).toString('latin1'))
    throw new Trouble(
      'store',
      `Cannot mount "${label}": what it means changed while it was compared; try again`,
    );
  const next = () => readSelection(words);
  return {
    ...{ added: next(), removed: next(), changed: { a: next(), b: next() } },
    ...{ renamed: { a: next(), b: next() }, told: [json, text] },
  };
}

/** Which trees are meant, as text. */
export function identityOfTrees(stacks: readonly LayerStack[]): string {
  const ofLayer = ({ source }: LayerStack['layers'][number]): ByteString =>
    source.kind === 'directory' ? source.path : asBytes('');
  return JSON.stringify(stacks.map(({ kind, id, layers }) => [kind, id, layers.map(ofLayer)]));
}
