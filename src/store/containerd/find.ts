// Which image, container or snapshot of a namespace a reference means. Names and whole IDs come before beginnings of IDs, and
// these before what no list shows: manifests, configs, snapshots that no container has.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type BlobDigest, hexOf, isBlobDigest, shortId } from '../digest.ts';
import { ambiguous, type Candidate } from '../reference/candidates.ts';
import { hintAmong } from '../reference/near.ts';
import {
  familiarName,
  NoSuchReference,
  parseReference,
  type Reference,
  repositoryOf,
} from '../reference/reference.ts';
import { lostContainers, placeText } from './containers.ts';
import { type DockerContainer, lostContainer } from './docker.ts';
import type { Images } from './images.ts';
import { type NamedImage, tagsOf } from './names.ts';
import type { SnapshotPlace, Users } from './root.ts';

export type FoundObject =
  | { readonly kind: 'image'; readonly name: string; readonly target: BlobDigest }
  | { readonly kind: 'container'; readonly name: string; readonly container: DockerContainer }
  | { readonly kind: 'snapshot'; readonly name: string; readonly place: SnapshotPlace };

const SNAPSHOT = 'snapshot:';

/** A namespace that is looked in. */
export interface Space {
  readonly images: Images;
  readonly containers: readonly DockerContainer[];
}

export interface FoundIn {
  readonly space: Space;
  readonly found: FoundObject;
}

/**
 * In one namespace, or in several, none of which comes before another: what is known of a namespace by a better rule is meant before
 * what is known of any by a worse one. Throws Trouble where nothing, or more than one thing, is meant.
 */
export function find(text: string, spaces: readonly Space[]): FoundIn {
  const every = (known: (space: Space) => readonly FoundObject[]): FoundIn[] =>
    spaces.flatMap((space) => known(space).map((found) => ({ space, found })));
  if (text.startsWith(SNAPSHOT)) {
    const key = text.slice(SNAPSHOT.length);
    return only(
      { text, words: text },
      every(({ images }) => snapshots(images, key)),
      spaces,
    );
  }
  const reference = attempt(() => parseReference(text));
  const known = reference instanceof Trouble ? plainReference(text) : reference;
  const rules: readonly ((space: Space) => readonly FoundObject[])[] = [
    ({ images, containers }) => [...exactContainers(known, containers), ...exactImages(known, images)],
    ({ images, containers }) => [...begunContainers(known, containers), ...begunImages(known, images)],
    ({ images, containers }) => [...hiddenImages(known, images), ...lost(known, images, containers)],
    ({ images }) => (known.kind === 'either' ? snapshots(images, text).slice(0, 1) : []),
  ];
  for (const rule of rules) {
    const found = every(rule);
    if (found.length > 0) return only(known, found, spaces);
  }
  if (reference instanceof Trouble) throw reference;
  throw notFound(reference, spaces);
}

/** Names that are none for Docker may be some here. */
function plainReference(text: string): Reference {
  return { text, kind: 'either', words: text };
}

