// `mount --all --host-root DIR`: all stores of a machine, each a directory below `stores`; where there is one alone, that one.
import { resolve } from 'node:path';
import { openOptions } from '../../open/open-options.ts';
import { THIS_MACHINE } from '../../store/machine/machine.ts';
import { narrowedRoots } from '../../store/machine/narrowed.ts';
import { chooseRoot, type FoundRoot, findRootsOf, restOf } from '../../store/machine/places.ts';
import { asBytes, type ByteString, bytesOfText, shownBytes, textOf } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { type DirectoryItem, fixedDirectory, type SceneItem } from '../../whole/item.ts';
import type { Followed } from '../../whole/whole-options.ts';
import { escapedFileName, placeAll } from './free-names.ts';
import { FollowedRoot } from './looks/followed-root.ts';
import { manyStacks } from './many.ts';
import { oneRoot } from './one-root.ts';
import type { ManyOptions, MountSubject } from './subject.ts';

interface ShownRoot {
  readonly found: FoundRoot;
  /** Why it cannot be shown, where it cannot. */
  readonly root: FollowedRoot | Trouble;
}

/** Throws Trouble where there is no store. */
export async function everyRoot({ allRoots: _, ...args }: ManyOptions): Promise<MountSubject> {
  const host = args.hostRoot ?? THIS_MACHINE;
  const found = wantedRoots(host, args);
  const [only, ...others] = found;
  // Where there is none, that says so.
  if (only === undefined)
    return oneRoot({ ...args, root: chooseRoot(host, process.getuid?.() ?? 0, () => {}) });
  if (others.length === 0 && !(only.stores instanceof Trouble))
    return oneRoot({ ...args, ...restOf(only), root: pathOf(only) });
  const shown: ShownRoot[] = [];
  for (const each of found) shown.push({ found: each, root: await openRoot(each, args) });
  const { places } = placeAll(
    shown.map((item) => ({ item, path: [nameOf(item.found)], told: [toldOf(item.found)] })),
  );
  const named = places.map(({ item, path }) => ({ root: item.root, name: path[0] as ByteString }));
  const roots = named.flatMap(({ root }) => (root instanceof Trouble ? [] : [root]));
  const followed: Followed = {
    hasNews: () => roots.some((root) => root.hasNews()),
    async look(log, { more }) {
      for (const root of roots) if (more || root.hasNews()) await root.look(log);
      return allOf(named);
    },
    get cost() {
      return roots.reduce((sum, { cost }) => sum + cost, 0);
    },
  };
  const kept = roots.flatMap((root) => root.kept);
  const onRest = () => {
    for (const root of roots) root.end();
  };
  const label = `all stores of ${resolve(host)}`;
  return manyStacks({ label, kept, root: allOf(named), followed, onRest }, args);
}

/** Those that hold anything, or cannot be read; of what `--store` and `--namespace` narrow those that have it. Throws Trouble. */
function wantedRoots(host: string, args: ManyOptions): readonly FoundRoot[] {
  const user = process.getuid?.() ?? 0;
  const found = findRootsOf(user, host, args.say ?? (() => {}), openOptions(args));
  // An ordinary user has no part in the others' stores of the machine.
  const isShown = ({ isEmpty, stores }: FoundRoot) =>
    !isEmpty && (host !== THIS_MACHINE || user === 0 || !(stores instanceof Trouble));
  return narrowedRoots(found, args).filter(isShown);
}

async function openRoot(found: FoundRoot, args: ManyOptions): Promise<FollowedRoot | Trouble> {
  if (found.stores instanceof Trouble) return found.stores;
  try {
    return await FollowedRoot.open({ ...args, ...restOf(found), root: pathOf(found) }, { isAlone: false });
  } catch (error) {
    if (error instanceof Trouble) return error;
    throw error;
  }
}

function pathOf({ directory }: FoundRoot): string {
  const path = textOf(directory);
  if (path !== undefined) return path;
  throw new Trouble('store', `Cannot use store "${shownBytes(directory)}": its path is not UTF-8`);
}

/** `docker`, `podman-alice`. */
function nameOf({ stores, user }: FoundRoot): ByteString {
  const kind = stores instanceof Trouble ? 'unreadable' : (stores[0]?.description.split(' ')[0] ?? '');
  return escapedFileName(bytesOfText(user === undefined ? kind : `${kind}-${user}`));
}

function toldOf({ directory }: FoundRoot): ByteString {
  return asBytes(directory.replace(/^\//, '').replaceAll('/', '-'));
}

function allOf(
  named: readonly { readonly root: FollowedRoot | Trouble; readonly name: ByteString }[],
): DirectoryItem {
  const stores = new Map<ByteString, SceneItem>(
    named.map(({ root, name }) => [name, root instanceof Trouble ? damaged(root) : root.latest]),
  );
  const version = [...stores].map(([name, item]) => `${name} ${item.version}`).join('\n');
  return fixedDirectory(new Map([[asBytes('stores'), fixedDirectory(stores, version)]]), version);
}

function damaged(trouble: Trouble): DirectoryItem {
  return {
    kind: 'directory',
    version: trouble.message,
    list: () => {
      throw trouble;
    },
  };
}
