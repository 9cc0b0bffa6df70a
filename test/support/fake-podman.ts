// A graph root of containers-storage written from values, as Podman leaves it: lists, data, layers and its own database agree with
// each other, so that a test says only what it is about, and then damages one file. Layers hold no files unless a test puts them there.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { boltFile } from './bolt-file.ts';
import { type SqliteTable, sqliteFile } from './sqlite-file.ts';

export interface FakePodmanImage {
  /** In full: `docker.io/library/demo:1`. */
  readonly names: readonly string[];
  /** Base first: any words, whose hash is the diff ID. */
  readonly layers: readonly string[];
}

export interface FakePodmanContainer {
  readonly name: string;
  /** What `image()` answered. */
  readonly image: string;
  /** Whether it does not outlive a boot (`--rm`, Buildah's). */
  readonly isVolatile?: boolean;
  /** Fields put into Podman's own record of it. */
  readonly config?: object;
  /** 3: running. */
  readonly state?: number;
  /** ID of the pod that it is in. */
  readonly pod?: string;
  /** The root that has the image, where that is another one. */
  readonly imageStore?: FakePodman;
}

/** Where Podman keeps its own records; CRI-O and Buildah have neither. */
export type FakeDatabase = 'db.sql' | 'libpod/bolt_state.db' | 'none';

interface KeptContainer {
  readonly id: string;
  readonly name: string;
  readonly pod: string;
  readonly config: string;
  readonly state: string;
}

const CREATED = '2026-01-02T03:04:05.678Z';
const LIST_NAMES = ['images', 'layers', 'containers'] as const;
type FakeRecord = Record<string, unknown>;

function hexOfWords(words: string): string {
  return createHash('sha256').update(words).digest('hex');
}

export class FakePodman {
  readonly root: string;
  /** As they are written. */
  readonly lists: Record<(typeof LIST_NAMES)[number] | 'volatile-containers', FakeRecord[]> = {
    images: [],
    layers: [],
    containers: [],
    'volatile-containers': [],
  };
  readonly #containers: KeptContainer[] = [];
  readonly #pods = new Map<string, string>();
  readonly #volumes = new Map<string, string>();
  /** Top layer by image. */
  readonly #tops = new Map<string, string>();

  constructor(root: string) {
    this.root = root;
    mkdirSync(join(root, 'overlay/l'), { recursive: true });
    for (const list of LIST_NAMES) mkdirSync(join(root, `overlay-${list}`));
  }