function exactContainers({ kind, words }: Reference, containers: readonly DockerContainer[]): FoundObject[] {
  if (kind === 'image') return [];
  const plain = words.replace(/^\//, '');
  const byId = containers.filter(({ id }) => id === words);
  const found =
    byId.length > 0 ? byId : containers.filter((one) => [one.name, ...one.otherNames].includes(plain));
  return found.map((container) => ({
    kind: 'container',
    container,
    name: byId.length > 0 || found.length > 1 ? shortOf(container) : container.name,
  }));
}

function exactImages({ kind, words, imageName, imageId = '' }: Reference, images: Images): FoundObject[] {
  if (kind === 'container') return [];
  const { users } = images.reading;
  const found = images.named.flatMap((image) =>
    image.records.flatMap(({ name, digest }) => {
      const isIt = name === words || (imageName !== undefined && meansRecord(imageName, name, digest));
      return isIt && isBlobDigest(digest)
        ? [{ digest, label: users === 'docker' ? (imageName ?? name) : name }]
        : [];
    }),
  );
  const targets = new Map(found.map(({ digest, label }) => [digest, label]));
  if (targets.size > 0) return [...targets].map(([target, name]) => ({ kind: 'image', target, name }));
  return imageId.length === 64 ? byId(images, (image) => hexOf(image.id) === imageId) : [];
}

/** `repository@sha256:…` means any name of the repository that leads there. */
function meansRecord(imageName: string, recordName: string, digest: string): boolean {
  const familiar = familiarName(recordName);
  if (familiar === undefined) return false;
  return imageName === familiar || imageName === `${repositoryOf(familiar)}@${digest}`;
}

function begunContainers({ kind, words }: Reference, containers: readonly DockerContainer[]): FoundObject[] {
  if (kind === 'image' || !/^[0-9a-f]+$/.test(words)) return [];
  const found = containers.filter(({ id }) => id.startsWith(words) && /^[0-9a-f]{64}$/.test(id));
  return found.map((container) => ({ kind: 'container', container, name: shortOf(container) }));
}

function begunImages({ imageId }: Reference, images: Images): FoundObject[] {
  return imageId === undefined ? [] : byId(images, (image) => hexOf(image.id).startsWith(imageId));
}

/** By a target that is not the ID, by a manifest of an index, by a config. */
function hiddenImages({ imageId }: Reference, images: Images): FoundObject[] {
  if (imageId === undefined) return [];
  const begins = (digest: BlobDigest) => hexOf(digest).startsWith(imageId);
  const found = images.named.flatMap(({ targets }) =>
    targets.flatMap((target) => {
      const contents = attempt(() => images.contents(target));
      if (begins(target)) return [target];
      if (contents instanceof Trouble) return [];
      return begins(contents.manifest) || begins(contents.config) ? [contents.manifest] : [];
    }),
  );
  return [...new Set(found)].map((target) => ({
    kind: 'image',
    target,
    name: shortId(target),
  }));
}

function byId(images: Images, isIt: (image: NamedImage) => boolean): FoundObject[] {
  return images.named.filter(isIt).flatMap(({ id, targets }) => {
    const [target] = targets;
    return target === undefined ? [] : [{ kind: 'image', target, name: shortId(id) }];
  });
}

/** Containers of whose record nothing is left but their snapshot. */
function lost(
  { kind, words }: Reference,
  images: Images,
  containers: readonly DockerContainer[],
): FoundObject[] {
  if (kind === 'image' || !/^[0-9a-f]+$/.test(words)) return [];
  const known = new Set(containers.map(({ place }) => placeText(place)));
  const places = lostContainers(images.reading, known).filter(({ key }) => key.startsWith(words));
  return places.map((place) => {
    const container = lostContainer(place.key, place, `no record of a container "${shownBytes(place.key)}"`);
    return { kind: 'container', container, name: container.name };
  });
}

function snapshots({ reading }: Images, key: string): FoundObject[] {
  const bytes = Buffer.from(key, 'utf8').toString('latin1');
  const found = reading.snapshots.filter(
    (one) => one.key === bytes || `${one.snapshotter}/${one.key}` === bytes,
  );
  return found.map(({ snapshotter, key: own }) => ({
    kind: 'snapshot',
    place: { snapshotter, key: own },
    name: `${SNAPSHOT}${key}`,
  }));
}

function shortOf({ id }: DockerContainer): string {
  return /^[0-9a-f]{64}$/.test(id) ? shortId(id) : id;
}

function only(
  reference: Pick<Reference, 'text' | 'words'>,
  found: readonly FoundIn[],
  spaces: readonly Space[],
): FoundIn {
  const [first, ...others] = found;
  if (first === undefined) {
    const state = `no such snapshot${snapshotWords(spaces)}`;
    throw new NoSuchReference(`Cannot find "${reference.text}": ${state}`, false);
  }
  if (others.length === 0) return first;
  const before = ({ space }: FoundIn) => (spaces.length > 1 ? { before: `${namespaceOf(space)}/` } : {});
  throw ambiguous(
    reference,
    found.map((one) => ({ ...candidateOf(one.found), ...before(one) })),
  );
}

const MOST_SNAPSHOTS = 10;

/** Those that no list shows, before layers of images. */
function snapshotWords(spaces: readonly Space[]): string {
  const all = spaces.flatMap(({ images }) => images.reading.snapshots);
  const isLayer = ({ key }: (typeof all)[number]) => key.startsWith('sha256:');
  const keys = [...all.filter((one) => !isLayer(one)), ...all.filter(isLayer)].map(({ key }) => key);
  const named = [...new Set(keys)].map((key) => `"${shownBytes(key)}"`);
  if (named.length === 0) return '';
  const more = named.length - MOST_SNAPSHOTS;
  return `; there are ${named.slice(0, MOST_SNAPSHOTS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function candidateOf(found: FoundObject): Candidate {
  const { kind, name } = found;
  if (kind === 'image') return { kind, name, id: hexOf(found.target) };
  if (kind === 'container') return { kind, name, id: found.container.id };
  return { kind, name: `${found.place.snapshotter}/${found.place.key}`, id: '' };
}

function namespaceOf({ images }: Space): string {
  return shownBytes(images.reading.root.namespace);
}

/** What people type: the familiar names of images. */
export function typedNames(named: readonly NamedImage[], users: Users): string[] {
  return named.flatMap((image) => tagsOf(image, users)).map((name) => familiarName(name) ?? name);
}

function notFound(reference: Reference, spaces: readonly Space[]): Trouble {
  const { text, kind } = reference;
  const state = kind === 'either' ? 'no such image or container' : `no such ${kind}`;
  const near = hintAmong(reference, {
    images: spaces.flatMap(({ images }) => typedNames(images.named, images.reading.users)),
    containers: spaces.flatMap(({ containers }) => containers.map(({ name }) => name)),
  });
  const looked = spaces.map((space) => `"${namespaceOf(space)}"`).join(', ');
  const isDockers = spaces.every(({ images }) => images.reading.root.docker !== undefined);
  const where = isDockers ? '' : ` in the ${spaces.length === 1 ? 'namespace' : 'namespaces'} ${looked}`;
  return new NoSuchReference(`Cannot find "${text}": ${state}${where}${near}`, near !== '');
}
