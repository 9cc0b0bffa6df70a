// What a path below containerd's root or the data root of its Docker, an ID of any kind, or a name means.
import { CONTENT } from '../../store/containerd/blobs.ts';
import { TASKS } from '../../store/containerd/containers.ts';
import { CRI } from '../../store/containerd/cri.ts';
import type { DockerContainer } from '../../store/containerd/docker.ts';
import { typedNames } from '../../store/containerd/find.ts';
import type { NamedImage } from '../../store/containerd/names.ts';
import { keyOfSnapshot, placeOf, type Snapshot } from '../../store/containerd/snapshotter.ts';
import { hintAmong } from '../../store/reference/near.ts';
import { familiarName, parseReference } from '../../store/reference/reference.ts';
import { asBytes, type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { volumeNames, volumePart } from '../dockerd/mounted.ts';
import type { StoreOwners } from '../health.ts';
import type { StorePart } from '../part.ts';
import {
  blobPart,
  type Context,
  containerPart,
  imagePart,
  ingestPart,
  orphanPart,
  snapshotPart,
} from './parts.ts';
import type { NamespaceIndex, StoreIndex } from './store-index.ts';
import { usesOf } from './uses.ts';

/** Fewer letters of an ID would be anybody's. */
const SHORTEST_ID = 4;
const SNAPSHOTTER = placeOf('');

export class Owners implements StoreOwners {
  readonly #index: StoreIndex;
  readonly #context: Context;

  constructor(index: StoreIndex) {
    this.#index = index;
    this.#context = { index, uses: usesOf(index) };
  }

  get directories(): readonly ByteString[] {
    const { files, docker } = this.#index.place;
    return [...(docker === undefined ? [] : [docker.directory]), files.directory];
  }

  get damage(): readonly Trouble[] {
    return this.#index.damage;
  }

  hint(words: ByteString): string {
    const reference = attempt(() => parseReference(words));
    if (reference instanceof Trouble) return '';
    const { namespaces, dataRoot } = this.#index;
    return hintAmong(reference, {
      images: namespaces.flatMap(({ named, reading }) => typedNames(named, reading.users)),
      containers: namespaces.flatMap(({ containers }) => containers.map(({ name }) => name)),
      others: dataRoot === undefined ? [] : [...volumeNames(dataRoot)].map(shownBytes),
    });
  }

  ofPath(path: ByteString): StorePart[] {
    const { files, docker } = this.#index.place;
    const inside = namesBelow(path, files.directory);
    const found = inside === undefined ? [] : this.#inRoot(inside);
    if (found.length > 0 || docker === undefined) return found;
    return this.#inDataRoot(namesBelow(path, docker.directory) ?? []);
  }

  #inRoot([top = '', second = '', third = '', fourth = '']: readonly string[]): StorePart[] {
    if (top.startsWith(SNAPSHOTTER) && second === 'snapshots' && third !== '')
      return this.#directory(top.slice(SNAPSHOTTER.length), asBytes(third));
    if (top === CONTENT && second === 'blobs') return this.#blobs((hex) => hex === fourth);
    if (top === CONTENT && second === 'ingest')
      return this.#index.ingests.some(({ name }) => name === third)
        ? [ingestPart(this.#context, asBytes(third))]
        : [];
    if (top === CRI) return this.#containers(({ id }) => id === third);
    return top === TASKS ? this.#containers(({ id }) => id === third) : [];
  }

  #inDataRoot([top = '', second = '', third = '']: readonly string[]): StorePart[] {
    if (top === 'containers') return this.#containers(({ id }) => id === second);
    if (top === 'rootfs') return this.#containers(({ id }) => id === third);
    return top === 'volumes' ? this.#volumes((name) => name === second) : [];
  }

  ofWords(words: ByteString): StorePart[] {
    const all = [...this.#named(words), ...this.#ofId(words)];
    const seen = new Set<string>();
    const keyOf = ({ kind, id, directory, facts }: StorePart) =>
      `${kind} ${id} ${directory ?? ''} ${facts.namespace ?? ''}`;
    return all.filter((part) => !seen.has(keyOf(part)) && seen.add(keyOf(part)));
  }

  /** As users of each namespace write it, and with the namespace before it. */
  #named(words: ByteString): StorePart[] {
    const { namespaces } = this.#index;
    return namespaces.flatMap((namespace) => {
      const prefix = `${shownBytes(namespace.namespace)}/`;
      const [, kind = '', rest = ''] = /^((?:image|container):)?(.*)$/s.exec(words) ?? [];
      const named = rest.startsWith(prefix) ? `${kind}${rest.slice(prefix.length)}` : undefined;
      return [words as string]
        .concat(named === undefined ? [] : [named])
        .flatMap((name) => this.#inNamespace(namespace, name));
    });
  }

  #inNamespace(namespace: NamespaceIndex, text: string): StorePart[] {
    const reference = attempt(() => parseReference(text));
    const {
      kind,
      words,
      imageName = '',
      imageId = '',
      containerId = '',
    } = reference instanceof Trouble ? { kind: 'either' as const, words: text } : reference;
    const isNamed = ({ records }: NamedImage) =>
      records.some(({ name }) => name === words || (imageName !== '' && familiarName(name) === imageName));
    // IDs without a kind before them are looked for among all IDs.
    const begins = (id: string, wanted: string) =>
      kind !== 'either' && wanted.length >= SHORTEST_ID && id.replace(/^sha256:/, '').startsWith(wanted);
    const isMeant = ({ name, otherNames, id }: DockerContainer) =>
      [name, ...otherNames, id].includes(words) || begins(id, containerId);
    return [
      ...(kind === 'container'
        ? []
        : namespace.named
            .filter((image) => isNamed(image) || begins(image.id, imageId))
            .map((image) => imagePart(this.#context, namespace, image))),
      ...(kind === 'image'
        ? []
        : namespace.containers
            .filter(isMeant)
            .map((container) => containerPart(this.#context, namespace, container))),
      ...(kind === 'either' ? this.#volumes((name) => name === words) : []),
    ];
  }

  #ofId(text: string): StorePart[] {
    const words = text.replace(/^snapshot:/, '').replace(/^sha256:/, '');
    const isKey = text.startsWith('snapshot:');
    if (words.length < SHORTEST_ID && !isKey) return [];
    const begins = (id: string) => id.replace(/^sha256:/, '').startsWith(words);
    const owners = isKey
      ? []
      : [
          ...this.#images(({ id, targets }) => [id, ...targets].some(begins)),
          ...this.#containers(({ id }) => begins(id)),
          ...this.#blobs(begins),
        ];
    const chains = new Set(this.#chainIdsOf(begins));
    const snapshots = this.#snapshots(
      (snapshotter, { id, name }) =>
        begins(keyOfSnapshot(name)) ||
        chains.has(keyOfSnapshot(name)) ||
        (isKey && `${snapshotter}/${id}` === words),
    );
    return [...owners, ...snapshots];
  }

  /** Chain IDs of the layers with a diff ID. */
  #chainIdsOf(fits: (diffId: string) => boolean): string[] {
    return [...this.#index.contents.values()].flatMap(({ platforms }) =>
      platforms.flatMap(({ diffIds, chain }) =>
        diffIds.flatMap((diffId, i) => (fits(diffId) ? [chain[i] ?? ''] : [])),
      ),
    );
  }

  #images(fits: (image: NamedImage) => boolean): StorePart[] {
    return this.#index.namespaces.flatMap((namespace) =>
      namespace.named.filter(fits).map((image) => imagePart(this.#context, namespace, image)),
    );
  }

  #containers(fits: (container: DockerContainer) => boolean): StorePart[] {
    return this.#index.namespaces.flatMap((namespace) =>
      namespace.containers.filter(fits).map((one) => containerPart(this.#context, namespace, one)),
    );
  }

  #blobs(fits: (hex: string) => boolean): StorePart[] {
    return [...this.#index.blobs.keys()].filter(fits).map((hex) => blobPart(this.#context, hex));
  }

  #volumes(fits: (name: ByteString) => boolean): StorePart[] {
    const { dataRoot } = this.#index;
    if (dataRoot === undefined) return [];
    return [...volumeNames(dataRoot)].filter(fits).map((name) => volumePart(dataRoot, name));
  }

  #snapshots(fits: (snapshotter: string, row: Snapshot) => boolean): StorePart[] {
    return this.#index.snapshotters.flatMap(({ name, rows }) =>
      [...(rows === undefined || rows instanceof Trouble ? [] : rows.values())].flatMap((row) =>
        typeof row !== 'string' && fits(name, row) ? [snapshotPart(this.#context, name, row)] : [],
      ),
    );
  }

  #directory(snapshotter: string, name: ByteString): StorePart[] {
    const found = this.#snapshots((other, { id }) => other === snapshotter && String(id) === name);
    if (found.length > 0) return found;
    const entries = this.#index.snapshotters.find((one) => one.name === snapshotter)?.entries ?? [];
    const path = this.#index.place.files.pathOf(`${placeOf(snapshotter)}/snapshots/${name}`);
    return entries.some((entry) => entry.name === name) ? [orphanPart(path, name)] : [];
  }
}

/** The names of a path below a directory; undefined where it does not lie in it. */
function namesBelow(path: ByteString, directory: ByteString): readonly string[] | undefined {
  if (!path.startsWith(`${directory}/`)) return undefined;
  return path
    .slice(directory.length)
    .split('/')
    .filter((name) => name !== '' && name !== '.');
}
