// Which of several roots of another machine's disk the references of a command line mean: the one whose stores know them.
import type { FoundRoot } from '../../store/machine/places.ts';
import { parseLayerChoice } from '../../store/reference/choice.ts';
import { meansFile } from '../../store/reference/file-reference.ts';
import { SeveralStores } from '../../store/several.ts';
import { type ByteString, bytesOfText, shownBytes, textOf } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';

/** What the words of a command line are, and which stores are asked. */
export interface MeantWords {
  readonly command: string;
  readonly words: readonly string[];
  readonly store?: string;
  readonly namespace?: string;
}

export interface MeantRoots {
  /** Where the root is on this machine, of all words, or of the first of two that are compared. */
  readonly root: string;
  /** That of the second, where it is another. */
  readonly rootB?: string;
}

/** Commands whose words are all references, and all others' only the first. */
const OF_MANY = ['verify', 'timeline', 'whose'];

/**
 * Undefined where no reference to something in a store is among the words, or where no root knows one of them. Throws Trouble where
 * more than one root knows all, or none does.
 */
export async function meantRoots(host: string, meant: MeantWords): Promise<MeantRoots | undefined> {
  const references = referencesOf(meant);
  if (references.length === 0) return undefined;
  const { findRoots, rootAt } = await import('../../store/machine/places.ts');
  const prefix = bytesOfText(rootAt(host, '/'));
  const roots = findRoots(host, () => {}).filter(({ stores }) => !(stores instanceof Trouble));
  const knows = meant.command === 'whose' ? await ownersKnow(host, roots, prefix) : storesKnow(meant);
  const known = references.map((reference) => roots.filter((root) => knows(root, reference)));
  const [first = [], second] = known;
  const all = first.filter((root) => known.every((each) => each.includes(root)));
  const [only, ...others] = all;
  if (only !== undefined && others.length === 0) return { root: asText(only) };
  if (only !== undefined) throw ambiguous(references, all, prefix);
  // Of a word that nothing knows the likeliest root is to say so.
  if (known.some((each) => each.length === 0)) return undefined;
  const [several] = references.filter((_, i) => (known[i]?.length ?? 0) > 1);
  if (several !== undefined) throw ambiguous([several], known[references.indexOf(several)] ?? [], prefix);
  const [a, b] = [first[0], second?.[0]];
  if (meant.command === 'diff' && a && b) return { root: asText(a), rootB: asText(b) };
  const places = references.map(
    (reference, i) =>
      `"${reference}" is in ${(known[i] ?? []).map((root) => rootOption(root, prefix)).join()}`,
  );
  throw new Trouble('usage', `Cannot look into several stores at once: ${places.join(', ')}`);
}

/** Those that mean something in a store. */
function referencesOf({ command, words }: MeantWords): string[] {
  const most = command === 'diff' ? 2 : OF_MANY.includes(command) ? words.length : 1;
  const told = words.slice(0, most);
  // A path may be one below a root.
  if (command === 'whose') return told;
  return told.filter((word) => !word.startsWith('lowerdir=') && !meansFile(word));
}

type Knows = (root: FoundRoot, reference: string) => boolean;

function storesKnow({ store: name, namespace }: MeantWords): Knows {
  return ({ stores }, reference) => {
    const words = parseLayerChoice(reference)?.reference ?? reference;
    const asked = stores instanceof Trouble ? [] : stores;
    return asked.some((store) => {
      if (name !== undefined && store.name !== name) return false;
      if (namespace !== undefined && store.kind !== 'containerd') return false;
      return !(attempt(() => store.resolve(words, 'mark')) instanceof Trouble);
    });
  };
}

async function ownersKnow(host: string, roots: readonly FoundRoot[], prefix: ByteString): Promise<Knows> {
  const { ownersOf } = await import('../../health/open.ts');
  const { withMachine } = await import('../../store/machine/machine.ts');
  return (root, word) => {
    const holder = holderOf(roots, bytesOfText(word), prefix);
    if (holder !== undefined) return root === holder;
    const { stores } = root;
    if (stores instanceof Trouble) return false;
    return withMachine(host, (machine) => {
      const found = attempt(() => ownersOf(new SeveralStores(stores)).of(bytesOfText(word), machine));
      return !(found instanceof Trouble);
    });
  };
}

/** The innermost root that an absolute path lies in, be it a path of the other machine or of this one. */
function holderOf(roots: readonly FoundRoot[], path: ByteString, prefix: ByteString): FoundRoot | undefined {
  if (!path.startsWith('/')) return undefined;
  const places = [prefix === '/' ? path : `${prefix}${path}`, path];
  const holders = roots.filter(({ directory }) =>
    places.some((place) => place === directory || place.startsWith(`${directory}/`)),
  );
  return holders.toSorted((a, b) => b.directory.length - a.directory.length)[0];
}

function ambiguous(references: readonly string[], roots: readonly FoundRoot[], prefix: ByteString): Trouble {
  const words = references.map((reference) => `"${reference}"`).join(' and ');
  const options = roots.map((root) => rootOption(root, prefix));
  return new Trouble(
    'reference',
    `Cannot tell what ${words} means: ${roots.length} stores of the host root have it; say which with ${options.join(' or ')}`,
  );
}

/** By a path of the other machine. */
function rootOption({ directory }: FoundRoot, prefix: ByteString): string {
  const path = prefix === '/' ? directory : directory.slice(prefix.length);
  return `"--root ${shownBytes(path as ByteString) || '/'}"`;
}

/** Paths of a command line are text; one that is not cannot be handed on. */
function asText({ directory }: FoundRoot): string {
  const text = textOf(directory);
  if (text !== undefined) return text;
  throw new Trouble('store', `Cannot use store "${shownBytes(directory)}": its path is not UTF-8`);
}
