// A root opened for a report: its stores, what they list, and the layers of everything listed. Nothing is walked yet.
import type { DiskUsage } from '../../../health/disk-usage.ts';
import type { StoreHealth, StoreOwners } from '../../../health/health.ts';
import { diskUsageOf, healthOf } from '../../../health/open.ts';
import { keptOf } from '../../../open/kept.ts';
import { openTheStore, type StoreOptions } from '../../../open/stack.ts';
import type { Store } from '../../../store/store.ts';
import { attempt, Trouble } from '../../../sys/errors.ts';
import type { Kept } from '../../../sys/kept.ts';
import type { Terminal } from '../../print/terminal.ts';
import { type ListedStack, listStores, type StoreList, stacksOf, storesOf } from './subjects.ts';

export interface OpenedRoot {
  readonly root: Store;
  readonly stores: readonly Store[];
  /** One for each of the stores; or why none can be examined. */
  readonly healths: readonly StoreHealth[] | Trouble;
  readonly owners: readonly StoreOwners[];
  /** To be walked and closed; or why it cannot be. */
  readonly usage: DiskUsage | Trouble;
  readonly lists: readonly StoreList[];
  readonly stacks: readonly ListedStack[];
  /** Where nothing may be written. */
  readonly kept: readonly Kept[];
}

/** What cannot be listed is told. Throws Trouble where there is no store. */
export async function openReportRoot(options: StoreOptions, terminal: Terminal): Promise<OpenedRoot> {
  const root = await openTheStore(options);
  const healths = attempt(() => healthOf(root));
  const owners = ownersOf(healths, terminal);
  const usage = attempt(() => diskUsageOf(root));
  const lists = await listStores(root, options, (store) => namespacesOf(usage, store), terminal);
  const stacks = await stacksOf(lists, options, terminal);
  const whole = { kind: 'image', label: '', layers: [], dataLayers: [], dialect: 'none' } as const;
  const kept = [
    ...keptOf(whole, options.root),
    ...owners.flatMap(({ directories }) =>
      directories.map((directory) => ({ directory, what: 'the store' })),
    ),
    ...stacks.flatMap(({ stack }) => keptOf(stack, options.root)),
  ];
  const known = new Map(kept.map((one) => [one.directory, one]));
  return { root, stores: storesOf(root), healths, owners, usage, lists, stacks, kept: [...known.values()] };
}

function ownersOf(healths: OpenedRoot['healths'], terminal: Terminal): StoreOwners[] {
  if (healths instanceof Trouble) return [];
  return healths.flatMap((health) => {
    const owners = attempt(() => health.owners());
    if (!(owners instanceof Trouble)) return [owners];
    terminal.report(owners);
    return [];
  });
}

/** Those that images and containers are in; none where the store has none. */
function namespacesOf(usage: DiskUsage | Trouble, store: Store): string[] {
  if (usage instanceof Trouble || store.totals === undefined) return [];
  const named = [...usage.images, ...usage.containers].flatMap(({ namespace }) => namespace ?? []);
  return [...new Set(named)].sort();
}
