// `mount --diff`: two trees are compared once, when they are mounted; what differs is shown as it is in them.
import type { Change, Sink } from '../../../diff/change.ts';
import { Filter } from '../../../diff/filter.ts';
import type { Side } from '../../../diff/item.ts';
import { keptOf } from '../../../open/kept.ts';
import { recordsOfSides, type SideLabel } from '../../../open/sides.ts';
import type { Records } from '../../../open/stack.ts';
import type { LayerStack } from '../../../store/layer-stack.ts';
import { asBytes, type ByteString } from '../../../sys/bytes.ts';
import { Trouble } from '../../../sys/errors.ts';
import type { Kept } from '../../../sys/kept.ts';
import { type DirectoryItem, fixedDirectory, type SceneItem } from '../../../whole/item.ts';
import type { Selection } from '../../../whole/selection.ts';
import { compare, compareSettings, storedChecksums } from '../../diff/compare.ts';
import { Gate } from '../../diff/gate.ts';
import { checkPaths, openSides, openUnion, sideOf } from '../../diff/opened.ts';
import type { DiffOptions } from '../../diff/options.ts';
import { DiffProgress } from '../../diff/progress.ts';
import { exitCode, Watch } from '../../diff/watch.ts';
import { counted } from '../../print/count.ts';
import type { KeptOutput } from '../../print/kept-output.ts';
import type { Terminal } from '../../print/terminal.ts';
import { manyStacks } from '../many.ts';
import type { DifferenceOptions, ManyOptions, MountSubject } from '../subject.ts';
import { beginAnewWith, type Compared, hasCompared, identityOfTrees, takeCompared } from './compared.ts';
import { DifferenceFiles } from './difference-files.ts';
import { Picked } from './picked.ts';

export interface DifferenceArguments extends ManyOptions, DifferenceOptions {
  readonly diff: string;
  /** Absent where one container is compared with what it was made from. */
  readonly reference?: string;
}

/** A side that can be shown. */
interface TreeLabel extends SideLabel {
  readonly stack: LayerStack;
}

type Pair = [a: TreeLabel, b: TreeLabel];
type PairRecords = readonly (Records | undefined)[];

/** A comparison of more names has grown the heap by more than a process that begins anew costs. */
const MANY_NAMES = 20_000;

/** Throws Trouble where a side is nothing that can be mounted. */
export async function difference(args: DifferenceArguments, terminal: Terminal): Promise<MountSubject> {
  const { content = 'read' } = args;
  if (args.marks === 'files') {
    const state =
      'it compares merged trees, and only one layer that is shown alone has them (REF#1, or "--layers")';
    throw new Trouble('usage', `Cannot use "--marks files" with "--diff": ${state}`);
  }
  const isAnew = hasCompared();
  const options: DiffOptions = {
    ...{ ...args, content, color: 'never', json: true },
    // The process that this was before has said it.
    ...(isAnew ? { say: () => {} } : {}),
  };
  const [a, b] = await openSides(args.diff, args.reference, options);
  const pair: Pair = [mustBeTree(a), mustBeTree(b)];
  const label = `diff ${a.reference} ${b.reference}`;
  const kept = pair.flatMap(({ stack, root = args.root }) => keptOf(stack, root));
  return {
    label,
    kept,
    async open(log) {
      const { records } = await recordsOfSides(pair, options);
      const of = identityOfTrees(pair.map(({ stack }) => stack));
      const compared = isAnew
        ? takeCompared(of, label)
        : await compareSides({ pair, records, kept }, options, terminal);
      const isLarge = compared.names !== undefined && compared.names > MANY_NAMES;
      // What was read of tars and records is not read again.
      if (isLarge && records.every((each) => each === undefined)) beginAnewWith(compared, of, kept);
      const root = rootOf(compared, pair, records, options.renames === true);
      return manyStacks({ label, kept, root, readsAhead: false }, args).open(log);
    },
  };
}

function mustBeTree(side: SideLabel): TreeLabel {
  const { stack } = side;
  if (stack !== undefined) return { ...side, stack };
  throw new Trouble('usage', `Cannot mount "${side.reference}": an mtree file has no contents to show`);
}

