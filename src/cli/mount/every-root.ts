// `mount --all --host-root DIR`: all stores of a machine, each a directory below `stores`; where there is one alone, that one.
import { resolve } from 'node:path';
import { THIS_MACHINE } from '../../store/machine/machine.ts';
import { chooseRoot, type FoundRoot, findRoots } from '../../store/machine/places.ts';
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
  const found = wantedRoots(findRoots(host, args.say ?? (() => {})), args);
  const [only, ...others] = found;
  // Where there is none, that says so.
  if (only === undefined)
    return oneRoot({ ...args, root: chooseRoot(host, process.getuid?.() ?? 0, () => {}) });
  if (others.length === 0 && !(only.stores instanceof Trouble))
    return oneRoot({ ...args, root: pathOf(only) });
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
  return manyStacks({ label: `all stores of ${resolve(host)}`, kept, root: allOf(named), followed }, args);
}

/** Those that hold anything, or cannot be read; of `--store` those that have such a store. Throws Trouble where none has it. */
function wantedRoots(all: readonly FoundRoot[], { store: wanted }: ManyOptions): readonly FoundRoot[] {
  const used = all.filter(({ isEmpty }) => !isEmpty);
  if (wanted === undefined) return used;
  const namesOf = ({ stores }: FoundRoot) =>
    stores instanceof Trouble ? [] : stores.map(({ name }) => name);
  const having = used.filter((root) => namesOf(root).includes(wanted));
  if (having.length > 0 || used.length === 0) return having;
  const names = [...new Set(used.flatMap(namesOf))].map((name) => `"${name}"`).join(', ');
  throw new Trouble('store', `Cannot find a store "${wanted}": there is ${names}`);
}

async function openRoot(found: FoundRoot, args: ManyOptions): Promise<FollowedRoot | Trouble> {
  if (found.stores instanceof Trouble) return found.stores;
  try {
    return await FollowedRoot.open({ ...args, root: pathOf(found) }, { isAlone: false });
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
