// A root of containerd written from values: databases, blobs and snapshots that agree with each other, so that a test says only
// what it is about, and then damages one file. Layers hold no files unless a test puts them there.
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chainIds, type DiffId } from '../../src/store/digest.ts';
import { type BoltTree, boltFile } from './bolt-file.ts';

export interface FakeContainerdImage {
  /** As containerd has them: `docker.io/library/demo:1`. */
  readonly names: readonly string[];
  /** Base first: any words, which the layer's tar holds. */
  readonly layers: readonly string[];
  readonly created?: string;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly namespace?: string;
  /** Of the record, not of the config. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether its layers are unpacked; they are where it is not said. */
  readonly unpacked?: boolean;
  /** Fields put into the config beside the usual ones, or in their place. */
  readonly config?: object;
}

export interface FakeContainerdContainer {
  readonly id: string;
  readonly image: string;
  /** Digest of the image's manifest. */
  readonly manifest: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly extensions?: Readonly<Record<string, object>>;
  readonly spec?: object;
  /** Whether it has no snapshot: its tree is a directory, which the spec names. */
  readonly isDirectory?: boolean;
}

interface FakeSnapshot {
  readonly id: number;
  readonly kind: number;
  readonly parent?: string;
  readonly size?: number;
}

export const OVERLAYFS = 'io.containerd.snapshotter.v1.overlayfs';
const META = 'io.containerd.metadata.v1.bolt';
const BLOBS = 'io.containerd.content.v1.content/blobs/sha256';

