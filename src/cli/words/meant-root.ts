// Which of a machine's roots the references of a command line mean: the one whose stores know them.
import { orFile } from '../../open/archives.ts';
import { isDirectoryPath, isManifestPath } from '../../open/sides.ts';
import type { OpenOptions } from '../../store/kind.ts';
import { narrowedRoots } from '../../store/machine/narrowed.ts';
import type { FoundRoot } from '../../store/machine/places.ts';
import { kindAtPath } from '../../store/named.ts';
import { parseLayerChoice } from '../../store/reference/choice.ts';
import { meansFile, parseFileReference } from '../../store/reference/file-reference.ts';
import { AmbiguousReference, NoSuchReference } from '../../store/reference/reference.ts';
import { SeveralStores } from '../../store/several.ts';
import type { Store } from '../../store/store.ts';
import { type ByteString, bytesOfText, shownBytes, textOf } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';

/** What the words of a command line are, and which stores are asked. */
export interface MeantWords {
  readonly command: string;
  readonly words: readonly string[];
  readonly options: OpenOptions;
  readonly store?: string;
}

export interface MeantRoots {
  /** Where the root is on this machine, of all words, or of the first of two that are compared. */
  readonly root: string;
  /** That of the second, where it is another. */
  readonly rootB?: string;
}

/** Commands whose words are all references, and all others' only the first. */
const OF_MANY = ['verify', 'timeline', 'whose'];

/** Whether a store has what a reference means; or why that cannot be told. */
type Knowledge = 'known' | Trouble;

/** The words that mean something in a store. */
export function storeReferences({ command, words }: Pick<MeantWords, 'command' | 'words'>): string[] {
  const most = command === 'diff' ? 2 : OF_MANY.includes(command) ? words.length : 1;
  const told = words.slice(0, most);
  // A path may be one below a root.
  if (command === 'whose') return told;
  const isSide = (word: string) => command === 'diff' && (isManifestPath(word) || isDirectoryPath(word));
  return told.filter((word) => !word.startsWith('lowerdir=') && !namesFile(word) && !isSide(word));
}

function namesFile(word: string): boolean {
  return meansFile(word) || attempt(() => parseFileReference(bytesOfText(word), kindAtPath)) !== undefined;
}

/** Whether one root of this machine knows all of the references, so that no other need be asked. */
export async function knowsAll(
  path: string,
  { command, words, options, store }: MeantWords,
): Promise<boolean> {
  const { namedRoot } = await import('../../store/machine/places.ts');
  const { THIS_MACHINE } = await import('../../store/machine/machine.ts');
  const found = attempt(() =>
    narrowedRoots([namedRoot(THIS_MACHINE, path, '', options)], { ...options, ...(store && { store }) }),
  );
  const [root] = found instanceof Trouble ? [] : found;
  if (root === undefined || root.stores instanceof Trouble) return false;
  const knows = command === 'whose' ? await ownersKnow(THIS_MACHINE, [root]) : storesKnow;
  const references = storeReferences({ command, words });
  return references.every((reference) => !(knows(root, reference) instanceof NoSuchReference));
}

/**
 * Undefined where no reference to something in a store is among the words. `roots` are all of the machine, of which the first that
 * knows a word is meant where `isFirstMeant`. Throws Trouble where more than one root is meant, or none.
 */
export async function meantRoots(
  host: string,
  found: readonly FoundRoot[],
  { command, words, options, store }: MeantWords,
  { isFirstMeant }: { readonly isFirstMeant: boolean },
): Promise<MeantRoots | undefined> {
  const references = storeReferences({ command, words });
  const readable = narrowedRoots(found, { ...options, ...(store && { store }) }).filter(
    ({ stores }) => !(stores instanceof Trouble),
  );
  const roots = readable.filter(({ isEmpty }) => !isEmpty);
  const [first] = roots;
  if (references.length === 0 || first === undefined) return undefined;
  const knows = command === 'whose' ? await ownersKnow(host, roots) : storesKnow;
  const known = references.map((reference) => ({ reference, ...rootsKnowing(roots, reference, knows) }));
  // What nothing knows is told by the root of the others.
  const some = known.filter(({ having }) => having.length > 0);
  if (some.length === 0) throw unknown(known[0], roots);
  const all = roots.filter((root) => some.every(({ having }) => having.includes(root)));
  const [only, ...others] = all;
  if (only !== undefined && (others.length === 0 || isFirstMeant)) return { root: asText(only) };
  if (only !== undefined)
    throw ambiguous(
      some.map(({ reference }) => reference),
      all,
    );
  const several = isFirstMeant ? undefined : some.find(({ having }) => having.length > 1);
  if (several !== undefined) throw ambiguous([several.reference], several.having);
  const [a, b] = some.map(({ having }) => having[0]);
  if (command === 'diff' && a && b) return { root: asText(a), rootB: asText(b) };
  const places = some.map(({ reference, having }) => `"${reference}" is in ${having.map(rootOption).join()}`);
  throw new Trouble('usage', `Cannot look into several stores at once: ${places.join(', ')}`);
}

type Knows = (root: FoundRoot, reference: string) => Knowledge;

