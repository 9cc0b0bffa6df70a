// As whom the owners of a stack are shown, where its containers ran in a user namespace: the numbers inside by those on disk. No
// file of a store says it; it follows from what the layers' tars say of files whose owners the disk shows.

import type { LayerClaims } from '../store/claims.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import { remappedMap, rootlessMap, type SubordinateIds } from '../store/machine/subordinate.ts';
import type { IdRange, OwnerIds, OwnerView } from '../store/owner.ts';
import type { Store } from '../store/store.ts';
import { attempt, Errno, Trouble } from '../sys/errors.ts';
import { TarDamage, type TarEntry } from '../tar/entry.ts';
import { cleanPath } from '../tar/path.ts';
import { readTarSplit } from '../tar/tar-split.ts';
import { LayerFiles } from './layer-files.ts';

/** As many as a namespace is given, where nothing says how many there are. */
const USUAL_SIZE = 65536;
/** `useradd` sets none aside below (SUB_UID_MIN is 100000), and 65536 is the lowest that userns-remap has been seen with. */
const LOWEST_SUBORDINATE = 65536;

/**
 * The same stack, with its owners as the container's users see them; as it is where no user namespace was used. `subordinate` is
 * what the machine of the store sets aside, where that is known: it is taken where it agrees with what the store tells.
 */
export async function withOwners(
  store: Store,
  stack: LayerStack,
  subordinate: SubordinateIds | undefined,
): Promise<LayerStack> {
  const known = store.rootOwner(stack);
  if (stack.owners !== undefined || known === undefined) return stack;
  const { owner, isOneRange } = known;
  const told = isOneRange ? oneRange(owner) : ((await learn(store, stack, owner)) ?? rootAlone(owner));
  const owners = subordinate === undefined ? told : completed(told, subordinate, known);
  return { ...stack, owners };
}

/** With userns-remap, all numbers are moved by as much. */
function oneRange({ uid, gid }: OwnerIds): OwnerView {
  const range = (outside: number): IdRange[] => [{ inside: 0, outside, size: USUAL_SIZE }];
  return {
    uids: range(uid),
    gids: range(gid),
    others: 'nobody',
    source: 'the owner of what the engine made itself',
  };
}

/** A user's containers have that user as root, whatever else is mapped. */
function rootAlone({ uid, gid }: OwnerIds): OwnerView {
  const root = (outside: number): IdRange[] => [{ inside: 0, outside, size: 1 }];
  return { uids: root(uid), gids: root(gid), others: 'nobody', source: 'the owner of the store' };
}

/** With the ranges of the machine, where they agree with what the store tells and say more. */
function completed(
  view: OwnerView,
  subordinate: SubordinateIds,
  { owner, isOneRange }: { readonly owner: OwnerIds; readonly isOneRange: boolean },
): OwnerView {
  const uids = isOneRange
    ? remappedMap(owner.uid, subordinate.uids)
    : rootlessMap(owner.uid, owner.uid, subordinate.uids);
  const gids = isOneRange
    ? remappedMap(owner.gid, subordinate.gids)
    : rootlessMap(owner.gid, owner.uid, subordinate.gids);
  const agrees = contradictsNone(view.uids, uids) && contradictsNone(view.gids, gids);
  const least = isOneRange ? 1 : 2;
  if (!agrees || uids.length < least || gids.length < least) return view;
  return { uids, gids, others: 'nobody', source: `${view.source}, and ${subordinate.source}` };
}

/** Whether the first number of each range is the same in the other map. */
function contradictsNone(learnt: readonly IdRange[], map: readonly IdRange[]): boolean {
  return learnt.every(({ inside, outside }) =>
    map.some(
      (range) =>
        inside - range.inside === outside - range.outside &&
        inside - range.inside < range.size &&
        inside >= range.inside,
    ),
  );
}

/** What was found of one kind of number: inside → on disk. */
type Pairs = Map<number, number>;

class Enough extends Error {}

/** Undefined where no layer has a record that names another owner than root. */
async function learn(store: Store, stack: LayerStack, root: OwnerIds): Promise<OwnerView | undefined> {
  const reference = `${stack.kind}:${stack.id}`;
  const claims = attempt(() => [...store.claims(reference)]);
  // Not the stack's own layers: where a driver has full trees, those of the image are not among them.
  const layers = claims instanceof Trouble ? [] : claims.flatMap(({ chains }) => chains.flat());
  for (const layer of layers) {
    const uids: Pairs = new Map();
    const gids: Pairs = new Map();
    await gather(layer, root, uids, gids);
    if (uids.size === 0 && gids.size === 0) continue;
    const source = `its tar (${layer.diffId.slice(0, 19)}) against the disk`;
    return {
      uids: rangesOf(uids, root.uid, gids),
      gids: rangesOf(gids, root.gid, uids),
      others: 'nobody',
      source,
    };
  }
  return undefined;
}

/** Pairs of a layer. Nothing where it has no record, or none that can be read: what that means is for `verify` to say. */
async function gather(
  { layer, record }: LayerClaims,
  root: OwnerIds,
  uids: Pairs,
  gids: Pairs,
): Promise<void> {
  if (layer?.source.kind !== 'directory' || record?.form !== 'tar-split') return;
  const files = new LayerFiles(layer.source.path, 'trusted');
  try {
    const file = record.open();
    try {
      const entry = (found: TarEntry) => note(found, files, root, uids, gids);
      await readTarSplit(file.readNext, { raw() {}, entry });
    } finally {
      file.close();
    }
  } catch (error) {
    const isExpected =
      error instanceof Enough ||
      error instanceof Trouble ||
      error instanceof Errno ||
      error instanceof TarDamage;
    if (!isExpected) throw error;
  } finally {
    files.close();
  }
}

/** More owners than this are in no image whose map two of them would not tell. */
const ENOUGH_OWNERS = 16;

function note(
  { name, uid, gid }: TarEntry,
  files: LayerFiles,
  root: OwnerIds,
  uids: Pairs,
  gids: Pairs,
): void {
  const isNew = (number: number, pairs: Pairs) => number !== 0 && !pairs.has(number);
  if (!isNew(uid, uids) && !isNew(gid, gids)) return;
  const path = cleanPath(name);
  const status = path === undefined ? undefined : files.status(path);
  if (status === undefined) return;
  const pair = (number: number, found: number, pairs: Pairs, own: number) => {
    // Where owners could not be given, all files are root's.
    if (isNew(number, pairs) && found !== own && found >= LOWEST_SUBORDINATE) pairs.set(number, found);
  };
  pair(uid, status.uid, uids, root.uid);
  pair(gid, status.gid, gids, root.gid);
  if (uids.size >= ENOUGH_OWNERS && gids.size >= ENOUGH_OWNERS) throw new Enough();
}

/** Root, then a range for each row of numbers that are moved by as much; `others` stands in where nothing was found. */
function rangesOf(found: Pairs, root: number, others: Pairs): IdRange[] {
  const pairs = [...(found.size > 0 ? found : others)].sort(([a], [b]) => a - b);
  const ranges: IdRange[] = [{ inside: 0, outside: root, size: 1 }];
  for (const [inside, outside] of pairs) {
    const last = ranges.at(-1);
    if (last !== undefined && ranges.length > 1 && outside - inside === last.outside - last.inside) continue;
    // The row of the first begins at 1.
    const before = ranges.length === 1 ? inside - 1 : 0;
    ranges.push({ inside: inside - before, outside: outside - before, size: USUAL_SIZE });
  }
  return ranges;
}
