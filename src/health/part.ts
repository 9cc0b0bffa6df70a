// What `whose` answers: a thing of a store, what it is made of, and what uses it.
import type { ByteString } from '../sys/bytes.ts';

/**
 * upper and init are a container's own layers; pod is what containers share; cache is of BuildKit; blob is a compressed layer that is not here any more,
 * content one of a content store that is, or a manifest or config; snapshot is one that is no image's and no container's;
 * ingest is content that is being fetched. What no image, container or volume has to do with is as `df` has it: records of an
 * engine, unfinished (what is being unpacked, or was cut off), beside (another store), other (what no engine writes).
 */
export type OwnerKind =
  | 'layer'
  | 'upper'
  | 'init'
  | 'image'
  | 'container'
  | 'pod'
  | 'volume'
  | 'cache'
  | 'blob'
  | 'content'
  | 'snapshot'
  | 'ingest'
  | 'records'
  | 'unfinished'
  | 'beside'
  | 'other'
  | 'directory';

/** Something that uses, or is used by, what was asked for. */
export interface Related {
  readonly kind: OwnerKind | 'bind' | 'tmpfs' | 'lease';
  readonly id: string;
  /** As a person would name it. */
  readonly label: string;
  /** Of an image that has several, all, the label first. */
  readonly names?: readonly string[];
  /** Which layer of the image or container that is, from the lowest, 1. */
  readonly layer?: number;
  /** Where it is mounted in the container. */
  readonly at?: string;
  /** Where it lies. */
  readonly directory?: ByteString;
}

export interface StorePart {
  readonly kind: OwnerKind;
  readonly id: string;
  /** Where it lies. */
  readonly directory?: ByteString;
  /** Other parts lie in it: what it takes is theirs as well. */
  readonly isParent?: true;
  /** Other IDs it goes by, and what is recorded of it. */
  readonly facts: Readonly<Record<string, string>>;
  /** What it is made of, top first, and what is mounted in it. */
  readonly uses: readonly Related[];
  readonly users: readonly Related[];
}

/** What an image is called; `id`, its short ID, where it has no name. */
export function labelOfNames(
  names: readonly string[],
  id: string,
): { readonly label: string; readonly names?: readonly string[] } {
  const [label = id] = names;
  return names.length > 1 ? { label, names } : { label };
}

/** Facts without those that are empty. */
export function knownFacts(facts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== ''));
}

/** Of a volume, by its engine's record. */
export function volumeFacts({
  driver,
  labels,
  options,
}: {
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}): Record<string, string> {
  const list = (pairs: Readonly<Record<string, string>>) =>
    Object.entries(pairs)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ');
  return knownFacts({ driver, labels: list(labels), options: list(options) });
}
