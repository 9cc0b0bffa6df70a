// The options that are roots, before a command runs: where the root is if none is named, and where on this machine the paths of another
// machine's disk are.
import type { Command } from 'commander';
import { meansFile } from '../../store/reference/file-reference.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { MeantRoots } from './meant-root.ts';

/** Options besides --root that are paths of the machine; `rootB` is one of a comparison. */
const OTHER_ROOTS = ['containerdRoot', 'additionalRoot', 'rootB'];

/** Finds the root where none is named, and puts what paths of another machine's disk lead to in their place. */
export async function placeRoots(
  program: Command,
  command: Command,
  say: (message: string) => void,
): Promise<void> {
  const { hostRoot, root } = program.opts<{ readonly hostRoot?: string; readonly root: string }>();
  const isNamed = program.getOptionValueSource('root') !== 'default';
  if (hostRoot !== undefined) {
    if (command.name() === 'stores') return;
    const { chooseRoot, rootAt } = await import('../../store/machine/places.ts');
    const meant = isNamed ? undefined : await rootsOfWords(hostRoot, command);
    if (isNamed) program.setOptionValue('root', rootAt(hostRoot, root));
    else if (isMountOfAll(command)) program.setOptionValue('allRoots', true);
    else program.setOptionValue('root', meant?.root ?? chooseRoot(hostRoot, process.getuid?.() ?? 0, say));
    for (const owner of [program, command]) {
      for (const option of OTHER_ROOTS) {
        const path: unknown = owner.getOptionValue(option);
        if (typeof path === 'string') owner.setOptionValue(option, rootAt(hostRoot, path));
        else if (Array.isArray(path))
          owner.setOptionValue(
            option,
            path.map((one: string) => rootAt(hostRoot, one)),
          );
      }
    }
    if (meant?.rootB !== undefined && command.getOptionValue('rootB') === undefined)
      command.setOptionValue('rootB', meant.rootB);
  } else if (!isNamed && needsStore(command)) {
    const { chooseRoot } = await import('../../store/machine/places.ts');
    const { THIS_MACHINE } = await import('../../store/machine/machine.ts');
    const found = attempt(() => chooseRoot(THIS_MACHINE, process.getuid?.() ?? 0, say));
    // Only who needs a store is to hear that there is none.
    program.setOptionValue(found instanceof Trouble ? 'noRoot' : 'root', found);
  }
}

/** The root of another machine whose store knows what the words of a command mean. */
async function rootsOfWords(hostRoot: string, command: Command): Promise<MeantRoots | undefined> {
  const words = referenceWords(command);
  if (WITHOUT_ROOT.includes(command.name()) || isMountOfAll(command) || words.length === 0) return undefined;
  const { meantRoots } = await import('./meant-root.ts');
  const { store, namespace } = command.optsWithGlobals<{ store?: unknown; namespace?: string }>();
  return meantRoots(hostRoot, {
    ...{ command: isMountOfDifference(command) ? 'diff' : command.name(), words },
    ...(typeof store === 'string' ? { store } : {}),
    ...(namespace === undefined ? {} : { namespace }),
  });
}

/** Commands that look for stores themselves, or need none. */
const WITHOUT_ROOT = ['completion', 'stores', 'umount'];

/** Plain directories and archives are in no store; only a comparison has two sides. */
function needsStore(command: Command): boolean {
  if (WITHOUT_ROOT.includes(command.name())) return false;
  if (isMountOfAll(command)) return true;
  if (command.name() === 'mount' && command.args.length === 0) return false;
  const compares = command.name() === 'diff' || isMountOfDifference(command);
  const sides = referenceWords(command).slice(0, compares ? 2 : 1);
  return sides.length === 0 || sides.some((side) => !side.startsWith('lowerdir=') && !meansFile(side));
}

/** The first are references; of sides that are compared, those without a root of their own. */
function referenceWords(command: Command): readonly string[] {
  const { diff, rootB } = command.opts<{ diff: string; rootB?: string }>();
  const words = isMountOfDifference(command) ? [diff, ...command.args.slice(0, -1)] : command.args;
  return rootB === undefined ? words : words.slice(0, 1);
}

function isMountOfDifference(command: Command): boolean {
  return command.name() === 'mount' && typeof command.opts().diff === 'string';
}

function isMountOfAll(command: Command): boolean {
  return command.name() === 'mount' && command.opts().all === true;
}
