// A data root of Docker written from values: images, containers and layers that agree with each other, so that a test
// says only what it is about, and then damages one file. Layers hold no files unless a test puts them there.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chainIds, type DiffId } from '../../src/store/digest.ts';

export interface FakeImage {
  /** Familiar names, `name:tag` or `name@sha256:…`. */
  readonly names?: readonly string[];
  /** Base first: any words, whose hash is the diff ID. */
  readonly layers: readonly string[];
  readonly created?: string;
  /** Fields put into the config beside the usual ones, or in their place. */
  readonly config?: object;
  /** ID of the image it was built from. */
  readonly parent?: string;
}

export interface FakeContainer {
  readonly name: string;
  /** What `image()` returned. */
  readonly image: string;
  readonly state?: object;
  /** Fields put into config.v2.json beside the usual ones, or in their place. */
  readonly config?: object;
}

export function hex(words: string): string {
  return createHash('sha256').update(words).digest('hex');
}

function cacheIdOf(chainId: string): string {
  return hex(`cache ${chainId}`);
}

/** 26 letters and digits, as the short links have. */
function linkOf(directory: string): string {
  return hex(directory).slice(0, 26).toUpperCase();
}

export class FakeStore {
  readonly root: string;
  readonly #repositories = new Map<string, Map<string, string>>();
  /** Chain of each image, base first. */
  readonly #chains = new Map<string, readonly string[]>();

  constructor(root: string) {
    this.root = root;
    for (const directory of ['imagedb/content/sha256', 'imagedb/metadata/sha256', 'layerdb/sha256']) {
      mkdirSync(join(root, 'image/overlay2', directory), { recursive: true });
    }
    for (const directory of ['containers', 'overlay2/l'])
      mkdirSync(join(root, directory), { recursive: true });
    this.#writeNames();
  }

  /** Returns the 64 hex digits of its ID. */
  image({
    names = [],
    layers,
    created = '2024-01-02T03:04:05.678Z',
    config = {},
    parent,
  }: FakeImage): string {
    const diffIds = layers.map((words) => `sha256:${hex(words)}` as DiffId);
    const history = layers.map((words) => ({ created, created_by: `RUN ${words}` }));
    const whole = { created, history, os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds }, ...config };
    const text = JSON.stringify(whole);
    const id = hex(text);
    this.write(`image/overlay2/imagedb/content/sha256/${id}`, text);
    if (parent !== undefined) {
      this.write(`image/overlay2/imagedb/metadata/sha256/${id}/parent`, `sha256:${parent}`);
    }
    const chain = chainIds(diffIds);
    this.#chains.set(id, chain);
    chain.forEach((chainId, index) => {
      this.#layer(chainId, chain[index - 1], diffIds[index] ?? '', 100 + index);
    });
    for (const name of names) this.tag(name, id);
    return id;
  }

  /** Returns its ID. */
  container({ name, image, state = {}, config = {} }: FakeContainer): string {
    const id = hex(`container ${name}`);
    const whole = {
      ID: id,
      Name: `/${name}`,
      Image: `sha256:${image}`,
      Driver: 'overlay2',
      Created: '2024-02-03T04:05:06.789Z',
      Path: '/bin/sh',
      Args: ['-c', 'echo hi', 'x'],
      Config: { Image: `made-from-${name}` },
      State: { Running: false, ExitCode: 0, StartedAt: '0001-01-01T00:00:00Z', ...state },
      ...config,
    };
    this.write(`containers/${id}/config.v2.json`, `${JSON.stringify(whole)}\n`);
    const mountId = hex(`mount ${name}`);
    const mounts = `image/overlay2/layerdb/mounts/${id}`;
    this.write(`${mounts}/mount-id`, mountId);
    this.write(`${mounts}/init-id`, `${mountId}-init`);
    const top = this.#chains.get(image)?.at(-1);
    if (top !== undefined) this.write(`${mounts}/parent`, top);
    const below = top === undefined ? undefined : cacheIdOf(top);
    this.#directory(`${mountId}-init`, below);
    this.#directory(mountId, `${mountId}-init`);
    return id;
  }

  tag(name: string, image: string): void {
    const repository = name.includes('@')
      ? name.slice(0, name.indexOf('@'))
      : name.slice(0, name.lastIndexOf(':'));
    const entries = this.#repositories.get(repository) ?? new Map<string, string>();
    this.#repositories.set(repository, entries.set(name, `sha256:${image}`));
    this.#writeNames();
  }

  /** Path of a layer's file in layerdb, relative to the root; `layers` as they were given, base first. */
  static layerFile(layers: readonly string[], name: string): string {
    return `${FakeStore.layerDirectory(layers)}/${name}`;
  }

  static layerDirectory(layers: readonly string[]): string {
    return `image/overlay2/layerdb/sha256/${FakeStore.chainHex(layers)}`;
  }

  static chainHex(layers: readonly string[]): string {
    return (chainIds(layers.map((words) => `sha256:${hex(words)}` as DiffId)).at(-1) ?? '').slice(7);
  }

  /** Cache ID of a layer: where its files lie below `overlay2`. */
  static cacheId(layers: readonly string[]): string {
    return cacheIdOf(`sha256:${FakeStore.chainHex(layers)}`);
  }

  path(path: string): string {
    return join(this.root, path);
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  /** Paths here and below are relative to the root. */
  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), content);
  }

  remove(path: string): void {
    rmSync(this.path(path), { recursive: true });
  }

  /** Moves what is at `path` elsewhere and puts a link to it there, which leads to the very same content. */
  replaceByLink(path: string): void {
    const elsewhere = this.path(`elsewhere-${hex(path).slice(0, 8)}`);
    renameSync(this.path(path), elsewhere);
    symlinkSync(elsewhere, this.path(path));
  }

  #layer(chainId: string, parent: string | undefined, diffId: string, size: number): void {
    const directory = `image/overlay2/layerdb/sha256/${chainId.slice(7)}`;
    const cacheId = cacheIdOf(chainId);
    this.write(`${directory}/diff`, diffId);
    if (parent !== undefined) this.write(`${directory}/parent`, parent);
    this.write(`${directory}/cache-id`, cacheId);
    this.write(`${directory}/size`, String(size));
    this.#directory(cacheId, parent === undefined ? undefined : cacheIdOf(parent));
  }

  /** A directory of the driver with what tells the daemon to stack it on the one `below`. */
  #directory(name: string, below: string | undefined): void {
    mkdirSync(this.path(`overlay2/${name}/diff`), { recursive: true });
    const link = linkOf(name);
    if (!existsSync(this.path(`overlay2/l/${link}`)))
      symlinkSync(`../${name}/diff`, this.path(`overlay2/l/${link}`));
    this.write(`overlay2/${name}/link`, link);
    if (below === undefined) return;
    const lower = this.path(`overlay2/${below}/lower`);
    const further = existsSync(lower) ? [readFileSync(lower, 'latin1')] : [];
    this.write(`overlay2/${name}/lower`, [`l/${linkOf(below)}`, ...further].join(':'));
  }

  #writeNames(): void {
    const entries = [...this.#repositories].map(([name, images]) => [name, Object.fromEntries(images)]);
    this.write(
      'image/overlay2/repositories.json',
      JSON.stringify({ Repositories: Object.fromEntries(entries) }),
    );
  }
}