interface OpenedPair {
  readonly pair: Pair;
  readonly records: PairRecords;
  /** Where nothing is written. */
  readonly kept: readonly Kept[];
}

/** Throws Trouble. */
async function compareSides(
  { pair, records, kept }: OpenedPair,
  options: DiffOptions,
  terminal: Terminal,
): Promise<Compared> {
  const union = openUnion(
    pair.map(({ stack }) => stack),
    records,
  );
  try {
    const sides: [Side, Side] = [await sideOf(pair[0], union, pair), await sideOf(pair[1], union, pair)];
    if (options.path !== undefined) await checkPaths(options.path, pair, sides);
    const progress = new DiffProgress(terminal);
    const checksum = options.content === 'crc' ? await storedChecksums(pair, union, options) : undefined;
    const settings = await compareSettings('json', options, progress, checksum);
    const { sharedLayers } = union;
    const note = (message: string) => terminal.note(message);
    const files = await DifferenceFiles.open({
      labels: pair,
      sides,
      sharedLayers,
      options,
      settings,
      note,
      kept,
    });
    const gate = new Gate({ failOn: undefined, isFiltered: false });
    const watch = new Watch(files.sink, { gate, terminal, labels: pair, progress });
    const filter = settings.filter ?? new Filter();
    const hidesEngine = options.showInit !== true && hasEngine(pair);
    const picked = new Picked({
      sides: { a: sides[0], b: sides[1] },
      filter,
      isTold: ({ role }) => !hidesEngine || role !== 'engine',
      isPartial: hidesEngine || !filter.isOpen || mayChange(pair),
    });
    const summary = await compare(union, sides, pickedAlso(picked, watch), settings, options);
    progress.end();
    if (summary.errors > 0)
      note(
        `Warning: ${counted(summary.errors, 'name')} could not be compared, and are in .stratafs/diff.json alone`,
      );
    const told = files.end(summary, exitCode(summary, gate, options));
    return { ...picked.selections(), told, names: summary.cost.names };
  } finally {
    union.close();
  }
}

function hasEngine(pair: Pair): boolean {
  return pair.some(({ stack }) => stack.layers.some(({ role }) => role === 'engine'));
}

/** Of a container that runs the names are those that were compared, whatever is beside them later. */
function mayChange(pair: Pair): boolean {
  return pair.some(({ stack }) => stack.layers.some(({ live }) => live));
}

function pickedAlso(picked: Picked, sink: Sink): Sink {
  return {
    change(change: Change) {
      picked.change(change);
      sink.change(change);
    },
    error: (error) => sink.error(error),
  };
}

function rootOf(
  { added, removed, changed, renamed, told: [json, text] }: Compared,
  [a, b]: Pair,
  [recordedA, recordedB]: PairRecords,
  hasRenames: boolean,
): DirectoryItem {
  const ofA = (only: Selection) => stackItem(a.stack, recordedA, only);
  const ofB = (only: Selection) => stackItem(b.stack, recordedB, only);
  const ofBoth = (both: typeof changed) => directory({ a: ofA(both.a), b: ofB(both.b) });
  return directory({
    added: ofB(added),
    removed: ofA(removed),
    changed: ofBoth(changed),
    ...(hasRenames ? { renamed: ofBoth(renamed) } : {}),
    '.stratafs': directory({ 'diff.json': keptFile(json), 'diff.txt': keptFile(text) }),
  });
}

function stackItem(stack: LayerStack, recorded: Records | undefined, only: Selection): SceneItem {
  return { kind: 'stack', version: '', open: async () => ({ stack, recorded, only }) };
}

function keptFile(output: KeptOutput): SceneItem {
  return { kind: 'file', version: '', read: () => output };
}

function directory(items: Readonly<Record<string, SceneItem>>): DirectoryItem {
  const named = Object.entries(items).map(([name, item]): [ByteString, SceneItem] => [asBytes(name), item]);
  return fixedDirectory(new Map(named), '');
}
