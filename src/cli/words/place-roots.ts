// The options that are roots, before a command runs: where the root is if none is named, and where on this machine the paths of another
// machine's disk are.
import type { Command } from 'commander';
import type { MeantRoots, MeantWords } from '../../open/meant-root.ts';
import { openOptions } from '../../open/open-options.ts';
import type { StoreOptions } from '../../open/stack.ts';
import { meansFile } from '../../store/reference/file-reference.ts';
import { bytesOfText, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { COMPLETE } from '../completion/complete.ts';
import { isToBeLaunched } from '../mount/launch.ts';

/** Options besides --root that are paths of the machine; `rootB` is one of a comparison. */
const OTHER_ROOTS = ['containerdRoot', 'additionalRoot', 'rootB'];

interface GlobalOptions extends Omit<StoreOptions, 'store'> {
  /** A report takes the word alone. */
  readonly store?: string | true;
}

/** Finds the root where none is named, and puts what paths of another machine's disk lead to in their place. */
export async function placeRoots(
  program: Command,
  command: Command,
  say: (message: string) => void,
): Promise<void> {
  checkNamespace(command);
  const { platform } = command.optsWithGlobals<GlobalOptions>();
  // Also where no store is asked that would refuse it.
  if (platform !== undefined) (await import('../../store/oci/manifest.ts')).parsePlatform(platform);
  const { hostRoot, root } = command.optsWithGlobals<GlobalOptions>();
  // The server finds them; to be told twice of what is wrong helps nobody.
  if (command.name() === 'stores' || (command.name() === 'mount' && isToBeLaunched(command.opts()))) return;
  const isNamed = program.getOptionValueSource('root') !== 'default';
  if (hostRoot !== undefined) await placePaths([program, command], hostRoot);
  if (isNamed) {
    if (hostRoot === undefined) return;
    const { rootAt } = await import('../../store/machine/places.ts');
    const why = program.getOptionValueSource('root') === 'env' ? 'STRATAFS_ROOT' : '--root';
    program.setOptionValue('root', rootAt(hostRoot, root, why));
  } else if (isOfWholeStores(command, hostRoot !== undefined)) program.setOptionValue('allRoots', true);
  else if (needsStore(command)) {
    const { root: found, rootB } = await rootsOfWords(command, say);
    // Only who needs a store is to hear that there is none.
    program.setOptionValue(found instanceof Trouble ? 'noRoot' : 'root', found);
    if (rootB !== undefined && command.getOptionValue('rootB') === undefined)
      command.setOptionValue('rootB', rootB);
  }
}

async function placePaths(owners: readonly Command[], hostRoot: string): Promise<void> {
  const { rootAt } = await import('../../store/machine/places.ts');
  for (const owner of owners) {
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
}

/** The roots whose stores know what the words of a command mean; where no word needs one, the likeliest of the machine. */
async function rootsOfWords(
  command: Command,
  say: (message: string) => void,
): Promise<Omit<MeantRoots, 'root'> & { readonly root: string | Trouble }> {
  const { hostRoot, store, ...options } = command.optsWithGlobals<GlobalOptions>();
  const { THIS_MACHINE } = await import('../../store/machine/machine.ts');
  const { rootsOfReferences } = await import('../../open/meant-root.ts');
  const knowsOf = command.name() === 'whose' ? (await import('./owners-know.ts')).ownersKnow : undefined;
  const meant: MeantWords = {
    command: isMountOfDifference(command) ? 'diff' : command.name(),
    words: referenceWords(command),
    options: openOptions({ ...options, ...(typeof store === 'string' ? { store } : {}) }),
    ...(knowsOf && { knowsOf }),
  };
  if (isMountOfAll(command)) return { root: await firstOfAll(process.getuid?.() ?? 0, say) };
  try {
    return await rootsOfReferences(meant, hostRoot ?? THIS_MACHINE, say);
  } catch (error) {
    // The exit code of a comparison says whether there are differences.
    if (error instanceof Trouble && meant.command === 'diff' && command.name() === 'diff')
      throw new Trouble('usage', error.message, { cause: error });
    throw error;
  }
}

/** The likeliest root of this machine; the others are named. */
async function firstOfAll(user: number, say: (message: string) => void): Promise<string | Trouble> {
  const { chooseRoot, findRootsOf } = await import('../../store/machine/places.ts');
  const { THIS_MACHINE } = await import('../../store/machine/machine.ts');
  const root = attempt(() => chooseRoot(THIS_MACHINE, user, say));
  if (root instanceof Trouble) return root;
  const others = findRootsOf(user, THIS_MACHINE, () => {}).filter(
    ({ directory, isEmpty, contentOf }) =>
      directory !== bytesOfText(root) && !isEmpty && contentOf === undefined,
  );
  const named = others.map(({ directory }) => `"${shownBytes(directory)}"`).join(', ');
  if (named !== '') say(`left out: ${named}; "stratafs --host-root / mount --all" shows all stores`);
  return root;
}

/** Commands that look for stores themselves, or need none. */
const WITHOUT_ROOT = ['completion', 'stores', 'umount'];
/** Commands that are about all of a store, whatever words follow. */
const OF_STORES = ['images', 'containers', 'df', 'doctor', COMPLETE];
/** The same, where no word follows. */
const OF_STORES_ALONE = ['du', 'report'];
/** The same with --all. */
const OF_ALL = ['verify', 'timeline'];

/** Commands that tell of whole stores: of all that there are. A mount of this machine is of the store that its user works with. */
function isOfWholeStores(command: Command, isOfOther: boolean): boolean {
  const name = command.name();
  if (OF_STORES.includes(name)) return true;
  if (OF_STORES_ALONE.includes(name)) return command.args.length === 0;
  if (name === 'mount') return isMountOfAll(command) && isOfOther;
  return OF_ALL.includes(name) && command.opts().all === true;
}

/** What all namespaces of a containerd share cannot be told of one. Throws Trouble. */
function checkNamespace(command: Command): void {
  const { namespace } = command.optsWithGlobals<GlobalOptions>();
  const name = command.name();
  const isOfAll = ['stores', 'df', 'doctor'].includes(name) || (name === 'du' && command.args.length === 0);
  if (namespace === undefined || !isOfAll) return;
  const state = 'namespaces of a containerd share layers and content; without it all of them are told';
  throw new Trouble('usage', `Cannot narrow ${name} to the namespace "${namespace}": ${state}`);
}

/** Plain directories and archives are in no store; only a comparison has two sides. */
function needsStore(command: Command): boolean {
  if (WITHOUT_ROOT.includes(command.name())) return false;
  if (isMountOfAll(command)) return true;
  if (command.name() === 'mount' && command.args.length === 0) return false;
  // A path may be one of a store.
  if (command.name() === 'whose') return true;
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

function isMountOfAll(command: Command): boolean {
  return command.name() === 'mount' && command.opts().all === true;
}

function isMountOfDifference(command: Command): boolean {
  return command.name() === 'mount' && typeof command.opts().diff === 'string';
}
