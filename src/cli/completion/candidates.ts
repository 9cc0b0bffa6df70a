// What the store has for a word that is being typed: its references, and the names in a directory of an image.

import { readTree, type StoreOptions } from '../../open/stack.ts';
import { walk } from '../../overlay/path.ts';
import type { Tree } from '../../overlay/tree.ts';
import { shortId } from '../../store/digest.ts';
import { layerNumber, parseLayerChoice } from '../../store/reference/choice.ts';
import { meansFile } from '../../store/reference/file-reference.ts';
import type { Store } from '../../store/store.ts';
import { namespacePrefix } from '../../store/summary.ts';
import { asBytes, type ByteString, bytesOfText, textOf } from '../../sys/bytes.ts';
import { attempt, Errno, Trouble } from '../../sys/errors.ts';
import { S_IFDIR, S_IFLNK } from '../../sys/statx.ts';
import { everyStore, type WholeStoreOptions } from '../examine/every-store.ts';
import { type ArchiveWords, archiveWords, fileWords } from './file-words.ts';
import type { Completion, Wanted } from './line.ts';

export interface Completions {
  readonly candidates: readonly Completion[];
  /** What the shell is to complete itself besides. */
  readonly shell?: 'files' | 'directories';
}

/** Throws what opening the store or the reference throws. */
export async function findCandidates(
  wanted: Wanted,
  text: string,
  options: WholeStoreOptions,
): Promise<Completions> {
  switch (wanted.kind) {
    case 'words':
      return { candidates: startingWith(text, wanted.words) };
    case 'file':
      return { candidates: [], shell: 'files' };
    case 'directory':
      return { candidates: [], shell: 'directories' };
    case 'reference':
      return referenceCandidates(text, options);
    case 'path':
      // Where the last path may be one of this machine, as the DEST of docker cp.
      if (wanted.orFile && /^(?:\.{1,2}\/|~)/.test(text)) return { candidates: [], shell: 'files' };
      return { candidates: startingWith(text, await paths(wanted.reference, text, options)) };
  }
}

async function referenceCandidates(text: string, options: WholeStoreOptions): Promise<Completions> {
  const archive = archiveWords(text);
  if (archive !== undefined) return { candidates: startingWith(text, await imagesOf(archive, options)) };
  const files = fileWords(text);
  if (files !== undefined) return { candidates: startingWith(text, files) };
  // An archive is a reference by its path.
  if (/^[./~]/.test(text)) return { candidates: [], shell: 'files' };
  return { candidates: startingWith(text, await references(text, options)) };
}

function startingWith(text: string, candidates: readonly Completion[]): Completion[] {
  return candidates.filter(({ word }) => word.startsWith(text) && !/[\0-\x1f\x7f]/.test(word));
}

/** What cannot be read has no candidates. */
const UNHEARD = { report() {}, note() {} };

async function imagesOf({ path, before }: ArchiveWords, options: WholeStoreOptions): Promise<Completion[]> {
  const { allRoots: _, ...others } = options;
  const [archive] = await everyStore({ ...others, root: path }, UNHEARD, { shares: true });
  // Each platform of an image has its tags.
  const tags = new Set((archive?.store.images() ?? []).flatMap((image) => image.tags));
  return [...tags].map((tag) => ({ word: before + tag, meaning: 'image' }));
}

/** Names; all else that a reference may be is offered where what is typed begins so. */
async function references(text: string, options: WholeStoreOptions): Promise<Completion[]> {
  const stores = await everyStore(options, UNHEARD, { shares: true });
  const words = stores.flatMap(({ store }) => {
    if (text.includes('#')) return layersOf(store, text);
    if (text.startsWith('snapshot:'))
      return (store.snapshotKeys?.() ?? []).map((key) => ({ word: `snapshot:${key}`, meaning: 'snapshot' }));
    const [kind = ''] = /^(?:image|container):/.exec(text) ?? [];
    return [
      ...(kind === 'container:' ? [] : imageWords(store, text.slice(kind.length))),
      ...(kind === 'image:' ? [] : containerWords(store, text.slice(kind.length))),
    ].map(({ word, meaning }) => ({ word: kind + word, meaning }));
  });
  // Several stores may have one name, and several images one digest.
  return [...new Map(words.map((each) => [each.word, each])).values()];
}