export function digest(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Labels that the garbage collector goes by. */
const REFERENCE = 'containerd.io/gc.ref';

type Mutable = { [key: string]: string | Buffer | Mutable };

export class FakeContainerd {
  readonly root: string;
  readonly meta: Mutable = { v1: { version: varint(4) } };
  readonly #snapshots = new Map<string, FakeSnapshot>();
  readonly #chains = new Map<string, readonly string[]>();
  #sequence = 0;

  constructor(root: string) {
    this.root = root;
    for (const directory of [META, BLOBS, `${OVERLAYFS}/snapshots`])
      mkdirSync(join(root, directory), { recursive: true });
  }

  /** Writes the databases as they are now. */
  write(): this {
    writeFileSync(join(this.root, META, 'meta.db'), boltFile(this.meta as BoltTree));
    const snapshots: Mutable = {};
    for (const [name, { id, kind, parent, size }] of this.#snapshots) {
      snapshots[name] = {
        id: uvarint(id),
        kind: Buffer.from([kind]),
        ...(parent === undefined ? {} : { parent }),
        ...(size === undefined ? {} : { size: varint(size) }),
        createdat: goTime(1_700_000_000),
      };
    }
    writeFileSync(join(this.root, OVERLAYFS, 'metadata.db'), boltFile({ v1: { snapshots } }));
    return this;
  }

  /** Answers the digest of the manifest. */
  image(image: FakeContainerdImage): string {
    const { namespace = 'default', names, labels = {} } = image;
    const manifest = this.manifest(image);
    for (const name of names) this.name(name, manifest, { namespace, labels });
    return manifest;
  }

  /** An image of compressed tars, never unpacked. Answers the digest of the manifest. */
  imageOfTars(name: string, tars: readonly { readonly diffId: string; readonly blob: Uint8Array }[]): string {
    const namespace = 'default';
    const rootfs = { type: 'layers', diff_ids: tars.map(({ diffId }) => diffId) };
    const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs });
    const layers = tars.map(({ blob }) =>
      descriptor('application/vnd.oci.image.layer.v1.tar', this.blob(blob, namespace), blob.length),
    );
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor(
        'application/vnd.oci.image.config.v1+json',
        this.blob(config, namespace),
        config.length,
      ),
      layers,
    });
    const made = this.blob(manifest, namespace);
    this.name(name, made);
    return made;
  }

  /** The same without a name. */
  manifest({
    layers,
    created = '2024-01-02T03:04:05Z',
    platform,
    namespace = 'default',
    unpacked = true,
    config = {},
  }: FakeContainerdImage): string {
    const tars = layers.map((words) => Buffer.from(words));
    const diffIds = tars.map((tar) => digest(tar) as DiffId);
    const history = layers.map((words) => ({ created, created_by: `RUN ${words}` }));
    const { os = 'linux', architecture = 'amd64', variant } = platform ?? {};
    const text = JSON.stringify({
      ...{ created, history, os, architecture, rootfs: { type: 'layers', diff_ids: diffIds } },
      ...(variant === undefined ? {} : { variant }),
      ...config,
    });
    const blobs = tars.map((tar, index) =>
      this.blob(gzipSync(tar), namespace, { 'containerd.io/uncompressed': diffIds[index] ?? '' }),
    );
    const chain = chainIds(diffIds);
    const top = chain.at(-1);
    const keep = unpacked && top !== undefined ? { [`${REFERENCE}.snapshot.overlayfs`]: top } : {};
    const configDigest = this.blob(text, namespace, keep);
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', configDigest, text.length),
      layers: blobs.map((blob) => descriptor('application/vnd.oci.image.layer.v1.tar+gzip', blob, 1)),
    });
    if (unpacked)
      for (const [index, chainId] of chain.entries())
        this.snapshot(chainId, { namespace, kind: 3, ...parentOf(chain[index - 1]) });
    const made = this.blob(manifest, namespace, {
      [`${REFERENCE}.content.config`]: configDigest,
      ...Object.fromEntries(blobs.map((one, index) => [`${REFERENCE}.content.l.${index}`, one])),
    });
    this.#chains.set(made, chain);
    return made;
  }

  /** Answers the digest of an index of manifests, each with its platform. */
  index(manifests: readonly (readonly [digest: string, platform: string])[], namespace = 'default'): string {
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: manifests.map(([one, platform]) => {
        const [os, architecture, variant] = platform.split('/');
        const plain = descriptor('application/vnd.oci.image.manifest.v1+json', one, 1);
        return { ...plain, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
      }),
    });
    const members = manifests.map(([one], index) => [`${REFERENCE}.content.m.${index}`, one]);
    return this.blob(text, namespace, Object.fromEntries(members));
  }

  name(
    name: string,
    target: string,
    {
      namespace = 'default',
      labels = {},
    }: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> } = {},
  ): void {
    this.bucket(namespace, 'images')[name] = {
      createdat: goTime(1_700_000_000),
      labels: { ...labels },
      target: { digest: target, mediatype: 'application/vnd.oci.image.manifest.v1+json', size: varint(1) },
    };
  }

  container({
    id,
    image,
    manifest,
    namespace = 'default',
    labels = {},
    extensions = {},
    spec,
    isDirectory = false,
  }: FakeContainerdContainer): void {
    const parent = this.#chains.get(manifest)?.at(-1);
    if (!isDirectory) this.snapshot(id, { namespace, kind: 2, ...parentOf(parent) });
    this.bucket(namespace, 'containers')[id] = {
      createdat: goTime(1_700_000_100),
      image,
      snapshotter: isDirectory ? '' : 'overlayfs',
      snapshotKey: isDirectory ? '' : id,
      labels: { ...labels },
      extensions: Object.fromEntries(
        Object.entries(extensions).map(([name, value]) => [name, any(JSON.stringify(value))]),
      ),
      ...(spec === undefined ? {} : { spec: any(JSON.stringify(spec)) }),
    };
  }

  /** Answers the directory of its files. */
  snapshot(
    key: string,
    {
      namespace = 'default',
      kind,
      parent,
      size,
    }: {
      readonly namespace?: string;
      readonly kind: number;
      readonly parent?: string;
      readonly size?: number;
    },
  ): string {
    const buckets = this.bucket(namespace, 'snapshots', 'overlayfs');
    const known = buckets[key];
    if (known !== undefined) return '';
    const name = `${namespace}/${++this.#sequence}/${key}`;
    const below = parent === undefined ? undefined : (buckets[parent] as Mutable | undefined)?.name;
    buckets[key] = { name, createdat: goTime(1_700_000_000), ...(parent === undefined ? {} : { parent }) };
    const id = this.#snapshots.size + 1;
    this.#snapshots.set(name, {
      id,
      kind,
      ...(typeof below === 'string' ? { parent: below } : {}),
      ...(size === undefined ? {} : { size }),
    });
    const directory = join(this.root, OVERLAYFS, 'snapshots', String(id), 'fs');
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  /** Makes a row of the snapshotter's database say something else. */
  alterSnapshot(key: string, change: Partial<FakeSnapshot>): void {
    for (const [name, snapshot] of this.#snapshots) {
      if (name.endsWith(`/${key}`)) this.#snapshots.set(name, { ...snapshot, ...change });
    }
  }

  nameOfSnapshot(key: string): string {
    return [...this.#snapshots.keys()].find((name) => name.endsWith(`/${key}`)) ?? '';
  }

  /** The chain of a manifest, base first. */
  chain(manifest: string): readonly string[] {
    return this.#chains.get(manifest) ?? [];
  }

  blob(
    content: Uint8Array | string,
    namespace = 'default',
    labels: Readonly<Record<string, string>> = {},
  ): string {
    const name = digest(content);
    writeFileSync(this.blobPath(name), content);
    this.bucket(namespace, 'content', 'blob')[name] = {
      createdat: goTime(1_700_000_000),
      size: varint(content.length),
      labels: { ...labels },
    };
    return name;
  }

  /** Takes a blob and the record of it away. */
  forget(name: string, namespace = 'default'): void {
    rmSync(this.blobPath(name));
    delete this.bucket(namespace, 'content', 'blob')[name];
  }

  blobPath(name: string): string {
    return join(this.root, BLOBS, name.replace('sha256:', ''));
  }

  bucket(namespace: string, ...path: readonly string[]): Mutable {
    let bucket = this.meta.v1 as Mutable;
    for (const name of [namespace, ...path]) {
      const next = (bucket[name] ?? {}) as Mutable;
      bucket[name] = next;
      bucket = next;
    }
    return bucket;
  }
}

function parentOf(parent: string | undefined): { readonly parent?: string } {
  return parent === undefined ? {} : { parent };
}

function descriptor(mediaType: string, name: string, size: number): object {
  return { mediaType, digest: name, size };
}

export function uvarint(value: number): Buffer {
  const bytes: number[] = [];
  let left = BigInt(value);
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(left)]);
}

function varint(value: number): Buffer {
  return uvarint(value * 2);
}

/** `time.Time.MarshalBinary` of UTC. */
export function goTime(seconds: number, nanoseconds = 0): Buffer {
  const bytes = Buffer.alloc(15);
  bytes.writeUInt8(1, 0);
  bytes.writeBigInt64BE(BigInt(seconds) + 62_135_596_800n, 1);
  bytes.writeUInt32BE(nanoseconds, 9);
  bytes.writeInt16BE(-1, 13);
  return bytes;
}

/** `google.protobuf.Any`. */
export function any(value: string, typeUrl = 'types.containerd.io/test'): Buffer {
  const field = (tag: number, text: string) =>
    Buffer.concat([Buffer.from([tag]), uvarint(Buffer.byteLength(text)), Buffer.from(text)]);
  return Buffer.concat([field(0x0a, typeUrl), field(0x12, value)]);
}
