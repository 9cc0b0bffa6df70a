// Asks a store of any kind everything that lists, `inspect`, `ls`, `verify` and `doctor` ask of one, whatever its files hold.
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, vi } from 'vitest';
import { healthOf } from '../../src/health/open.ts';
import { StoreFiles } from '../../src/store/files.ts';
import type { OpenOptions } from '../../src/store/kind.ts';
import type { LayerStack } from '../../src/store/layer-stack.ts';
import { openStore } from '../../src/store/open.ts';
import { sourceName } from '../../src/store/source.ts';
import type { Store } from '../../src/store/store.ts';
import { Trouble } from '../../src/sys/errors.ts';

/** A real store that is altered, and what is asked of it. */
export interface AskedStore {
  readonly root: string;
  readonly references: readonly [image: string, container: string];
  readonly namespace?: string;
}

export const ASKED_STORES = {
  'docker-28-containerd': { root: 'root', references: ['demo:1', 'web'] },
  'podman-5.8-root-overlay': { root: 'root', references: ['docker.io/library/demo:1', 'web'] },
  'podman-4.3-root-bolt': { root: 'root', references: ['demo:1', 'done'] },
  'podman-5.8-composefs': { root: 'cfs/root', references: ['127.0.0.1:5917/clean:1', 'c'] },
  'containerd-1.6': { root: 'root', references: ['docker.io/library/demo:1', 'c1'], namespace: 'default' },
  'docker-28-overlay2': { root: 'root', references: ['demo:1', 'web'] },
  'podman-5.8-rootless-vfs': { root: 'vfs', references: ['demo:1', 'web'] },
} as const satisfies Readonly<Record<string, AskedStore>>;

const FORM = /^Cannot /;

/**
 * What the store says, a line an answer; what it refuses is the sentence. Fails where anything but a Trouble is thrown, and where
 * a layer lies outside of `root`.
 */
export async function askStore(
  root: string,
  references: readonly string[],
  options: OpenOptions = {},
): Promise<string[]> {
  const said: string[] = [];
  const ask = <T>(what: string, question: () => T): T | undefined => {
    try {
      const answer = question();
      said.push(`${what}: ${textOf(answer)}`);
      return answer;
    } catch (error) {
      refused(what, error);
      return undefined;
    }
  };
  const refused = (what: string, error: unknown) => {
    if (!(error instanceof Trouble)) throw error;
    expect(error.message).toMatch(FORM);
    said.push(`${what}: ${error.message}`);
  };
  let store: Store;
  try {
    store = openStore(root, options);
  } catch (error) {
    refused('open', error);
    return said;
  }
  ask('images', () => store.images());
  ask('containers', () => store.containers());
  ask('damage', () => [store.damage('images'), store.damage('containers')]);
  for (const reference of references) {
    const seen = new Set<string>();
    for (const missing of ['refuse', 'mark'] as const) {
      const stack = ask(`${reference} ${missing}`, () => stackIn(root, store, reference, missing));
      // A snapshot by itself is of no image, and what was said of a stack is said of an equal one.
      if (stack === undefined || stack.kind === 'lowerdir' || seen.has(textOf(stack))) continue;
      seen.add(textOf(stack));
      ask('configuration', () => store.configuration(stack));
      ask('image', () => store.configuration(stack, 'image'));
      ask('history', () => store.history(stack));
      ask('owner', () => store.rootOwner(stack));
      for (const layer of stack.layers) {
        ask('record', () => firstBytes(store.record(layer, stack)?.open()));
        const { source } = layer;
        if (source.kind === 'directory') ask('objects', () => [...(source.objects?.() ?? [])]);
        else ask('blob', () => source.open().close());
      }
    }
    ask(`claims of ${reference}`, () => [...store.claims(reference)]);
  }
  ask('claims', () => [...store.claims()]);
  try {
    const all = healthOf(store);
    for (const health of all) {
      await health.examine(
        ({ code, path, detail }) => said.push(`${code} ${path} ${detail}`),
        all.map((each) => each.store),
      );
    }
  } catch (error) {
    refused('doctor', error);
  }
  return said;
}

function stackIn(root: string, store: Store, reference: string, missing: 'refuse' | 'mark'): LayerStack {
  const stack = store.resolve(reference, missing);
  for (const { source } of stack.layers) {
    const name = sourceName(source);
    expect(name.startsWith(`${root}/`), name).toBe(true);
    expect(name.split('/')).not.toContain('..');
  }
  return stack;
}

function firstBytes(file: { readNext(buffer: Buffer): number; close(): void } | undefined): number {
  const got = file?.readNext(Buffer.alloc(4096)) ?? 0;
  file?.close();
  return got;
}

/** Of functions and bytes only that they are there. */
function textOf(answer: unknown): string {
  const text = JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  return text ?? 'nothing';
}

/** Below this directory are trees of images, no files of the store itself. */
const TREES =
  /\/(?:fs|diff|work|merged|_data|native\/snapshots|vfs\/dir)$|snapshotter\.v1\.native\/snapshots$/;

/** Whether a path relative to a root lies in the tree of a layer or a volume. */
export function isTree(path: string): boolean {
  const parts = path.split('/');
  return parts.some((_, index) => index > 0 && TREES.test(`/${parts.slice(0, index).join('/')}`));
}

export interface StorePaths {
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

/** What a store is made of besides the trees of its layers, relative to its root. */
export function pathsOf(root: string, below = ''): StorePaths {
  const [files, directories]: [string[], string[]] = [[], []];
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isFile()) files.push(path);
    if (!entry.isDirectory()) continue;
    directories.push(path);
    if (TREES.test(`/${path}`)) continue;
    const inner = pathsOf(root, path);
    for (const one of inner.files) files.push(one);
    for (const one of inner.directories) directories.push(one);
  }
  return { files, directories };
}

/** The paths below `root` that `act` asks of the store's files, and all directories on the way: whatever lies elsewhere is not met. */
export async function pathsAsked(root: string, act: () => Promise<unknown>): Promise<ReadonlySet<string>> {
  const asked = new Set<string>();
  // What else is asked, is asked by way of these.
  const spies = (['kindOf', 'ownerOf', 'namesIfPresent', 'linkIfPresent', 'stampOf'] as const).map((name) => {
    const original = StoreFiles.prototype[name] as (
      this: StoreFiles,
      path: string | readonly string[],
    ) => unknown;
    const noting = function (this: StoreFiles, path: string | readonly string[]) {
      for (const one of [path].flat()) {
        let below = relative(root, join(this.directory, one));
        for (; below !== '' && !below.startsWith('..'); below = dirname(below) === '.' ? '' : dirname(below))
          asked.add(below);
      }
      return original.call(this, path);
    };
    return vi.spyOn(StoreFiles.prototype, name as 'kindOf').mockImplementation(noting as never);
  });
  await act();
  for (const spy of spies) spy.mockRestore();
  return asked;
}

/** Of paths that differ in IDs only, one: engines keep the same there. */
export function onePerShape(paths: readonly string[]): string[] {
  const shapes = new Map<string, string>();
  for (const path of paths) {
    const shape = path
      .replace(/[0-9a-f]{64}/g, 'ID')
      .replace(/=[A-Za-z0-9+]{20,}=*/, 'DATA')
      .replace(/\/l\/[A-Z0-9]{26}$/, '/l/LINK')
      .replace(/\/\d+(?=\/|$)/, '/N');
    if (!shapes.has(shape)) shapes.set(shape, path);
  }
  return [...shapes.values()];
}