interface Known {
  readonly having: readonly FoundRoot[];
  readonly troubles: readonly { readonly root: FoundRoot; readonly trouble: Trouble }[];
}

/** Where none has it, but one cannot tell, that one is to say so. */
function rootsKnowing(roots: readonly FoundRoot[], reference: string, knows: Knows): Known {
  const answers = roots.map((root) => ({ root, answer: knows(root, reference) }));
  const having = answers.flatMap(({ root, answer }) => (answer === 'known' ? [root] : []));
  const troubles = answers.flatMap(({ root, answer }) =>
    answer === 'known' ? [] : [{ root, trouble: answer }],
  );
  const untold = troubles.find(({ trouble }) => !(trouble instanceof NoSuchReference));
  return { having: having.length === 0 && untold !== undefined ? [untold.root] : having, troubles };
}

const storesKnow: Knows = ({ stores }, reference) =>
  knowledgeOf(stores instanceof Trouble ? [] : stores, reference);

/** Known as well where it is more than one thing, of which the store tells. */
function knowledgeOf(stores: readonly Store[], reference: string): Knowledge {
  const choice = attempt(() => parseLayerChoice(reference));
  const words = choice instanceof Trouble ? reference : (choice?.reference ?? reference);
  const answers = stores.map((store) => attempt(() => store.resolve(words, 'mark')));
  const troubles = answers.filter((answer) => answer instanceof Trouble);
  const isKnown =
    troubles.length < answers.length || troubles.some((one) => one instanceof AmbiguousReference);
  if (isKnown) return 'known';
  return (
    troubles.find((trouble) => !(trouble instanceof NoSuchReference)) ??
    troubles.find((trouble) => trouble instanceof NoSuchReference && trouble.hasHint) ??
    troubles[0] ??
    new NoSuchReference(`Cannot find "${words}": there is no store`, false)
  );
}

async function ownersKnow(host: string, roots: readonly FoundRoot[]): Promise<Knows> {
  const { ownersOf } = await import('../../health/open.ts');
  const { withMachine } = await import('../../store/machine/machine.ts');
  return (root, word) => {
    const nowhere = new NoSuchReference(
      `Cannot find whose "${word}" is: nothing has this name, ID or path`,
      false,
    );
    const holder = holderOf(roots, bytesOfText(word));
    if (holder !== undefined) return root === holder ? 'known' : nowhere;
    const { stores } = root;
    if (stores instanceof Trouble) return nowhere;
    return withMachine(host, (machine) => {
      const answer = attempt(() => ownersOf(new SeveralStores(stores)).of(bytesOfText(word), machine));
      if (!(answer instanceof Trouble)) return 'known';
      return new NoSuchReference(answer.message, answer.message.includes('did you mean'));
    });
  };
}

/** The innermost root that an absolute path lies in, be it a path of the other machine or of this one. */
function holderOf(roots: readonly FoundRoot[], word: ByteString): FoundRoot | undefined {
  if (!word.startsWith('/')) return undefined;
  const holders = roots.filter((root) =>
    [root.path, root.directory].some((place) => word === place || word.startsWith(`${place}/`)),
  );
  return holders.toSorted((a, b) => b.directory.length - a.directory.length)[0];
}

function ambiguous(references: readonly string[], roots: readonly FoundRoot[]): Trouble {
  const words = references.map((reference) => `"${reference}"`).join(' and ');
  const which = roots.map(rootOption).join(' or ');
  const state = `${roots.length} stores of the host root have it`;
  return new AmbiguousReference(`Cannot tell what ${words} means: ${state}; say which with ${which}`);
}

/** The one root that knows a name that is near says so; else that none of them has it. Throws what a file of the name says. */
function unknown(
  { reference = '', troubles = [] }: Partial<Known> & { reference?: string } = {},
  roots: readonly FoundRoot[],
): Trouble {
  const told = troubles.find(({ trouble }) => trouble instanceof NoSuchReference && trouble.hasHint);
  const [only, ...others] = roots;
  const where = told !== undefined && others.length > 0 ? ` (${rootOption(told.root)})` : '';
  const several = `Cannot find "${reference}": no such image or container in ${roots.map(shownRoot).join(', ')}`;
  const message =
    told !== undefined
      ? `${told.trouble.message}${where}`
      : others.length > 0
        ? several
        : (troubles.find(({ root }) => root === only)?.trouble.message ?? several);
  const given = { reference, bytes: bytesOfText(reference) };
  const answer = attempt(() =>
    orFile(given, () => {
      throw new NoSuchReference(message, told !== undefined);
    }),
  );
  return answer;
}

function shownRoot({ path }: FoundRoot): string {
  return `"${shownBytes(path)}"`;
}

/** By a path of the machine whose it is. */
function rootOption({ path }: FoundRoot): string {
  return `"--root ${shownBytes(path)}"`;
}

/** Paths of a command line are text; one that is not cannot be handed on. */
function asText({ directory }: FoundRoot): string {
  const text = textOf(directory);
  if (text !== undefined) return text;
  throw new Trouble('store', `Cannot use store "${shownBytes(directory)}": its path is not UTF-8`);
}
