// The two sides of a comparison, opened: what two words mean, and their trees over one union of layers.
import type { Side } from '../../diff/item.ts';
import { LayeredSide } from '../../diff/layered.ts';
import { Union } from '../../diff/union.ts';
import { layersFailure } from '../../open/failure.ts';
import { openSide, originOf, type SideLabel } from '../../open/sides.ts';
import { UNPACKERS } from '../../open/tars.ts';
import { Errno, errnoWords, Trouble } from '../../sys/errors.ts';
import { pathArguments } from '../arguments.ts';
import { pathMessage } from '../failure.ts';
import type { DiffOptions } from './options.ts';

/** Answers the two sides; of a container alone, what it was made from and itself. */
export async function openSides(
  a: string,
  b: string | undefined,
  options: DiffOptions,
): Promise<[SideLabel, SideLabel]> {
  const second = b ?? a;
  const sideB = await openSide(second, { ...options, root: options.rootB ?? options.root });
  if (b === undefined) return [originOf(sideB, { withEngine: options.showInit !== true }), sideB];
  const sideA = await openSide(a, options);
  const [rulesA, rulesB] = [rulesOf(sideA), rulesOf(sideB)];
  if (rulesA !== '' && rulesB !== '' && rulesA !== rulesB) {
    const rules = `is unpacked by the rules of ${rulesA}, "${second}" by those of ${rulesB}`;
    options.say?.(`"${a}" ${rules}: with the same layers they may differ; "--unpack-as" has one for both`);
  }
  return [sideA, sideB];
}

/** Whose rules unpack its layers, by the words of `--unpack-as`; empty where none of them is a tar. */
function rulesOf({ stack }: SideLabel): string {
  const sources = stack?.layers.map(({ source }) => source) ?? [];
  const engines = new Set(sources.flatMap((source) => (source.kind === 'tar' ? source.engine : [])));
  return Object.keys(UNPACKERS)
    .filter((word) => engines.has(UNPACKERS[word] ?? 'moby'))
    .join(' and ');
}

/** A misspelt path would pass for one without differences. */
export async function checkPaths(
  texts: readonly string[],
  labels: readonly SideLabel[],
  sides: readonly Side[],
): Promise<void> {
  const { mayHave } = await import('../../diff/lookup.ts');
  const where = labels.map(({ reference }) => reference).join(' or ');
  for (const path of pathArguments(texts)) {
    if (sides.some((side) => mayHave(side, path))) continue;
    const state = 'no such file or directory; links on the way are not followed';
    throw new Trouble('path', pathMessage('find', path, where, state));
  }
}

export function openUnion(...given: ConstructorParameters<typeof Union>): Union {
  try {
    return new Union(...given);
  } catch (cause) {
    if (!(cause instanceof Errno)) throw cause;
    throw new Trouble('path', `Cannot open the layers: ${errnoWords(cause.errno)}`, { cause });
  }
}

export async function sideOf(label: SideLabel, union: Union, labels: readonly SideLabel[]): Promise<Side> {
  if (label.stack === undefined) {
    const { readManifest } = await import('../manifest-file.ts');
    return readManifest(label.reference);
  }
  const index = labels.filter(({ stack }) => stack !== undefined).indexOf(label);
  const place = union.stacks[index];
  if (place === undefined) throw new RangeError('a side without a stack');
  try {
    return new LayeredSide(union, place);
  } catch (cause) {
    throw layersFailure(label.reference, cause, cause instanceof Errno ? cause.message : undefined);
  }
}
