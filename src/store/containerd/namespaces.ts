// Namespaces: what separates Docker, Kubernetes and others in one containerd. Which are in use, and which one is meant.
import { asBytes, type ByteString, bufferOf, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { StoreFiles } from '../files.ts';
import {
  type ContainerRecord,
  hasMetadata,
  METADATA,
  readContainers,
  readImages,
  readNamespaces,
  readSnapshotRecords,
} from './metadata.ts';

/** Docker's, unless its daemon is told otherwise (`--containerd-namespace`). */
export const MOBY = asBytes('moby');

/**
 * Whether Docker's images are here: a daemon with graph drivers has its running containers in containerd too, but neither
 * images nor snapshots. False as well where that cannot be read.
 */
export function keepsImages(files: StoreFiles, namespace: ByteString): boolean {
  const found = attempt(() => hasMetadata(files) && hasImages(files, namespace));
  return !(found instanceof Trouble) && found;
}

/** A daemon with graph drivers has records of its containers too, while they run, that stand on no snapshot. */
function hasAnything(files: StoreFiles, namespace: ByteString): boolean {
  const isHere = ({ snapshotter }: ContainerRecord) => namespace !== MOBY || snapshotter !== '';
  return hasImages(files, namespace) || readContainers(files, namespace).some(isHere);
}

/** Images, or what is left of some: snapshots. */
function hasImages(files: StoreFiles, namespace: ByteString): boolean {
  return readImages(files, namespace).length > 0 || readSnapshotRecords(files, namespace).length > 0;
}

/** Sorted. Throws Trouble where the database is damaged. */
export function usedNamespaces(files: StoreFiles): ByteString[] {
  return readNamespaces(files).filter((namespace) => hasAnything(files, namespace));
}

/** `"default" (8 images, 3 containers)`. */
export function describeNamespaces(files: StoreFiles, namespaces: readonly ByteString[]): string {
  const count = (list: readonly unknown[], one: string) =>
    `${list.length} ${list.length === 1 ? one : `${one}s`}`;
  const words = namespaces.map((namespace) => {
    const images = count(readImages(files, namespace), 'image');
    return `"${shownBytes(namespace)}" (${images}, ${count(readContainers(files, namespace), 'container')})`;
  });
  return words.length === 0 ? 'none that is used' : words.join(', ');
}

/** Why nothing can be looked for where none is said. */
export function withoutNamespace(files: StoreFiles): Trouble {
  const state = 'it has no namespace that is used';
  return new Trouble('reference', `Cannot choose in "${shownBytes(files.pathOf(METADATA))}": ${state}`);
}

/** Throws Trouble where there is no such namespace. */
export function requireNamespace(files: StoreFiles, namespace: ByteString): ByteString {
  if (readNamespaces(files).includes(namespace)) return namespace;
  const found = describeNamespaces(files, usedNamespaces(files));
  throw new Trouble(
    'reference',
    `Cannot find namespace "${shownBytes(namespace)}" in "${shownBytes(files.pathOf(METADATA))}": there is ${found}`,
  );
}

/** `k8s.io/nginx:1.25` as the namespace `k8s.io` and `nginx:1.25`, where there is such a namespace. */
export function splitNamespace(
  files: StoreFiles,
  reference: string,
): { readonly namespace: ByteString; readonly rest: string } | undefined {
  const match = /^((?:image|container|snapshot):)?([^/]+)\/(.+)$/s.exec(reference);
  if (match === null) return undefined;
  const [, kind = '', name = '', rest = ''] = match;
  const found = usedNamespaces(files).find((namespace) => bufferOf(namespace).toString('utf8') === name);
  return found === undefined ? undefined : { namespace: found, rest: `${kind}${rest}` };
}
