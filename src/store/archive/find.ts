// Which image of an archive is meant: by a name, by a tag alone where the archive has no more, by an ID or a digest or the
// beginning of one, or as skopeo counts the images of a file (`@0`); without any word the only one.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type ImageId, shortId } from '../digest.ts';
import { ambiguous } from '../reference/candidates.ts';
import { hintAmong } from '../reference/near.ts';
import { familiarName, NoSuchReference, parseReference } from '../reference/reference.ts';
import type { ArchivedImages, ListedImage } from './images.ts';

export interface FoundImage {
  readonly listed: ListedImage;
  /** How a person would name it. */
  readonly name: string;
}

const COUNTED = /^@(\d{1,6})$/;
const MOST_NAMED = 10;

/** `words` may be empty. Throws Trouble where nothing, or more than one thing, is meant. */
export function findImage(images: ArchivedImages, words: string): FoundImage {
  const { path } = images.contents.pack;
  if (images.listed.length === 0)
    throw new NoSuchReference(`Cannot find an image in "${shownBytes(path)}": it has none`, false);
  if (words === '') return theOnly(images);
  const counted = COUNTED.exec(words);
  if (counted !== null) return byPlace(images, Number(counted[1]), words);
  const plain = words.replace(/^@/, '');
  const reference = attempt(() => parseReference(plain));
  const kind = reference instanceof Trouble ? 'either' : reference.kind;
  const meant = reference instanceof Trouble ? plain : reference.words;
  const found =
    kind === 'container' ? [] : (firstOf([() => byName(images, meant), () => byDigest(images, meant)]) ?? []);
  if (found.length > 0) return only(words, found);
  if (reference instanceof Trouble) throw reference;
  const names = { images: images.listed.flatMap(({ names: all }) => all), containers: [] };
  const near = hintAmong(reference, names);
  const state = kind === 'container' ? 'an archive has no containers' : 'no such image';
  const has = near === '' ? `; ${contentsWords(images)}` : near;
  throw new NoSuchReference(`Cannot find "${words}" in "${shownBytes(path)}": ${state}${has}`, near !== '');
}

function firstOf(ways: readonly (() => FoundImage[])[]): FoundImage[] | undefined {
  for (const way of ways) {
    const found = way();
    if (found.length > 0) return found;
  }
  return undefined;
}

/** Of several platforms of one name the one that is meant. */
function theOnly(images: ArchivedImages): FoundImage {
  const meant = images.listed.filter(({ found }) => found.some(({ isMeant }) => isMeant));
  const [listed, ...others] = meant;
  if (listed !== undefined && others.length === 0) return named(listed);
  const path = shownBytes(images.contents.pack.path);
  throw new Trouble(
    'reference',
    `Cannot tell which image of "${path}" is meant: ${contentsWords(images)}; write one behind the file and a colon`,
  );
}

function byPlace(images: ArchivedImages, place: number, words: string): FoundImage {
  const source = images.bySource[place];
  const id = source?.find(({ isMeant }) => isMeant)?.id;
  const listed = images.listed.find((one) => one.id === id);
  if (listed !== undefined) return named(listed);
  const path = shownBytes(images.contents.pack.path);
  const count = images.bySource.length;
  throw new NoSuchReference(
    `Cannot find "${words}" in "${path}": it has ${count} images, counted from 0`,
    true,
  );
}

function byName(images: ArchivedImages, words: string): FoundImage[] {
  const familiar = familiarName(words);
  const at = words.indexOf('@');
  const isIt = (word: string) => word === words || (familiar !== undefined && word === familiar);
  const byNames = idsWhere(images, ({ names }) => names.some(isIt));
  // `name@sha256:…` means what the digest says, where the archive has that name.
  if (at > 0) {
    const digest = byDigest(images, words.slice(at + 1));
    const repository = familiar?.slice(0, familiar.indexOf('@'));
    const has = images.listed.flatMap(({ names }) => names).some((name) => name.startsWith(`${repository}:`));
    return has ? digest : [];
  }
  const ids = byNames.size > 0 ? byNames : idsWhere(images, ({ aliases }) => aliases.includes(words));
  return [...ids]
    .flatMap((id) => listedOf(images, id))
    .map((listed) => ({ listed, name: familiar ?? words }));
}

function idsWhere(
  { bySource }: ArchivedImages,
  isIt: (source: ArchivedImages['contents']['sources'][number]) => boolean,
): Set<ImageId> {
  const found = bySource.flat().filter(({ source, isMeant }) => isMeant && isIt(source));
  return new Set(found.map(({ id }) => id));
}

function listedOf({ listed }: ArchivedImages, id: ImageId): ListedImage[] {
  return listed.filter((one) => one.id === id);
}

/** By the ID; else by a manifest; else by what a name leads to: an index means what its names mean. */
function byDigest(images: ArchivedImages, words: string): FoundImage[] {
  const hex = words.replace(/^sha256:/, '');
  if (!/^[0-9a-f]{1,64}$/.test(hex)) return [];
  const begins = (digest: string) => digest.startsWith(`sha256:${hex}`);
  const manifestBegins = ({ found }: ListedImage) =>
    found.some(({ image }) => !(image instanceof Trouble) && begins(image.manifest ?? ''));
  const ways = [
    () => images.listed.filter(({ id }) => begins(id)),
    () => images.listed.filter(manifestBegins),
    () =>
      images.listed.filter(({ found }) =>
        found.some(({ source: { leads }, isMeant }) => isMeant && typeof leads === 'string' && begins(leads)),
      ),
  ];
  return (
    firstOf(ways.map((way) => () => way().map((listed) => ({ listed, name: shortId(listed.id) })))) ?? []
  );
}

function only(words: string, found: readonly FoundImage[]): FoundImage {
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  const candidates = found.map(
    ({ listed }) => ({ kind: 'image', id: listed.id, name: shortId(listed.id) }) as const,
  );
  throw ambiguous({ text: words, words }, candidates);
}

function named(listed: ListedImage): FoundImage {
  return { listed, name: listed.names[0] ?? shortId(listed.id) };
}

/** `it has demo:1, built:1`. */
function contentsWords({ listed }: ArchivedImages): string {
  const names = [...new Set(listed.flatMap((one) => (one.names.length > 0 ? one.names : [shortId(one.id)])))];
  const more = names.length - MOST_NAMED;
  return `it has ${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
