// A place of containerd, and what of it is asked: which namespace, for which platform, with whose containers. A question is
// answered from a `Reading`, which reads each part of the databases at most once.
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { ChainId } from '../digest.ts';
import { trouble } from '../file-state.ts';
import type { StoreFiles } from '../files.ts';
import type { Dialect } from '../layer-stack.ts';
import type { Platform } from '../oci/manifest.ts';
import {
  type BlobRecord,
  brokenRecords,
  type ContainerRecord,
  type ImageRecord,
  METADATA,
  readBlobRecords,
  readContainers,
  readImages,
  readSnapshotRecords,
  type SnapshotRecord,
} from './metadata.ts';
import { MOBY } from './namespaces.ts';
import { chainOf, placeOf, readSnapshots, type Snapshot } from './snapshotter.ts';
import { shownKey } from './values.ts';

export interface ContainerdPlace {
  /** containerd's own root. */
  readonly files: StoreFiles;
  /** Where one was named. */
  readonly namespace?: ByteString;
  /** Where none was named: a namespace that is told of elsewhere. */
  readonly except?: ByteString;
  /** Where it was said which image of an index is meant. */
  readonly platform?: Platform;
  /** The data root of the Docker whose daemon keeps its images here, and its containers there. */
  readonly docker?: StoreFiles;
  readonly dialect: Dialect;
}

/** One namespace of it. */
export interface ContainerdRoot extends ContainerdPlace {
  readonly namespace: ByteString;
}

/** How names and IDs are meant: Docker's, those of Kubernetes (CRI), or containerd's own (ctr, nerdctl). */
export type Users = 'docker' | 'cri' | 'containerd';

/** A snapshot's place in the metadata. */
export interface SnapshotPlace {
  readonly snapshotter: string;
  readonly key: ByteString;
}

/** Records that are told one by one; the rest is counted. */
const MOST_DAMAGE = 20;

export class Reading {
  readonly root: ContainerdRoot;
  #images: readonly ImageRecord[] | undefined;
  #containers: readonly ContainerRecord[] | undefined;
  #snapshots: readonly SnapshotRecord[] | undefined;
  #blobs: readonly BlobRecord[] | undefined;
  #places: ReadonlyMap<string, SnapshotRecord> | undefined;
  readonly #databases = new Map<string, ReadonlyMap<ByteString, Snapshot | string> | undefined>();

  constructor(root: ContainerdRoot) {
    this.root = root;
  }

  /** Throws Trouble, as all below, where the database is damaged. */
  get images(): readonly ImageRecord[] {
    this.#images ??= readImages(this.root.files, this.root.namespace);
    return this.#images;
  }

  /** containerd's own records of them; Docker's containers have one only while they run. */
  get containers(): readonly ContainerRecord[] {
    this.#containers ??= readContainers(this.root.files, this.root.namespace);
    return this.#containers;
  }

  get snapshots(): readonly SnapshotRecord[] {
    this.#snapshots ??= readSnapshotRecords(this.root.files, this.root.namespace);
    return this.#snapshots;
  }

  get blobs(): readonly BlobRecord[] {
    this.#blobs ??= readBlobRecords(this.root.files, this.root.namespace);
    return this.#blobs;
  }

  /** What is wrong with the records that a list is made of, beyond single ones that are in it: a sentence each. */
  damage(listed: 'images' | 'containers'): string[] {
    const of = listed === 'images' ? /^(?!containers)/ : /^(?:containers|snapshots)/;
    const { files, namespace } = this.root;
    const broken = brokenRecords(files, namespace).filter((record) => of.test(record));
    const state = (record: ByteString) =>
      `"${shownKey(record)}" is a value and no bucket, so nothing is known of it`;
    const more = broken.length - MOST_DAMAGE;
    return [
      ...broken.slice(0, MOST_DAMAGE).map((record) => this.refusal(state(record)).message),
      ...(more > 0
        ? [this.refusal(`${more} more records like these are values and no buckets`).message]
        : []),
    ];
  }

  /** Whose names and IDs they are. */
  get users(): Users {
    const { docker, namespace } = this.root;
    if (docker !== undefined || namespace === MOBY) return 'docker';
    const isManaged = (image: ImageRecord) => image.labels.get('io.cri-containerd.image') === 'managed';
    return namespace === 'k8s.io' || this.images.some(isManaged) ? 'cri' : 'containerd';
  }

  snapshot({ snapshotter, key }: SnapshotPlace): SnapshotRecord | undefined {
    this.#places ??= new Map(this.snapshots.map((one) => [`${one.snapshotter}/${one.key}`, one]));
    return this.#places.get(`${snapshotter}/${key}`);
  }

  /** The snapshotters that have a chain. */
  snapshottersOf(chainId: ChainId): string[] {
    return [...new Set(this.snapshots.map(({ snapshotter }) => snapshotter))].filter(
      (snapshotter) => this.snapshot({ snapshotter, key: asBytes(chainId) }) !== undefined,
    );
  }

  /** A snapshot and all below it, top first. Throws Trouble. */
  chain(place: SnapshotPlace): Snapshot[] {
    const { files } = this.root;
    const record = this.snapshot(place);
    const { snapshotter, key } = place;
    if (record === undefined) {
      throw this.refusal(`it has no snapshot "${shownKey(key)}" of "${shownKey(asBytes(snapshotter))}"`);
    }
    if (record.name === '') {
      throw this.refusal(`its snapshot "${shownKey(key)}" of "${snapshotter}" has no name`);
    }
    const path = `${placeOf(snapshotter)}/metadata.db`;
    const chain = chainOf(this.#database(snapshotter), record.name);
    if (typeof chain === 'string') throw trouble('read', files.pathOf(path), chain);
    return chain;
  }

  /** Of a chain, each directory that another snapshot claims as well, a sentence each: one of the two shows the wrong files. */
  sharedDirectories(place: SnapshotPlace): string[] {
    const { files } = this.root;
    const path = files.pathOf(`${placeOf(place.snapshotter)}/metadata.db`);
    const rows = [...this.#database(place.snapshotter).values()].filter((row) => typeof row !== 'string');
    return this.chain(place).flatMap(({ id, name }) => {
      const other = rows.find((row) => row.id === id && row.name !== name);
      if (other === undefined) return [];
      const state = `its snapshots "${shownKey(name)}" and "${shownKey(other.name)}" claim one directory (${id})`;
      return [trouble('trust', path, state).message];
    });
  }

  /** What is wrong with the metadata, as Trouble. */
  refusal(state: string): Trouble {
    return trouble('read', this.root.files.pathOf(METADATA), state);
  }

  /** Throws Trouble where there is none. */
  #database(snapshotter: string): ReadonlyMap<ByteString, Snapshot | string> {
    const known = this.#databases.get(snapshotter);
    const { files } = this.root;
    const database = known ?? readSnapshots(files, snapshotter);
    if (database === undefined) {
      throw trouble('read', files.pathOf(`${placeOf(snapshotter)}/metadata.db`), 'no such file');
    }
    this.#databases.set(snapshotter, database);
    return database;
  }
}

/** What `read` answers, or undefined where that is damaged: for what only adds to an answer. */
export function ifSound<T>(read: () => T): T | undefined {
  const answer = attempt(read);
  return answer instanceof Trouble ? undefined : answer;
}
