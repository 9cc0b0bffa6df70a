// What a side of `stratafs diff` may be, and how it becomes something to compare: a reference, a directory, or
// an mtree file.
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { compressionOf } from '../blob/compression.ts';
import { type Identities, type SideStack, trustedIdentities, wantedTars } from '../diff/same-layers.ts';
import type { RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import type { ChainId } from '../store/digest.ts';
import type { Layer, LayerStack } from '../store/layer-stack.ts';
import { kindAtPath } from '../store/named.ts';
import { isArchiveName } from '../store/reference/file-reference.ts';
import { bytesOfText } from '../sys/bytes.ts';
import { Trouble, type TroubleKind } from '../sys/errors.ts';
import { openStack, openTheStore, type Records, recordsOf, type StoreOptions } from './stack.ts';

/** One side as a person named it. */
export interface SideLabel {
  readonly reference: string;
  readonly kind: LayerStack['kind'] | 'manifest';
  readonly stack?: LayerStack;
  /** The data root it was looked for in. */
  readonly root?: string;
}

/** Kinds of trouble with a reference that leads to nothing. */
const MISSING: readonly TroubleKind[] = ['reference', 'store'];

/** What no image's or container's name begins with. */
export function isDirectoryPath(word: string): boolean {
  return /^\.{0,2}(\/|$)/.test(word) && existsSync(word) && statSync(word).isDirectory();
}

/** An mtree file is named by a path, as a directory would be. */
export function isManifestPath(word: string): boolean {
  if (word === '-') return true;
  if (!word.includes('/') && !word.endsWith('.mtree')) return false;
  if (word.startsWith('lowerdir=')) return false;
  return existsSync(word) && !statSync(word).isDirectory() && !isArchive(word);
}

/** Whether a file is called as archives are, or begins as a tar does, or a compressed one: an mtree file is text. */
function isArchive(path: string): boolean {
  if (isArchiveName(path)) return true;
  // To open a pipe is to wait for its writer.
  if (!statSync(path).isFile()) return false;
  const buffer = Buffer.alloc(512);
  const descriptor = openSync(path, 'r');
  try {
    const start = buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, 0));
    return compressionOf(start) !== 'none' || start.includes(0);
  } finally {
    closeSync(descriptor);
  }
}

export async function openSide(word: string, options: StoreOptions): Promise<SideLabel> {
  if (isManifestPath(word)) return { reference: word, kind: 'manifest' };
  if (isDirectoryPath(word)) {
    const stack = await openStack(`lowerdir=${word.replace(/[\\:]/g, '\\$&')}`, options);
    return { reference: word, kind: stack.kind, stack: { ...stack, label: word }, root: options.root };
  }
  const stack = await openReference(word, options);
  return { reference: word, kind: stack.kind, stack, root: options.root };
}

/** Where there is no such reference, but a directory of this name, that is said too. */
async function openReference(word: string, options: StoreOptions): Promise<LayerStack> {
  try {
    return await openStack(word, options);
  } catch (error) {
    if (!(error instanceof Trouble) || !MISSING.includes(error.kind) || word.startsWith('/')) throw error;
    if (kindAtPath(bytesOfText(word)) !== 'directory') throw error;
    throw new Trouble(error.kind, `${error.message} ("./${word}" is a directory here)`, { cause: error });
  }
}

/** What a container was made from: its image, under what the engine itself put there, which is not the container's work. */
export function originOf({ reference, stack, root }: SideLabel, options: { withEngine: boolean }): SideLabel {
  if (stack === undefined || stack.kind !== 'container') {
    throw new Trouble(
      'usage',
      `Cannot compare "${reference}" alone: only a container has something it was made from`,
    );
  }
  const isLower = (role: string) => role !== 'upper' && (options.withEngine || role !== 'engine');
  const { copied, ...own } = stack;
  const below = stack.layers.filter(({ role }) => isLower(role)).map(asImage);
  const layers = copied === undefined || !options.withEngine ? below : [copied, ...below];
  const origin: LayerStack = { ...own, label: `image of ${stack.label}`, kind: 'image', layers };
  const { id: _, mountPoints: __, ...image } = origin;
  return { reference: origin.label, kind: 'image', stack: image, ...(root && { root }) };
}

/** A tree in which the engine's own work is one with the image's is the image's: nothing in it is told by its role. */
function asImage(layer: Layer): Layer {
  return layer.role === 'engine' && layer.holds === 'tree' ? { ...layer, role: 'image' } : layer;
}

/** What is believed of the layers of each side that is a stack, and which of them are the same without being in one place. */
export interface SideRecords {
  readonly records: readonly (Records | undefined)[];
  readonly identities?: Identities;
}

/**
 * What `--metadata` and `--trust-ids` ask for. Directories that are compared with something of a store are as the disk has
 * them.
 */
export async function recordsOfSides(
  labels: readonly SideLabel[],
  options: StoreOptions & { readonly trustIds?: boolean },
): Promise<SideRecords> {
  const sides = labels.flatMap(({ stack, root = options.root }) => (stack ? [{ stack, root }] : []));
  const stacks = sides.map(({ stack }) => stack);
  const hasStore = stacks.some(({ kind }) => kind !== 'lowerdir');
  const known = new Map(sides.map(({ root }) => [root, new Map<ChainId, RecordedLayer>()]));
  const identities = options.trustIds ? await trusted(sides, options) : undefined;
  const records: (Records | undefined)[] = [];
  for (const [index, { stack, root }] of sides.entries()) {
    const isPlain = stack.kind === 'lowerdir' && hasStore;
    const asked = { ...options, root, tarChoice: wantedTars(stacks, index, identities) };
    records.push(isPlain ? undefined : await recordsOf(stack, asked, known.get(root)));
  }
  return { records, ...(identities && { identities }) };
}

async function trusted(
  sides: readonly { readonly stack: LayerStack; readonly root: string }[],
  options: StoreOptions,
): Promise<Identities> {
  const opened: SideStack[] = [];
  for (const { stack, root } of sides) {
    const store = stack.kind === 'lowerdir' ? undefined : await openTheStore({ ...options, root }, stack);
    const hasRecords = options.metadata !== undefined || stack.changesOnly === true;
    opened.push({ stack, ...(store && { store }), hasRecords });
  }
  return trustedIdentities(opened);
}
