// Rolls changed paths up by the packages they belong to, and finds those that no package's change explains.
import type { Change } from '../change.ts';
import { inventoriesOf, type Manager, type PackageInventory } from '../inventory.ts';
import { isDirectoryItem, type Side, type SideName } from '../item.ts';

export interface PackageChange {
  readonly manager: Manager;
  readonly name: string;
  /** Version in A; absent where it is not installed there. */
  readonly a?: string;
  readonly b?: string;
  /** How many changed paths are its own, by what became of them. */
  readonly files: Partial<Record<Change['op'], number>>;
}

export interface PackageReport {
  readonly packages: readonly PackageChange[];
  /** Of a package that has one version in both: its files should not differ. */
  readonly suspicious: readonly {
    readonly change: Change;
    readonly manager: Manager;
    readonly name: string;
  }[];
  readonly unexplained: readonly Change[];
  readonly counts: { readonly owned: number; readonly database: number; readonly noise: number };
}

/** What package managers keep for themselves. */
const DATABASE =
  /^\/(var\/lib\/(dpkg|apt)|var\/cache\/(apt|debconf)|(usr\/)?lib\/apk\/db|etc\/apk\/world|var\/log\/(apt|dpkg\.log|alternatives\.log))(\/|$)|\/node_modules\/\.package-lock\.json$/;

interface Owner {
  readonly inventory: number;
  readonly name: string;
}

/** `isFiltered` where the changes are those of some paths only: then of packages, those that have something there. */
export function explain(
  changes: readonly Change[],
  sides: Readonly<Record<SideName, Side>>,
  { isFiltered }: { readonly isFiltered: boolean },
): PackageReport {
  const paths = new Set(
    changes.flatMap(({ path, from }) => [path, sourceOf(path), ...(from === undefined ? [] : [from])]),
  );
  const inventories = { a: inventoriesOf(sides.a, paths), b: inventoriesOf(sides.b, paths) };
  const owners = ownersOf(inventories, paths);
  const packages = changedPackages(inventories);
  const suspicious: PackageReport['suspicious'][number][] = [];
  const left: Change[] = [];
  const explained = new Set<Change>();
  const counts = { owned: 0, database: 0, noise: 0 };
  for (const change of changes) {
    const owner = owners.get(change.path) ?? owners.get(sourceOf(change.path));
    const manager = owner === undefined ? undefined : inventories.b[owner.inventory]?.manager;
    const changed = owner === undefined ? undefined : packages.get(`${owner.inventory} ${owner.name}`);
    if (changed !== undefined) {
      changed.files[change.op] = (changed.files[change.op] ?? 0) + 1;
      counts.owned++;
      explained.add(change);
    } else if (change.noise !== undefined) counts.noise++;
    else if (DATABASE.test(change.path)) counts.database++;
    else if (owner !== undefined && manager !== undefined && isFileChange(change)) {
      suspicious.push({ change, manager, name: owner.name });
    } else left.push(change);
  }
  const holders = holdersOf(changes, explained);
  const unexplained = left.filter((change) => !holders.has(change));
  counts.owned += holders.size;
  const named = [...packages.values()].filter(({ files }) => !isFiltered || Object.keys(files).length > 0);
  return { packages: named, suspicious, unexplained, counts };
}

/**
 * The directories that only one side has and that hold nothing but what packages explain: not all managers list them.
 * `changes` in path order.
 */
function holdersOf(changes: readonly Change[], explained: ReadonlySet<Change>): Set<Change> {
  const holders = new Set<Change>();
  /** Directory → whether all that changed in it is explained. */
  const within = new Map<string, boolean>();
  for (const change of changes.toReversed()) {
    const { path, op, a, b } = change;
    const only = op === 'add' ? b : op === 'remove' ? a : undefined;
    const isHolder = only !== undefined && isDirectoryItem(only) && within.get(path) === true;
    if (isHolder && !explained.has(change)) holders.add(change);
    const isExplained = (explained.has(change) || isHolder) && within.get(path) !== false;
    const parent = path.slice(0, path.lastIndexOf('/'));
    within.set(parent, isExplained && within.get(parent) !== false);
  }
  return holders;
}

function isFileChange({ op, what }: Change): boolean {
  return op !== 'modify' || what.some((aspect) => aspect !== 'mtime');
}

/** Byte code belongs to whom its source belongs to. */
function sourceOf(path: string): string {
  return path.replace(/\/__pycache__\/([^/]+?)\.[^./]+(?:\.opt-\d)?\.pyc$/, '/$1.py');
}

type Inventories = Readonly<Record<SideName, readonly PackageInventory[]>>;

/** B's owner where both have one. */
function ownersOf(inventories: Inventories, paths: ReadonlySet<string>): Map<string, Owner> {
  const owners = new Map<string, Owner>();
  for (const side of ['a', 'b'] as const) {
    for (const [inventory, each] of inventories[side].entries()) {
      const found = new Map<string, string>();
      each.own(paths, found, side === 'a' ? inventories.b[inventory] : undefined);
      for (const [path, name] of found) owners.set(path, { inventory, name });
    }
  }
  return owners;
}

/** Keyed by the inventory's number and the package's name. */
function changedPackages({ a, b }: Inventories): Map<string, PackageChange> {
  const packages = new Map<string, PackageChange>();
  for (const [index, before] of a.entries()) {
    const after = b[index];
    if (after === undefined) continue;
    for (const name of [...new Set([...before.versions.keys(), ...after.versions.keys()])].sort()) {
      const [old, now] = [before.versions.get(name), after.versions.get(name)];
      if (old === now) continue;
      packages.set(`${index} ${name}`, {
        manager: before.manager,
        name,
        ...(old === undefined ? {} : { a: old }),
        ...(now === undefined ? {} : { b: now }),
        files: {},
      });
    }
  }
  return packages;
}
