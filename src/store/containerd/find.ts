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
import type { SnapshotPlace } from './root.ts';

export type FoundObject =
  | { readonly kind: 'image'; readonly name: string; readonly target: BlobDigest }
  | { readonly kind: 'container'; readonly name: string; readonly container: DockerContainer }
  | { readonly kind: 'snapshot'; readonly name: string; readonly place: SnapshotPlace };

const SNAPSHOT = 'snapshot:';

/** Throws Trouble where nothing, or more than one thing, is meant. */
export function find(text: string, images: Images, containers: readonly DockerContainer[]): FoundObject {
  if (text.startsWith(SNAPSHOT))
    return only({ text, words: text }, snapshots(images, text.slice(SNAPSHOT.length)));
  const reference = attempt(() => parseReference(text));
  const known = reference instanceof Trouble ? plainReference(text) : reference;
  const exact = [...exactContainers(known, containers), ...exactImages(known, images)];
  const begun =
    exact.length > 0 ? exact : [...begunContainers(known, containers), ...begunImages(known, images)];
  if (begun.length > 0) return only(known, begun);
  const hidden = [...hiddenImages(known, images), ...lost(known, images, containers)];
  if (hidden.length > 0) return only(known, hidden);
  const [keyed] = known.kind === 'either' ? snapshots(images, text) : [];
  if (keyed !== undefined) return keyed;
  if (reference instanceof Trouble) throw reference;
  throw notFound(reference, images, containers);
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

function only(reference: Pick<Reference, 'text' | 'words'>, found: readonly FoundObject[]): FoundObject {
  const [first, ...others] = found;
  if (first === undefined)
    throw new NoSuchReference(`Cannot find "${reference.text}": no such snapshot`, false);
  if (others.length > 0) throw ambiguous(reference, found.map(candidateOf));
  return first;
}

function candidateOf(found: FoundObject): Candidate {
  const { kind, name } = found;
  if (kind === 'image') return { kind, name, id: hexOf(found.target) };
  if (kind === 'container') return { kind, name, id: found.container.id };
  return { kind, name: `${found.place.snapshotter}/${found.place.key}`, id: '' };
}

function notFound(reference: Reference, images: Images, containers: readonly DockerContainer[]): Trouble {
  const { text, kind } = reference;
  const { namespace, docker } = images.reading.root;
  const state = kind === 'either' ? 'no such image or container' : `no such ${kind}`;
  const names = {
    images: images.named.flatMap((image) => tagsOf(image, images.reading.users)),
    containers: containers.map(({ name }) => name),
  };
  const near = hintAmong(reference, names);
  const where = docker === undefined ? ` in the namespace "${shownBytes(namespace)}"` : '';
  return new NoSuchReference(`Cannot find "${text}": ${state}${where}${near}`, near !== '');
}
