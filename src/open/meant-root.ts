// Which of a machine's roots references mean, of a command line or of a program: the one whose stores know them.
import type { OpenOptions } from '../store/kind.ts';
import { THIS_MACHINE } from '../store/machine/machine.ts';
import { narrowedRoots } from '../store/machine/narrowed.ts';
import { chooseRoot, type FoundRoot, findRootsOf, namedRoot } from '../store/machine/places.ts';
import { kindAtPath } from '../store/named.ts';
import { parseLayerChoice } from '../store/reference/choice.ts';
import { meansFile, parseFileReference } from '../store/reference/file-reference.ts';
import { AmbiguousReference, NoSuchReference } from '../store/reference/reference.ts';
import type { Store } from '../store/store.ts';
import { bytesOfText, shownBytes, textOf } from '../sys/bytes.ts';
import { attempt, Trouble } from '../sys/errors.ts';
import { orFile } from './archives.ts';
import { isDirectoryPath, isManifestPath } from './sides.ts';

/** What the words are, and which stores are asked. */
export interface MeantWords {
  /** Its name says which of the words are references. */
  readonly command: string;
  readonly words: readonly string[];
  readonly options: OpenOptions;
  /** Whether a root knows a word, for a command whose words mean more than references. */
  readonly knowsOf?: (host: string, roots: readonly FoundRoot[]) => Knows;
}

export interface MeantRoots {
  /** Where the root is on this machine, of all words, or of the first of two that are compared. */
  readonly root: string;
  /** That of the second, where it is another. */
  readonly rootB?: string;
}

/**
 * Where no root is named: that of the references; where no word is one, the likeliest of the machine, or why there is none. On this
 * machine the first root that knows a word is meant, on another the only one. `say` is told of what is damaged on the way. Throws
 * Trouble where more than one root is meant, or none.
 */
export async function rootsOfReferences(
  meant: MeantWords,
  host: string,
  say: (message: string) => void,
): Promise<Omit<MeantRoots, 'root'> & { readonly root: string | Trouble }> {
  const user = process.getuid?.() ?? 0;
  const isFirstMeant = host === THIS_MACHINE;
  const first = isFirstMeant ? attempt(() => chooseRoot(host, user, say)) : undefined;
  if (first instanceof Trouble || (first !== undefined && knowsAll(first, meant))) return { root: first };
  const roots = findRootsOf(user, host, first === undefined ? say : () => {}, meant.options);
  const found = roots.length > 1 ? meantRoots(host, roots, meant, { isFirstMeant }) : undefined;
  return found ?? { root: first ?? attempt(() => chooseRoot(host, user, () => {})) };
}

/** Commands whose words are all references, and all others' only the first. */
const OF_MANY = ['verify', 'timeline', 'whose'];

/** Whether a store has what a reference means; or why that cannot be told. */
type Knowledge = 'known' | Trouble;

/** The words that mean something in a store. */
function storeReferences({ command, words }: Pick<MeantWords, 'command' | 'words'>): string[] {
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
function knowsAll(path: string, meant: MeantWords): boolean {
  const { options } = meant;
  const found = attempt(() => narrowedRoots([namedRoot(THIS_MACHINE, path, '', options)], options));
  const [root] = found instanceof Trouble ? [] : found;
  if (root === undefined || root.stores instanceof Trouble) return false;
  const knows = meant.knowsOf?.(THIS_MACHINE, [root]) ?? storesKnow;
  const references = storeReferences(meant);
  return references.every((reference) => !(knows(root, reference) instanceof NoSuchReference));
}

/**
 * Undefined where no reference to something in a store is among the words. `roots` are all of the machine, of which the first that
 * knows a word is meant where `isFirstMeant`. Throws Trouble where more than one root is meant, or none.
 */
function meantRoots(
  host: string,
  found: readonly FoundRoot[],
  { command, words, options, knowsOf }: MeantWords,
  { isFirstMeant }: { readonly isFirstMeant: boolean },
): MeantRoots | undefined {
  const references = storeReferences({ command, words });
  const readable = narrowedRoots(found, options).filter(({ stores }) => !(stores instanceof Trouble));
  const roots = readable.filter(({ isEmpty }) => !isEmpty);
  const [first] = roots;
  if (references.length === 0 || first === undefined) return undefined;
  const knows = knowsOf?.(host, roots) ?? storesKnow;
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

export type Knows = (root: FoundRoot, reference: string) => Knowledge;

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
