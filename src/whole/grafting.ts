// Has what is mounted in a stack shown in it: each at its place, with the directories that are missing on the way, and what a directory
// then lists. Knows neither where things come from nor the kernel.
import type { FileSystem } from '../fuse/filesystem.ts';
import { type ByteString, cString, shownBytes } from '../sys/bytes.ts';
import { Errno, Trouble } from '../sys/errors.ts';
import { graftPlace } from './graft-path.ts';
import type { Grafts } from './grafts.ts';
import { fixedDirectory } from './item.ts';
import type { Region } from './regions.ts';
import type { AddScene, Scene } from './scenery.ts';
import type { Planted } from './stacks.ts';

export interface GraftTarget {
  /** Where numbers lead. */
  readonly fs: FileSystem;
  readonly grafts: Grafts;
  readonly add: AddScene;
  /** Told of what has no place. */
  readonly log: (message: string) => void;
}

/** Answers the scenes that were made, in their order. */
export async function graftAll(
  { root, mounted }: Pick<Planted, 'root' | 'mounted'>,
  { fs, grafts, add, log }: GraftTarget,
): Promise<Scene[]> {
  const made: Scene[] = [];
  for (const { at, item } of mounted) {
    try {
      const { directory, name } = await graftPlace(fs, root, at, (place) => {
        const scene = add(place.directory, place.name, fixedDirectory(new Map(), ''));
        grafts.add(scene);
        made.push(scene);
        return scene.number;
      });
      const scene = add(directory, name, item);
      grafts.add(scene);
      made.push(scene);
    } catch (error) {
      if (!(error instanceof Trouble || error instanceof Errno)) throw error;
      log(`Cannot show what is mounted at "${shownBytes(at)}": ${error.message}`);
    }
  }
  return made;
}

/** What a directory of a tree lists after `node`, as `nodesAfter` has it: without what is covered, and what is grafted on. */
export function listGrafted(
  { fs, base }: Region,
  directory: number,
  grafted: ReadonlyMap<ByteString, Scene>,
  node: number,
): number[] {
  const at = directory - base;
  const covered = new Set([...grafted.keys()].map((name) => fs.lookup(at, cString(name), 0, name.length)));
  const own = entriesOf(fs, at).filter((entry) => !covered.has(entry));
  return ascendingAfter(node, [...own.map((entry) => base + entry), ...numbersOf(grafted)]);
}

/** The same of one without grafts; undefined for one that does not change. */
export function listChanging(
  { fs, base }: Region,
  directory: number,
  node: number,
): Iterable<number> | undefined {
  const after = fs.nodesAfter?.(directory - base, node < base ? 0 : node - base);
  return after && numbersFrom(base, after);
}

function* numbersFrom(base: number, numbers: Iterable<number>): Generator<number> {
  for (const number of numbers) yield base + number;
}

/** The same of a directory that is on no disk. */
export function listScenes(
  children: readonly Scene[],
  grafted: ReadonlyMap<ByteString, Scene> | undefined,
  node: number,
): number[] {
  const own = children.filter(({ name }) => grafted?.has(name) !== true).map(({ number }) => number);
  return ascendingAfter(node, [...own, ...numbersOf(grafted ?? new Map())]);
}

function numbersOf(scenes: ReadonlyMap<ByteString, Scene>): number[] {
  return [...scenes.values()].map(({ number }) => number);
}

function ascendingAfter(node: number, numbers: readonly number[]): number[] {
  return numbers.filter((number) => number > node).sort((a, b) => a - b);
}

/** All entries, whether or not the directory changes. */
function entriesOf(fs: FileSystem, directory: number): readonly number[] {
  const changing = fs.nodesAfter?.(directory, 0);
  if (changing !== undefined) return [...changing];
  const first = fs.firstEntry(directory);
  return Array.from({ length: fs.entryCount(directory) }, (_, i) => first + i);
}
