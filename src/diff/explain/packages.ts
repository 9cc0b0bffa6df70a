// Rolls changed paths up by the packages they belong to, and finds those that no package's change explains.
import type { Change } from '../change.ts';
import { inventoriesOf, type Manager, type PackageInventory } from '../inventory.ts';
import { type Item, isDirectoryItem, type Side, type SideName } from '../item.ts';

export interface PackageChange {
  readonly manager: Manager;
  readonly name: string;
  /** Version in A; absent where it is not installed there. */
  readonly a?: string;
  readonly b?: string;
  /** How many changed paths are its own, by what became of them. */
  readonly files: Partial<Record<Change['op'], number>>;
}

/** What there is to say about why something differs. */
export interface Explanation {
  /**
   * owned: of a package that changed; database: of what package managers keep for themselves; noise: a rule says that it means
   * nothing; suspicious: of a package that has one version in both; unexplained: none of these.
   */
  readonly kind: 'owned' | 'database' | 'noise' | 'suspicious' | 'unexplained';
  /** Whose it is, where it is a package's. */
  readonly owner?: { readonly manager: Manager; readonly name: string };
}

/** What of a change packages are asked by. */
export type ExplainableChange = Pick<Change, 'path' | 'op' | 'what' | 'noise' | 'from'> &
  Partial<Readonly<Record<SideName, Pick<Item, 'status'>>>>;

export interface PackageReport<C extends ExplainableChange = Change> {
  /** Of each change. */
  readonly explanations: ReadonlyMap<C, Explanation>;
  readonly packages: readonly PackageChange[];
  /** Of a package that has one version in both: its files should not differ. */
  readonly suspicious: readonly {
    readonly change: C;
    readonly manager: Manager;
    readonly name: string;
  }[];
  readonly unexplained: readonly C[];
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
export function explain<C extends ExplainableChange>(
  changes: readonly C[],
  sides: Readonly<Record<SideName, Side>>,
  { isFiltered }: { readonly isFiltered: boolean },
): PackageReport<C> {
  const paths = new Set(
    changes.flatMap(({ path, from }) => [path, sourceOf(path), ...(from === undefined ? [] : [from])]),
  );
  const inventories = { a: inventoriesOf(sides.a, paths), b: inventoriesOf(sides.b, paths) };
  const owners = ownersOf(inventories, paths);
  const packages = changedPackages(inventories);
  const suspicious: PackageReport<C>['suspicious'][number][] = [];
  const explanations = new Map<C, Explanation>();
  const explanationOf = explainer();
  const counts = { owned: 0, database: 0, noise: 0 };
  for (const change of changes) {
    const owner = owners.get(change.path) ?? owners.get(sourceOf(change.path));
    const manager = owner === undefined ? undefined : inventories.b[owner.inventory]?.manager;
    const changed = owner === undefined ? undefined : packages.get(`${owner.inventory} ${owner.name}`);
    if (changed !== undefined) {
      changed.files[change.op] = (changed.files[change.op] ?? 0) + 1;
      counts.owned++;
      explanations.set(change, explanationOf('owned', changed));
    } else if (change.noise !== undefined) {
      counts.noise++;
      explanations.set(change, NOISE);
    } else if (DATABASE.test(change.path)) {
      counts.database++;
      explanations.set(change, OF_DATABASE);
    } else if (owner !== undefined && manager !== undefined && isFileChange(change)) {
      suspicious.push({ change, manager, name: owner.name });
      explanations.set(change, explanationOf('suspicious', { manager, name: owner.name }));
    } else explanations.set(change, UNEXPLAINED);
  }
  for (const holder of holdersOf(changes, explanations)) {
    // What a database, a rule or a package of one version explains is counted as that.
    if (explanations.get(holder) !== UNEXPLAINED) continue;
    explanations.set(holder, HOLDER);
    counts.owned++;
  }
  const unexplained = changes.filter((change) => explanations.get(change) === UNEXPLAINED);
  const named = [...packages.values()].filter(({ files }) => !isFiltered || Object.keys(files).length > 0);
  return { explanations, packages: named, suspicious, unexplained, counts };
}

const NOISE: Explanation = { kind: 'noise' };
const OF_DATABASE: Explanation = { kind: 'database' };
const UNEXPLAINED: Explanation = { kind: 'unexplained' };
/** Of a directory that holds nothing but what packages explain. */
const HOLDER: Explanation = { kind: 'owned' };

/** Answers one object for all changes of one package. */
function explainer() {
  const known = new Map<string, Explanation>();
  return (
    kind: 'owned' | 'suspicious',
    { manager, name }: { readonly manager: Manager; readonly name: string },
  ): Explanation => {
    const key = `${kind} ${manager} ${name}`;
    const explanation = known.get(key) ?? { kind, owner: { manager, name } };
    known.set(key, explanation);
    return explanation;
  };
}

/**
 * The directories that only one side has and that hold nothing but what packages explain: not all managers list them.
 * `changes` in path order.
 */
function holdersOf<C extends ExplainableChange>(
  changes: readonly C[],
  explanations: ReadonlyMap<C, Explanation>,
): Set<C> {
  const isOwned = (change: C) => explanations.get(change)?.kind === 'owned';
  const holders = new Set<C>();
  /** Directory → whether all that changed in it is explained. */
  const within = new Map<string, boolean>();
  for (const change of changes.toReversed()) {
    const { path, op, a, b } = change;
    const only = op === 'add' ? b : op === 'remove' ? a : undefined;
    const isHolder = only !== undefined && isDirectoryItem(only) && within.get(path) === true;
    if (isHolder && !isOwned(change)) holders.add(change);
    const isExplained = (isOwned(change) || isHolder) && within.get(path) !== false;
    const parent = path.slice(0, path.lastIndexOf('/'));
    within.set(parent, isExplained && within.get(parent) !== false);
  }
  return holders;
}

function isFileChange({ op, what }: ExplainableChange): boolean {
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
