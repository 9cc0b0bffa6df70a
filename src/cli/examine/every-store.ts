// The roots that a command about whole stores tells of: the one that is named, or all that a machine has.
import { openOptions } from '../../open/open-options.ts';
import { openTheStore, type StoreOptions } from '../../open/stack.ts';
import type { Store } from '../../store/store.ts';
import { textOf } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { escapeBytes } from '../../told/escape.ts';
import { type JsonSubject, jsonRoot } from '../json/stream.ts';
import type { Terminal } from '../print/terminal.ts';

export interface WholeStoreOptions extends StoreOptions {
  /** Whether all roots of the machine are meant: none is named. */
  readonly allRoots?: true;
}

/** One root as a command about whole stores has it. */
export interface WholeStore<O extends StoreOptions> {
  readonly store: Store;
  /** By which what is in it is opened. */
  readonly options: O;
  /** Absent where it is the only one. */
  readonly mark?: RootMark;
}

/** Which of several roots. */
export interface RootMark {
  /** Where it is on this machine. */
  readonly root: string;
  /** As --root takes it, printable. */
  readonly shown: string;
}

/**
 * At least one. Of a machine's those that hold anything; what cannot be read is told. `shares`: whether the rest of a containerd whose
 * root is told of with the Docker that keeps images there is wanted by itself. `tellsDamage`: whether who asks tells of what is wrong
 * with each. Throws Trouble where there is none.
 */
export async function everyStore<O extends WholeStoreOptions>(
  given: O,
  terminal: Pick<Terminal, 'report' | 'note'>,
  { shares, tellsDamage = false }: { readonly shares: boolean; readonly tellsDamage?: boolean },
): Promise<readonly WholeStore<O>[]> {
  const options: O = tellsDamage ? { ...given, say: undefined } : given;
  if (options.allRoots !== true) return [{ store: await openTheStore(options), options }];
  const { chooseRoot, findRootsOf, restOf } = await import('../../store/machine/places.ts');
  const { narrowedRoots } = await import('../../store/machine/narrowed.ts');
  const { THIS_MACHINE } = await import('../../store/machine/machine.ts');
  const { hostRoot: host = THIS_MACHINE } = options;
  const user = process.getuid?.() ?? 0;
  const found = findRootsOf(user, host, (message) => terminal.note(message), openOptions(options));
  const wanted = narrowedRoots(found, options).filter(
    ({ isEmpty, contentOf }) => !isEmpty && (shares || contentOf === undefined),
  );
  const readable = wanted.filter(({ stores }) => !(stores instanceof Trouble));
  if (readable.length === 0) {
    const root = chooseRoot(host, user, () => {});
    return [{ store: await openTheStore({ ...options, root }), options: { ...options, root } }];
  }
  for (const { stores } of wanted) {
    if (!(stores instanceof Trouble)) continue;
    // An ordinary user has no part in the others' stores of the machine.
    if (host === THIS_MACHINE && user !== 0) terminal.note(`left out: ${stores.message}`);
    else terminal.report(stores);
  }
  const opened: WholeStore<O>[] = [];
  for (const { directory, path, contentOf } of readable) {
    const root = textOf(directory);
    // Roots are found by text.
    if (root === undefined) continue;
    const own = { ...options, ...restOf({ contentOf }), root };
    const store = await openTheStore(own);
    const mark = readable.length === 1 ? {} : { mark: { root, shown: escapeBytes(path) } };
    opened.push({ store, options: { ...own, opened: store }, ...mark });
  }
  return opened;
}

/** The root of the header; of several all, and each line has its own. */
export function jsonRoots(
  stores: readonly Pick<WholeStore<StoreOptions>, 'options'>[],
): Pick<JsonSubject, 'root' | 'roots'> {
  const [only, ...others] = stores;
  if (only !== undefined && others.length === 0) return jsonRoot(only.options);
  return { roots: stores.map(({ options }) => options.root) };
}

/** Of several roots, the one that a line is of. */
export function rootField(mark: RootMark | undefined): { readonly root?: string } {
  return mark === undefined ? {} : { root: mark.root };
}

/** The line before what is told of one of several roots. */
export function rootHeading({ store, mark }: WholeStore<StoreOptions>): string {
  return mark === undefined ? '' : `${mark.shown} (${store.description}):\n`;
}

/** One after the other; of several, what stops one is told, and the others follow. */
export async function eachStore<O extends StoreOptions>(
  stores: readonly WholeStore<O>[],
  terminal: Pick<Terminal, 'report'>,
  tell: (whole: WholeStore<O>, isFirst: boolean) => Promise<void>,
): Promise<void> {
  for (const [index, whole] of stores.entries()) {
    try {
      await tell(whole, index === 0);
    } catch (error) {
      if (stores.length === 1) throw error;
      terminal.report(error);
    }
  }
}