function imageWords(store: Store, text: string): Completion[] {
  return store.images().flatMap((image) => {
    const { tags, digests, id } = image;
    const [label = ''] = tags;
    const named = text.includes('@') ? digests : tags;
    return [
      ...named.map((name) => ({ word: namespacePrefix(image) + name, meaning: 'image' })),
      ...(isOfId(text, id) ? [{ word: idLike(text, id), meaning: label === '' ? 'image' : label }] : []),
    ];
  });
}

function containerWords(store: Store, text: string): Completion[] {
  return store.containers().flatMap((one) => {
    const { name, id, image } = one;
    return [
      { word: namespacePrefix(one) + name, meaning: `container of ${image}` },
      ...(isOfId(text, id) ? [{ word: idLike(text, id), meaning: `container ${name}` }] : []),
    ];
  });
}

function isOfId(text: string, id: string): boolean {
  return text !== '' && id.replace(/^sha256:/, '').startsWith(text);
}

/** The first twelve digits, or all where more are typed. */
function idLike(text: string, id: string): string {
  const short = shortId(id);
  return text.length > short.length ? id.replace(/^sha256:/, '') : short;
}

/** `REF#1` to `REF#n`, with the step that made each. */
function layersOf(store: Store, text: string): Completion[] {
  const reference = text.slice(0, text.lastIndexOf('#'));
  const stack = attempt(() => store.resolve(reference, 'mark'));
  if (stack instanceof Trouble) return [];
  return stack.layers
    .map(({ history, role }, index) => ({
      word: `${reference}#${layerNumber(stack, index)}`,
      meaning: history?.createdBy ?? role,
    }))
    .reverse();
}

/** The names in the directory that `text` is in or ends with, each behind that directory as it was typed. */
async function paths(reference: string, text: string, options: WholeStoreOptions): Promise<Completion[]> {
  const directory = text.slice(0, text.lastIndexOf('/') + 1);
  const found: Completion[] = [];
  await readTree(reference, await optionsOf(reference, options), (tree) => {
    const parent = walk(tree, asBytes(`/${bytesOfText(directory)}`), { follow: true });
    for (const entry of tree.entries(tree.nodeOf(parent))) {
      const bytes = tree.name(entry);
      const name = textOf(bytes);
      if (name === undefined) continue;
      const slash = leadsToDirectory(tree, entry, asBytes(`/${bytesOfText(directory)}${bytes}`)) ? '/' : '';
      found.push({ word: `${directory}${name}${slash}`, meaning: '' });
    }
  });
  return found;
}

/** Those of the first store that has it. */
async function optionsOf(reference: string, options: WholeStoreOptions): Promise<StoreOptions> {
  if (options.allRoots !== true || meansFile(reference) || reference.startsWith('lowerdir=')) return options;
  const stores = await everyStore(options, UNHEARD, { shares: true });
  const words = parseLayerChoice(reference)?.reference ?? reference;
  const known = stores.find(({ store }) => !(attempt(() => store.resolve(words, 'mark')) instanceof Trouble));
  return known?.options ?? options;
}

function leadsToDirectory(tree: Tree, entry: number, path: ByteString): boolean {
  if (tree.typeOf(entry) !== S_IFLNK) return tree.typeOf(entry) === S_IFDIR;
  try {
    return tree.typeOf(walk(tree, path, { follow: true })) === S_IFDIR;
  } catch (error) {
    if (error instanceof Errno) return false;
    throw error;
  }
}
