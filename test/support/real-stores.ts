// Small stores that real engines made, with the engines' own lists of their trees as truth (README there). They are no part of the
// repository: CI lays them beside its clone.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Temporary } from './temporary.ts';

/** The folder with the stores, undefined where there is none: `STRATAFS_STORES`, or `../shared/stores` of the repository. */
export function storesFolder(): string | undefined {
  const root = resolve(import.meta.dirname, '../..');
  const folders = [process.env.STRATAFS_STORES, join(root, '../shared/stores')];
  return folders.find((folder) => folder !== undefined && existsSync(join(folder, 'lists')));
}

/** Unpacks a store (`podman-5.8-root-overlay`) into a folder of its own, as it was; needs root. Answers the folder. */
export function unpackStore(temporary: Pick<Temporary, 'path'>, name: string): string {
  const directory = temporary.path(name);
  mkdirSync(directory);
  const archive = join(folder(), `${name}.tar.gz`);
  const args = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '-xpzf', archive, '-C', directory];
  const { status, stderr } = spawnSync('tar', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Cannot unpack "${archive}": ${stderr}`);
  return directory;
}

/** Unpacks the archives of images into a folder of their own; needs nothing but tar. Answers the folder. */
export function unpackArchives(temporary: Pick<Temporary, 'path'>): string {
  return unpackStore(temporary, 'archives');
}

/** The engine's own view of a tree, a line a path. */
export function listOfEngine(name: string): string[] {
  return linesOf(readFileSync(join(folder(), 'lists', `${name}.list`), 'latin1'));
}

/** A mounted tree in the same form. */
export function listOfTree(directory: string): string[] {
  const { status, stdout, stderr } = spawnSync('python3', [join(folder(), 'tools/list.py'), directory], {
    encoding: 'latin1',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`Cannot list "${directory}": ${stderr}`);
  return linesOf(stdout);
}

/** Lines of either that the other has not: `-` is of the first. */
export function differingLines(first: readonly string[], second: readonly string[]): string[] {
  const [inFirst, inSecond] = [new Set(first), new Set(second)];
  return [
    ...first.filter((line) => !inSecond.has(line)).map((line) => `-${line}`),
    ...second.filter((line) => !inFirst.has(line)).map((line) => `+${line}`),
  ];
}

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function folder(): string {
  const found = storesFolder();
  if (found === undefined) throw new Error('there are no real stores');
  return found;
}
