// What the words of a reference may mean, without looking at any store. Grammar and familiar names are those of
// github.com/distribution/reference.
//
//   nginx   nginx:1.25   localhost:5000/team/app:v2   nginx@sha256:…      an image by name
//   4f44ba9a11ab   sha256:4f44ba9a11ab                                    an image by ID or its beginning
//   web   /web   108285273ba8                                             a container by name, by ID or its beginning
//   image:…   container:…                                                 the same, of one kind only
//   shop/db   container:shop/db                                           a container by its pod and its name (Podman, CRI)
//
// `image:` and `container:` in front always say the kind: `image:latest` is the image named `latest`. An image whose
// name is `image` is `image` alone, or with a tag `image:image:v1`; so too for one named `container`.
import { Trouble } from '../../sys/errors.ts';

export interface Reference {
  /** As it was written. */
  readonly text: string;
  readonly kind: 'image' | 'container' | 'either';
  /** What follows `image:` or `container:`. */
  readonly words: string;
  /** Familiar, with a tag or a digest. */
  readonly imageName?: string;
  /** The beginning, or the whole, of the 64 hex digits. */
  readonly imageId?: string;
  readonly containerName?: string;
  /** The beginning, or the whole, of the 64 hex digits. */
  readonly containerId?: string;
  /** `pod/container`, where it is said to be a container; else it is read as an image's name, and `words` may still be one. */
  readonly containerInPod?: string;
}

/** Nothing in a store has this name or ID. */
export class NoSuchReference extends Trouble {
  /** Whether the message names something that is near. */
  readonly hasHint: boolean;

  constructor(message: string, hasHint: boolean) {
    super('reference', message);
    this.hasHint = hasHint;
  }
}

/** More than one thing in a store has this name or ID. */
export class AmbiguousReference extends Trouble {
  constructor(message: string) {
    super('reference', message);
  }
}

const ALNUM = '[a-z0-9]+';
const PATH_PART = `${ALNUM}(?:(?:[._]|__|-+)${ALNUM})*`;
const HOST_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const HOST = `(?:${HOST_PART}(?:\\.${HOST_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';

const HOST_ONLY = new RegExp(`^${HOST}$`);
const PATH_ONLY = new RegExp(`^${PATH_PART}(?:/${PATH_PART})*$`);
const TAG_ONLY = /^\w[\w.-]{0,127}$/;
const DIGEST_ONLY = new RegExp(`^${DIGEST}$`);
const SHA256_ONLY = /^sha256:[0-9a-f]{64}$/;
const ID_PREFIX = /^[0-9a-f]{1,64}$/;
/** Docker's are of two and more, Podman's of one. */
const CONTAINER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

const LONGEST_NAME = 255;
/** Characters of a name with its tag and digest; a longer one is not looked at. */
const LONGEST_WORDS = 1000;
const DEFAULT_REGISTRY = 'docker.io';
const OLD_DEFAULT_REGISTRY = 'index.docker.io';
const OFFICIAL = 'library/';

export function parseReference(text: string): Reference {
  const prefix = /^(image|container):(.+)$/s.exec(text);
  const kind = prefix === null ? 'either' : (prefix[1] as 'image' | 'container');
  const words = prefix?.[2] ?? text;
  const reference: Reference = {
    text,
    kind,
    words,
    ...(kind === 'container' ? {} : imageReadings(words)),
    ...(kind === 'image' ? {} : containerReadings(words)),
    ...(kind === 'container' && isContainerInPod(words) ? { containerInPod: words } : {}),
  };
  const { imageName, imageId, containerName, containerId, containerInPod } = reference;
  if (imageName ?? imageId ?? containerName ?? containerId ?? containerInPod) return reference;
  throw new Trouble('reference', `Cannot understand reference "${text}": ${complaint(kind, words)}`);
}

/** The familiar form of an image's name, always with a tag or a digest; undefined where it is not one. */
export function familiarName(words: string): string | undefined {
  if (words.length > LONGEST_WORDS) return undefined;
  const at = words.indexOf('@');
  const digest = at < 0 ? undefined : words.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) return undefined;
  const named = at < 0 ? words : words.slice(0, at);
  // A colon after the last slash begins a tag; one before it belongs to a port.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon < 0 ? 'latest' : named.slice(colon + 1);
  const repository = familiarRepository(colon < 0 ? named : named.slice(0, colon));
  if (repository === undefined || !TAG_ONLY.test(tag)) return undefined;
  // As in docker, a digest says all: a tag beside it is not looked at.
  return digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`;
}

/** The repository of a familiar name. */
export function repositoryOf(familiar: string): string {
  const at = familiar.indexOf('@');
  return at < 0 ? familiar.slice(0, familiar.lastIndexOf(':')) : familiar.slice(0, at);
}

export function isContainerName(name: string): boolean {
  return name.length <= LONGEST_WORDS && CONTAINER_NAME.test(name);
}

function isContainerInPod(words: string): boolean {
  const [pod = '', name = '', ...more] = words.split('/');
  return more.length === 0 && isContainerName(pod) && isContainerName(name);
}

/** `docker.io/library/nginx` is `nginx`, `docker.io/team/app` is `team/app`, other registries stay. */
function familiarRepository(name: string): string | undefined {
  if (ID_PREFIX.test(name) && name.length === 64) return undefined;
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const hasRegistry =
    slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const registry = hasRegistry ? first : DEFAULT_REGISTRY;
  const path = hasRegistry ? name.slice(slash + 1) : name;
  if (!HOST_ONLY.test(registry) || !PATH_ONLY.test(path)) return undefined;
  if (registry !== DEFAULT_REGISTRY && registry !== OLD_DEFAULT_REGISTRY) {
    return name.length > LONGEST_NAME ? undefined : name;
  }
  const full = path.includes('/') ? path : `${OFFICIAL}${path}`;
  if (`${DEFAULT_REGISTRY}/${full}`.length > LONGEST_NAME) return undefined;
  const official = full.startsWith(OFFICIAL) && !full.slice(OFFICIAL.length).includes('/');
  return official ? full.slice(OFFICIAL.length) : full;
}

function isDigest(digest: string): boolean {
  return digest.startsWith('sha256:') ? SHA256_ONLY.test(digest) : DIGEST_ONLY.test(digest);
}

function imageReadings(words: string): Partial<Reference> {
  const imageName = familiarName(words);
  const id = words.replace(/^sha256:/, '');
  return {
    ...(imageName === undefined || SHA256_ONLY.test(words) ? {} : { imageName }),
    ...(ID_PREFIX.test(id) ? { imageId: id } : {}),
  };
}

function containerReadings(words: string): Partial<Reference> {
  const name = words.replace(/^\//, '');
  return {
    ...(isContainerName(name) ? { containerName: name } : {}),
    ...(ID_PREFIX.test(words) ? { containerId: words } : {}),
  };
}

function complaint(kind: Reference['kind'], words: string): string {
  if (words === '') return 'it is empty';
  if (kind === 'container') return 'it is neither a container name nor an ID';
  if (familiarName(words.toLowerCase()) !== undefined) return 'image names are lower case';
  const name = kind === 'image' ? 'an image name' : 'an image name, a container name';
  return `it is not ${name} or an ID`;
}