  /** Answers its ID. */
  image({ names, layers }: FakePodmanImage): string {
    const diffIds = layers.map((words) => `sha256:${hexOfWords(words)}`);
    const history = layers.map((words) => ({ created: CREATED, created_by: `RUN ${words}` }));
    const rootfs = { type: 'layers', diff_ids: diffIds };
    const config = JSON.stringify({ created: CREATED, history, os: 'linux', architecture: 'amd64', rootfs });
    const id = hexOfWords(config);
    let top: string | undefined;
    for (const [index, diffId] of diffIds.entries()) {
      const hex = diffId.replace('sha256:', '');
      const layer = top === undefined ? hex : hexOfWords(`${top}+${hex}`);
      const tar = { 'diff-digest': diffId, 'diff-size': 100 + index };
      if (!this.lists.layers.some((one) => one.id === layer)) this.#layer(layer, top, tar);
      this.write(`overlay-layers/${layer}.tar-split.gz`, gzipSync(''));
      top = layer;
    }
    const descriptor = (kind: string, digest: string) => ({
      mediaType: `application/vnd.oci.image.${kind}`,
      digest,
      size: 1,
    });
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('config.v1+json', `sha256:${id}`),
      layers: diffIds.map((diffId) => descriptor('layer.v1.tar', diffId)),
    });
    const digest = `sha256:${hexOfWords(manifest)}`;
    const data = { manifest, [`manifest-${digest}`]: manifest, [`sha256:${id}`]: config };
    for (const [name, text] of Object.entries(data))
      this.write(`overlay-images/${id}/${dataName(name)}`, text);
    this.lists.images.push({
      ...{ id, digest, names, layer: top, metadata: '{}', created: CREATED },
      'names-history': names,
      'big-data-names': Object.keys(data),
    });
    if (top !== undefined) this.#tops.set(id, top);
    return id;
  }

  /** Answers its ID. */
  container({
    name,
    image,
    imageStore = this,
    isVolatile = false,
    config,
    state = 6,
    pod,
  }: FakePodmanContainer): string {
    const id = hexOfWords(`container ${name}`);
    const layer = hexOfWords(`layer of ${name}`);
    this.#layer(layer, imageStore.#tops.get(image), { names: [`${name}-layer`] }, imageStore);
    const metadata = JSON.stringify({ 'image-name': 'made-from', 'image-id': image, name, 'created-at': 1 });
    const record = { id, names: [name], image, layer, metadata, created: CREATED, flags: {} };
    this.lists[isVolatile ? 'volatile-containers' : 'containers'].push(record);
    const runtime = { root: { path: join(this.root, 'overlay', layer, 'merged') } };
    this.write(`overlay-containers/${id}/userdata/config.json`, JSON.stringify(runtime));
    const made = { id, name, rootfsImageID: image, rootfsImageName: 'made-from', command: ['sh'], ...config };
    const known = { state, exitCode: 0, startedTime: CREATED, finishedTime: CREATED };
    this.#containers.push({
      ...{ id, name, pod: pod ?? '' },
      config: JSON.stringify(pod === undefined ? made : { ...made, pod }),
      state: JSON.stringify(known),
    });
    return id;
  }

  /** 1 to 8, as libpod counts them; is written with the database. */
  setState(id: string, state: number): void {
    const at = this.#containers.findIndex((one) => one.id === id);
    const known = this.#containers[at];
    if (known === undefined) throw new Error(`no container ${id}`);
    this.#containers[at] = { ...known, state: JSON.stringify({ ...JSON.parse(known.state), state }) };
  }

  /** Answers its ID. */
  pod(name: string): string {
    const id = hexOfWords(`pod ${name}`);
    this.#pods.set(id, JSON.stringify({ id, name }));
    return id;
  }

  /** A named volume of Podman's own driver, with fields of its record. */
  volume(name: string, config: object = {}): void {
    mkdirSync(this.path(`volumes/${name}/_data`), { recursive: true });
    this.#volumes.set(name, JSON.stringify({ name, volumeDriver: 'local', labels: {}, ...config }));
  }

  /** Writes lists and database as they are now. */
  finish(database: FakeDatabase = 'db.sql'): this {
    for (const list of LIST_NAMES) this.writeList(list, this.lists[list]);
    this.write(
      'overlay-containers/volatile-containers.json',
      JSON.stringify(this.lists['volatile-containers']),
    );
    if (database === 'db.sql') this.write(database, sqliteFile(this.tables()));
    else if (database !== 'none') this.write(database, this.#bolt());
    return this;
  }

  writeList(list: (typeof LIST_NAMES)[number], records: unknown): void {
    this.write(`overlay-${list}/${list}.json`, JSON.stringify(records));
  }

  /** Of `db.sql`. */
  tables(): SqliteTable[] {
    const table = (name: string, columns: string, rows: SqliteTable['rows']): SqliteTable => ({
      name,
      sql: `CREATE TABLE ${name}(${columns})`,
      rows,
    });
    const key = 'ID TEXT PRIMARY KEY NOT NULL';
    const all = this.#containers;
    return [
      table(
        'DBConfig',
        'ID INTEGER PRIMARY KEY NOT NULL, SchemaVersion INTEGER, GraphRoot TEXT, RunRoot TEXT',
        [[null, 1, this.root, '/run/containers/storage']],
      ),
      table(
        'ContainerConfig',
        `${key}, Name TEXT UNIQUE NOT NULL, PodID TEXT, JSON TEXT NOT NULL`,
        all.map(({ id, name, pod, config }) => [id, name, pod, config]),
      ),
      table(
        'ContainerState',
        `${key}, State INTEGER NOT NULL, ExitCode INTEGER, JSON TEXT NOT NULL`,
        all.map(({ id, state }) => [id, 1, 0, Buffer.from(state)]),
      ),
      table(
        'PodConfig',
        `${key}, Name TEXT UNIQUE NOT NULL, JSON TEXT NOT NULL`,
        [...this.#pods].map(([id, config]) => [id, id.slice(0, 8), config]),
      ),
      table(
        'VolumeConfig',
        'Name TEXT PRIMARY KEY NOT NULL, StorageID TEXT, JSON TEXT NOT NULL',
        [...this.#volumes].map(([name, config]) => [name, null, config]),
      ),
    ];
  }

  #bolt(): Buffer {
    const all = this.#containers.map(({ id, pod, config, state }) => [
      id,
      { config, state, ...(pod === '' ? {} : { 'pod-id': pod }) },
    ]);
    return boltFile({
      ctr: Object.fromEntries(all),
      pod: Object.fromEntries([...this.#pods].map(([id, config]) => [id, { config }])),
      vol: Object.fromEntries([...this.#volumes].map(([name, config]) => [name, { config }])),
      'runtime-config': { 'run-root': '/run/containers/storage' },
    });
  }

  /** `below` has the parent. */
  #layer(id: string, parent: string | undefined, fields: FakeRecord, below: FakePodman = this): void {
    this.lists.layers.push({ id, ...(parent === undefined ? {} : { parent }), created: CREATED, ...fields });
    const link = linkOf(id);
    mkdirSync(this.path(`overlay/${id}/diff`), { recursive: true });
    this.write(`overlay/${id}/link`, link);
    symlinkSync(`../${id}/diff`, this.path(`overlay/l/${link}`));
    if (parent === undefined) return;
    const lower = `overlay/${parent}/lower`;
    const further = existsSync(below.path(lower)) ? [below.read(lower)] : [];
    this.write(`overlay/${id}/lower`, [`l/${linkOf(parent)}`, ...further].join(':'));
  }

  path(path: string): string {
    return join(this.root, path);
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'latin1');
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), content);
  }
}

/** As containers-storage makes one of a key (makeBigDataBaseName). */
function dataName(key: string): string {
  return /^[.0-9a-z]+$/.test(key) ? key : `=${Buffer.from(key).toString('base64')}`;
}

/** 26 letters and digits, as the short links have. */
function linkOf(id: string): string {
  return id.slice(0, 26).toUpperCase();
}
