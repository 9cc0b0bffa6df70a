// A store of forty images over one base, in Docker's layout: 10,000 names of the base, a few hundred of each image's own. Written once, and
// used again as long as what is written here does not change.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeStore } from '../../test/support/fake-store.ts';

export const IMAGES = 40;
const REPOSITORY = 'bench';
const BASE_LAYERS = 2;
/** Each image has from one to three layers of its own. */
const MOST_OWN = 3;
/** Of each layer, with so many files each. */
const BASE_DIRECTORIES = 500;
const OWN_DIRECTORIES = 10;
const FILES = 9;
const STAMP = '1';

export interface WholeStore {
  readonly root: string;
  /** Directories of each image, top first; by the name that its tag has. */
  readonly stacks: ReadonlyMap<string, readonly string[]>;
}

/** Where an image is in a mount of all. */
export function placeOf(tag: string): string {
  return `images/${REPOSITORY}/${tag}`;
}

export function prepareStore(directory: string): WholeStore {
  const stamp = join(directory, 'stamp');
  const isKept = existsSync(stamp) && readFileSync(stamp, 'utf8') === STAMP;
  if (!isKept) rmSync(directory, { recursive: true, force: true });
  const root = join(directory, 'root');
  const store = isKept ? undefined : new FakeStore(root);
  const stacks = new Map<string, readonly string[]>();
  for (let image = 0; image < IMAGES; image++) {
    const layers = layersOf(image);
    store?.image({ names: [`${REPOSITORY}:${image}`], layers });
    const paths = layers.map((_, n) => pathOf(root, layers.slice(0, n + 1)));
    if (!isKept) for (const [n, path] of paths.entries()) writeLayer(path, image, n);
    stacks.set(String(image), paths.toReversed());
  }
  writeFileSync(stamp, STAMP);
  return { root, stacks };
}

/** Base first, in words that say what a layer is. */
function layersOf(image: number): string[] {
  const base = Array.from({ length: BASE_LAYERS }, (_, n) => `base ${n}`);
  const own = Array.from({ length: 1 + (image % MOST_OWN) }, (_, n) => `own ${image} ${n}`);
  return [...base, ...own];
}

function pathOf(root: string, layers: readonly string[]): string {
  return join(root, 'overlay2', FakeStore.cacheId(layers), 'diff');
}

/** Layers of the base are written once; each layer has some directories of the one below it. */
function writeLayer(path: string, image: number, n: number): void {
  const isOwn = n >= BASE_LAYERS;
  if (!isOwn && image > 0) return;
  if (n > 0) mkdirSync(join(path, '../work'), { recursive: true });
  const count = isOwn ? OWN_DIRECTORIES : BASE_DIRECTORIES;
  for (let i = 0; i < count; i++) {
    const name = i % 3 === 0 ? `shared-${i}` : `of-${isOwn ? image : 'base'}-${n}-${i}`;
    const at = join(path, 'usr/lib', String(i % 20), name);
    mkdirSync(at, { recursive: true });
    for (let file = 0; file < FILES; file++) {
      writeFileSync(join(at, `file-${n}-${file}`), `${image} ${n} ${i} `.repeat(20 + ((i * 7 + file) % 300)));
    }
  }
}
