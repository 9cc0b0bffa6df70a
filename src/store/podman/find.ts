// Which image or container a reference means, by the names that Podman's, Buildah's and CRI-O's users type: whole names, short
// names by their end, IDs and their beginnings, `pod/container`. More than one is an error that lists them; a name that a tag
// has lost is an error that says which image had it.
import { Trouble } from '../../sys/errors.ts';
import { shortId } from '../digest.ts';
import { ambiguous } from '../reference/candidates.ts';
import { hintAmong, type KnownNames } from '../reference/near.ts';
import { familiarName, NoSuchReference, type Reference, repositoryOf } from '../reference/reference.ts';
import type { ImageRecord } from './images.ts';
import { type Inventory, type KnownContainer, withoutTagAndDigest } from './inventory.ts';

export type FoundReference =
  | { readonly kind: 'image'; readonly id: string; readonly name: string }
  | { readonly kind: 'container'; readonly id: string; readonly name: string };

export function find(inventory: Inventory, reference: Reference): FoundReference {
  const whole = wholeIds(inventory, reference);
  const exact = whole.length > 0 ? whole : named(inventory, reference);
  const found = exact.length > 0 ? exact : beginnings(inventory, reference);
  const [only, ...others] = found;
  if (only === undefined) throw notFound(inventory, reference);
  if (others.length > 0) throw ambiguous(reference, found);
  return only;
}

function wholeIds(inventory: Inventory, { imageId = '', containerId = '' }: Reference): FoundReference[] {
  const found: FoundReference[] = [];
  if (inventory.containers().has(containerId)) found.push(container(containerId));
  if (imageId.length === 64 && inventory.images().has(imageId)) found.push(image(imageId));
  return found;
}

function named(inventory: Inventory, reference: Reference): FoundReference[] {
  const containers = containersNamed(inventory, reference);
  const images = imagesNamed(inventory, reference);
  return [
    ...containers.map(({ id, name }) => container(id, containers.length === 1 ? name : undefined)),
    ...[...images].map(([id, name]) => image(id, name)),
  ];
}

/** By its name, or by `pod/container`, which no image and no container is called. */
function containersNamed(inventory: Inventory, { kind, words, containerName }: Reference): KnownContainer[] {
  if (kind === 'image') return [];
  const known = [...inventory.containers().values()];
  const slash = words.indexOf('/');
  const inPod = known.filter(
    ({ name, pod }) => slash > 0 && pod?.name === words.slice(0, slash) && name === words.slice(slash + 1),
  );
  return [...known.filter(({ name }) => name !== '' && name === containerName), ...inPod];
}

/**
 * IDs with the name that each was found by. In the order in which Podman looks: the name as it is, `localhost/` before it,
 * Docker's registry before it; then any name that ends like it (libimage, lookupImageInLocalStorage). A digest is one that any
 * manifest of the image has.
 */
function imagesNamed(inventory: Inventory, { kind, words, imageName }: Reference): Map<string, string> {
  const found = new Map<string, string>();
  if (kind === 'container' || imageName === undefined) return found;
  const written = withTag(words);
  const names = [...inventory.names()];
  const rules: readonly ((name: string) => boolean)[] = [
    (name) => name === written,
    (name) => name === `localhost/${written}`,
    (name) => familiarName(name) === imageName,
    (name) => name.endsWith(`/${written}`),
  ];
  for (const isMeant of rules) {
    for (const { id, name } of names) if (isMeant(name)) found.set(id, name);
    if (found.size > 0) return found;
  }
  return found;
}

/** With the default tag where there is neither a tag nor a digest. */
function withTag(words: string): string {
  const colon = words.indexOf(':', words.lastIndexOf('/') + 1);
  return words.includes('@') || colon >= 0 ? words.replace(/:[^@:/]*(?=@)/, '') : `${words}:latest`;
}

function beginnings(inventory: Inventory, { imageId, containerId }: Reference): FoundReference[] {
  const starting = (ids: Iterable<string>, start: string | undefined) =>
    start === undefined ? [] : [...ids].filter((id) => id.startsWith(start));
  return [
    ...starting(inventory.containers().keys(), containerId).map((id) => container(id)),
    ...starting(inventory.images().keys(), imageId).map((id) => image(id)),
  ];
}

function container(id: string, name: string = shortId(id)): FoundReference {
  return { kind: 'container', id, name };
}

function image(id: string, name: string = shortId(id)): FoundReference {
  return { kind: 'image', id, name };
}

function notFound(inventory: Inventory, reference: Reference): Trouble {
  const { text, kind, imageName, containerName } = reference;
  // The name may be in what cannot be read.
  const unreadable =
    (imageName === undefined ? undefined : inventory.unreadable('images')) ??
    (containerName === undefined ? undefined : inventory.unreadable('containers'));
  if (unreadable !== undefined) return unreadable;
  const state = kind === 'either' ? 'no such image or container' : `no such ${kind}`;
  const former = kind === 'container' ? undefined : formerImage(inventory, reference);
  if (former !== undefined) {
    const message = `${state}; image ${shortId(former.id)} once had this name`;
    return new NoSuchReference(`Cannot find "${text}": ${message}`, true);
  }
  const near = hintAmong(reference, typedNames(inventory));
  return new NoSuchReference(`Cannot find "${text}": ${state}${near}`, near !== '');
}

/** What people type: of an image its familiar name, and the end of it where no other ends so. */
export function typedNames(inventory: Inventory): KnownNames {
  const names = [...new Set([...inventory.names()].map(({ name }) => familiarName(name) ?? name))];
  const ends = names.flatMap((name) => (/[/]/.test(name) ? [name.slice(name.lastIndexOf('/') + 1)] : []));
  const isOnly = (end: string) =>
    names.filter((name) => name === end || name.endsWith(`/${end}`)).length === 1;
  return {
    images: [...names, ...ends.filter(isOnly)],
    containers: [...inventory.containers().values()].flatMap(({ name }) => (name === '' ? [] : [name])),
  };
}

/** The image that had the name before another took it, or before it was removed. */
function formerImage(inventory: Inventory, { words, imageName }: Reference): ImageRecord | undefined {
  if (imageName === undefined) return undefined;
  const written = withTag(words);
  const had = (name: string) =>
    name === written || familiarName(name) === imageName || name.endsWith(`/${written}`);
  return [...inventory.images().values()].find(
    (record): record is ImageRecord => !(record instanceof Trouble) && record.history.some(had),
  );
}

/** The repository of a name as images have it, without tag and digest. */
export function repositoryOfName(name: string): string {
  const familiar = familiarName(name);
  const repository = familiar === undefined ? undefined : repositoryOf(familiar);
  return repository !== undefined && name.startsWith(repository) ? repository : withoutTagAndDigest(name);
}
