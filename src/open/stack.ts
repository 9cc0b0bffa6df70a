// From a reference to the layers it means, and to their merged tree. The store is loaded only where one is needed.

import type { Layers } from '../layers/layers.ts';
import type { TarChoice } from '../layers/tars/tars.ts';
import type { RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import type { Tree } from '../overlay/tree.ts';
import type { ChainId } from '../store/digest.ts';
import type { OpenOptions } from '../store/kind.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import { chooseLayers, layerNumber, parseLayerChoice } from '../store/reference/choice.ts';
import type { Store } from '../store/store.ts';
import { asBytes, type ByteString, bytesOfText, shownBytes } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import { seesTrustedXattrs } from '../sys/privilege.ts';
import {
  archiveRoot,
  fileReferenceOf,
  type GivenReference,
  openArchiveOnce,
  orFile,
  withAbsentFile,
} from './archives.ts';
import { layersFailure } from './failure.ts';
import { mustBeWhole, mustHaveLayers } from './missing.ts';
import { openOptions } from './open-options.ts';
import { type TarReading, unpackedAs } from './tars.ts';

export interface StoreOptions extends OpenOptions {
  /** The data root, `--root`. */
  readonly root: string;
  /** Why no root was found, where none was named. */
  readonly noRoot?: Trouble;
  /** Another machine's disk, on which the root is. */
  readonly hostRoot?: string;
  /** overlayfs's own options for reading the layers, `--overlay`: lists of words. */
  readonly overlay?: readonly string[];
  /** As whom owners are shown, `--owners`: as in the container, unless it is `disk`. */
  readonly owners?: 'container' | 'disk';
  /** Additional image stores, `--additional-root`. */
  readonly additionalRoot?: readonly string[];
  /** Whose word on metadata is taken instead of the disk's, `--metadata`. */
  readonly metadata?: 'record' | 'tar-split';
  /** By whose rules layers are shown that nobody unpacked, `--unpack-as`: those of where they lie. */
  readonly unpackAs?: string;
  /** The store of the root, where it is open already. */
  readonly opened?: Store;
  /** Reads such layers. */
  readonly tars?: TarReading;
  /** Which of them; all where it is not said. */
  readonly tarChoice?: TarChoice;
  /** Told what a person should know of a stack; nobody where it is not given. */
  readonly say?: (message: string) => void;
  /** The bytes that a reference was given as, which its text may have lost; those of its text where it is not given. */
  readonly bytesOf?: (reference: string) => ByteString;
}

/** For each layer of a stack what its record says of it; undefined for one that has none. */
export type Records = readonly (RecordedLayer | undefined)[];

/** The store of the root; of a stack that is from an archive, that archive. What is wrong with it as a whole is said. Throws Trouble. */
export async function openTheStore(options: StoreOptions, stack?: LayerStack): Promise<Store> {
  if (stack?.archive !== undefined) return openArchiveOnce(stack.archive, options);
  if (options.opened !== undefined) return options.opened;
  const { openStore } = await import('../store/open.ts');
  if (options.noRoot !== undefined) throw options.noRoot;
  const archive = archiveRoot(options.root);
  if (archive !== undefined) {
    if (options.namespace === undefined) return openArchiveOnce(archive, options);
    const state = `"${shownBytes(archive)}" is an archive, and only containerd has namespaces`;
    throw new Trouble('usage', `Cannot choose namespace "${options.namespace}": ${state}`);
  }
  const { withMachine, THIS_MACHINE } = await import('../store/machine/machine.ts');
  const { root, hostRoot = THIS_MACHINE, say } = options;
  const store = withMachine(hostRoot, (machine) => openStore(root, { ...openOptions(options), machine }));
  if (say !== undefined) for (const sentence of store.older?.() ?? []) say(`Warning: ${sentence}`);
  return store;
}

const LOWERDIR = 'lowerdir=';

/** Throws Trouble where a layer of it is missing. */
export async function openStack(reference: string, options: StoreOptions): Promise<LayerStack> {
  const { stack, whole, name } = await findStack(reference, options);
  mustBeWhole(stack, whole, name);
  return prepared(stack, options);
}

/** The same for what can go on without a layer: one that is missing is marked so. */
export async function openDamagedStack(reference: string, options: StoreOptions): Promise<LayerStack> {
  return prepared((await findStack(reference, options)).stack, options);
}

/** The same of what words mean to a store. Throws Trouble. */
export async function damagedStackOf(
  store: Store,
  words: string,
  options: StoreOptions,
): Promise<LayerStack> {
  return prepared(await withShownOwners(store, store.resolve(words, 'mark'), options), options);
}

async function prepared(told: LayerStack, options: StoreOptions): Promise<LayerStack> {
  const warn = (message: string) => options.say?.(`Warning: ${message}`);
  const asked = isEmpty(options.overlay)
    ? {}
    : (await import('./overlay-words.ts')).semanticsOf(options.overlay);
  const found = asked.dialect === undefined ? await withItsMarks(told, warn) : told;
  const doubts = [...(found.doubts ?? []), ...found.layers.flatMap(({ doubt = [] }) => doubt)];
  for (const doubt of doubts) warn(`"${found.label}" is shown by what is proven without this: ${doubt}`);
  const stack = unpackedAs({ ...found, ...asked }, options.unpackAs);
  // The lowest layer has nothing below it that a mark could hide; a tar has its marks in names.
  const mayHide = stack.layers.slice(0, -1).some(({ source }) => source.kind === 'directory');
  if (stack.dialect !== 'user' && mayHide && !seesTrustedXattrs()) warnOfHiddenMarks(stack, warn);
  for (const warning of stack.warnings ?? []) warn(warning);
  return stack;
}

function isEmpty(words: readonly string[] | undefined): words is undefined {
  return words === undefined || words.length === 0;
}

/** A copy whose owners were changed looks like a rootless store; what marks its layers have says what it is. */
async function withItsMarks(stack: LayerStack, warn: (message: string) => void): Promise<LayerStack> {
  if (stack.kind === 'lowerdir' || stack.dialect !== 'user' || !seesTrustedXattrs()) return stack;
  const { findRootsMark } = await import('../layers/dialect.ts');
  const layers = stack.layers.filter(({ missing }) => missing === undefined);
  const mark = findRootsMark(
    layers.flatMap(({ source }) => (source.kind === 'directory' ? [source.path] : [])),
  );
  if (mark === undefined) return stack;
  warn(
    `the owners of "${stack.label}" are those of a rootless store, but "${shownBytes(mark)}" has a mark of root's own engine ` +
      '(trusted.overlay.*): such marks are obeyed; "--overlay userxattr" obeys user.overlay.* instead',
  );
  return { ...stack, dialect: 'trusted' };
}

/** The view may then be wrong, and nothing in it would show that. */
function warnOfHiddenMarks({ label }: LayerStack, warn: (message: string) => void): void {
  warn(
    `the view of "${label}" may show what is hidden in it: ` +
      'only root can read the marks (trusted.overlay.*) of opaque and renamed directories',
  );
}

interface FoundStack {
  readonly stack: LayerStack;
  /** That of which `stack` may be some layers, and its reference. */
  readonly whole: LayerStack;
  readonly name: string;
}

async function findStack(reference: string, options: StoreOptions): Promise<FoundStack> {
  if (!reference.startsWith(LOWERDIR)) {
    const choice = parseLayerChoice(reference);
    const name = choice?.reference ?? reference;
    const { store, words, archive } = await storeOfReference(name, options, reference);
    const find = () => store.resolve(words, 'mark');
    const found = archive === undefined ? orFile(givenAs(name, reference, options), find) : find();
    const named = archive === undefined ? found : { ...found, archive, label: name };
    const whole = await withShownOwners(store, named, options);
    return { stack: choice === undefined ? whole : chooseLayers(whole, choice), whole, name };
  }
  const { stackOfLowerdir } = await import('../store/reference/lowerdir.ts');
  const stack = stackOfLowerdir(asBytes(givenAs(reference, reference, options).bytes.slice(LOWERDIR.length)));
  return { stack, whole: stack, name: reference };
}

/** A store, and by which words it knows what a reference means. */
export interface StoreOfReference {
  readonly store: Store;
  readonly words: string;
  /** Where the reference names a file: its path. */
  readonly archive?: ByteString;
}

/** The store of the root, or the archive that a reference names. `written`: what the reference is the beginning of. Throws Trouble. */
export async function storeOfReference(
  reference: string,
  options: StoreOptions,
  written = reference,
): Promise<StoreOfReference> {
  const given = givenAs(reference, written, options);
  const file = await fileReferenceOf(given, () => isInStore(reference, options));
  if (file === undefined) {
    const store = await openTheStore(options).catch((error: unknown) => {
      throw error instanceof Trouble ? withAbsentFile(error, given) : error;
    });
    return { store, words: reference };
  }
  const { path, image } = file;
  return { store: await openArchiveOnce(path, options), words: image, archive: path };
}

/** `reference` is the beginning of what was written. */
function givenAs(
  reference: string,
  written: string,
  { bytesOf = bytesOfText }: StoreOptions,
): GivenReference {
  const bytes = bytesOf(written);
  // What chooses layers at the end is ASCII.
  return { reference, bytes: asBytes(bytes.slice(0, bytes.length - (written.length - reference.length))) };
}

async function isInStore(reference: string, options: StoreOptions): Promise<boolean> {
  try {
    (await openTheStore(options)).resolve(reference, 'mark');
    return true;
  } catch (error) {
    if (error instanceof Trouble) return false;
    throw error;
  }
}

async function withShownOwners(
  store: Store,
  stack: LayerStack,
  { owners, hostRoot }: StoreOptions,
): Promise<LayerStack> {
  if (owners === 'disk') {
    const { owners: _, ...asOnDisk } = stack;
    return asOnDisk;
  }
  if (stack.owners !== undefined || store.rootOwner(stack) === undefined) return stack;
  const { withMachine, THIS_MACHINE } = await import('../store/machine/machine.ts');
  const { readSubordinateIds } = await import('../store/machine/subordinate.ts');
  const subordinate = withMachine(hostRoot ?? THIS_MACHINE, readSubordinateIds);
  return (await import('../layers/owners.ts')).withOwners(store, stack, subordinate);
}

/**
 * The records of a stack's layers where they are tars, `--metadata` asks for them, or nothing else tells what is in them or what
 * they changed. `known` are those that were read before from the same root. Throws Trouble where there is none, or it is damaged.
 */
export async function recordsOf(
  stack: LayerStack,
  options: StoreOptions,
  known?: Map<ChainId, RecordedLayer>,
): Promise<Records | undefined> {
  const fromTars = await options.tars?.recordsOf(stack, options.root, options.tarChoice);
  if (fromTars !== undefined) return fromTars;
  const isOfObjects = stack.layers.some(({ source }) => source.kind === 'directory' && source.objects);
  if (options.metadata === undefined && stack.changesOnly !== true && !isOfObjects) return undefined;
  if (stack.kind === 'lowerdir') {
    throw new Trouble(
      'usage',
      `Cannot take metadata from "${options.metadata}": plain directories have no record`,
    );
  }
  const { recordedLayers } = await import('../layers/recorded-layers.ts');
  const records = await recordedLayers(await openTheStore(options, stack), stack, known);
  const untold = stack.layers.findIndex(
    ({ holds }, index) => holds === 'tree' && records[index] === undefined,
  );
  if (stack.changesOnly !== true || untold < 0) return records;
  const state = `layer ${layerNumber(stack, untold)} is a copy of all below it, and no record tells what it changed`;
  const other = stack.kind === 'container' ? `; "stratafs diff ${stack.label}" does` : '';
  throw new Trouble('store', `Cannot tell the layers of "${stack.label}" apart: ${state}${other}`);
}

/** The same for what asks each layer what it changed. */
export async function changesOf(
  stack: LayerStack,
  options: StoreOptions,
  known?: Map<ChainId, RecordedLayer>,
): Promise<Records | undefined> {
  const changesOnly = stack.layers.some(({ holds }) => holds === 'tree');
  return recordsOf(changesOnly ? { ...stack, changesOnly } : stack, options, known);
}

/** All layers of a stack that are there, to be closed. Throws Trouble where none is, or the top one cannot be opened. */
export async function openLayers(stack: LayerStack, recorded?: Records): Promise<Layers> {
  const { Layers } = await import('../layers/layers.ts');
  mustHaveLayers(stack);
  const layers = new Layers(stack, recorded);
  try {
    for (const root of layers.roots.slice(0, 1)) layers.rootAttributes(layers.layerOf(root));
    return layers;
  } catch (cause) {
    layers.close();
    throw layersFailure(stack.label, cause);
  }
}

/** Gives the merged tree of a reference to `read`, and closes it after. */
export async function readTree(
  reference: string,
  options: StoreOptions,
  read: (tree: Tree) => void | Promise<void>,
): Promise<void> {
  const stack = await openStack(reference, options);
  const tree = await openTree(stack, await recordsOf(stack, options));
  try {
    await read(tree);
  } finally {
    tree.close();
  }
}

/** A name that is damaged has its errno in the tree, so whoever asks for it hears of it: no log is needed. */
export async function openTree(stack: LayerStack, recorded?: Records): Promise<Tree> {
  const { Tree } = await import('../overlay/tree.ts');
  try {
    return new Tree(stack, recorded === undefined ? {} : { recorded });
  } catch (cause) {
    throw layersFailure(stack.label, cause);
  }
}
