// Random trees for tars, what a tar holds of one, and the writers of tars that people have, with each compression.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../src/sys/statx.ts';

/** A generator of numbers below a limit, the same for the same seed. */
export function seededNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Paths of what was made, relative, as bytes in latin1. */
export function makeTree(root: string, next: (limit: number) => number): string[] {
  const paths: string[] = [];
  const directories = [''];
  const files: string[] = [];
  const absolute = (path: string) => Buffer.from(`${root}/${path}`, 'latin1');
  for (let i = 0; i < 60; i++) {
    const parent = directories[next(directories.length)] as string;
    const long = next(8) === 0 ? 'n'.repeat(90 + next(100)) : '';
    const path = `${parent === '' ? '' : `${parent}/`}${'\xe9 a\n'.slice(0, next(4))}${i}${long}`;
    const kind = next(10);
    if (kind < 2) {
      mkdirSync(absolute(path));
      directories.push(path);
    } else if (kind === 2 && files.length > 0) {
      linkSync(absolute(files[next(files.length)] as string), absolute(path));
    } else if (kind === 3) {
      symlinkSync(Buffer.from(`../${'t'.repeat(1 + next(150))}\xe9`, 'latin1'), absolute(path));
    } else if (kind === 4) {
      writeFileSync(absolute(path), Buffer.alloc(100 + next(5000), 65 + i));
      truncateSync(absolute(path), 300_000);
      const descriptor = openSync(absolute(path), 'r+');
      writeSync(descriptor, Buffer.alloc(4096, 97), 0, 4096, 131_072);
      closeSync(descriptor);
      files.push(path);
    } else {
      const contents = Buffer.alloc(next(3) === 0 ? next(700_000) : next(2000));
      for (let at = 0; at < contents.length; at += 1 + next(64)) contents[at] = next(256);
      writeFileSync(absolute(path), contents);
      chmodSync(absolute(path), 0o400 + next(0o400));
      files.push(path);
    }
    if (kind !== 2 && kind !== 3) utimesSync(absolute(path), 1e9 + i, 1.6e9 + i);
    paths.push(path);
  }
  return paths;
}

export const TYPE_WORDS = new Map([
  [S_IFDIR, 'directory'],
  [S_IFREG, 'file'],
  [S_IFLNK, 'link'],
]);

/** One line a path: what a tar holds of it; of times, whole seconds, and none of a directory that is filled after. */
export function treeOnDisk(root: string, paths: readonly string[]): string[] {
  return paths.map((path) => {
    const at = Buffer.from(`${root}/${path}`, 'latin1');
    const { mode, uid, gid, size, mtimeMs, nlink } = lstatSync(at);
    const type = mode & S_IFMT;
    const isLink = type === S_IFLNK;
    return [
      JSON.stringify(path),
      TYPE_WORDS.get(type),
      isLink ? '' : (mode & 0o7777).toString(8),
      `${uid}:${gid}`,
      type === S_IFREG ? `${size} bytes, ${nlink} links` : '',
      isLink ? JSON.stringify(readlinkSync(at, 'latin1')) : '',
      isLink || type === S_IFDIR ? '' : Math.floor(mtimeMs / 1000),
    ].join(' ');
  });
}

const PYTHON = `
import os, sys, tarfile
with tarfile.open(sys.argv[1], 'w', format=getattr(tarfile, sys.argv[3])) as t:
    t.add(sys.argv[2], arcname='.')
`;

/** Each writes a tar of a directory's contents. */
export const TAR_WRITERS: readonly (readonly [
  name: string,
  command: (tar: string, root: string) => readonly string[],
])[] = [
  ['GNU tar', (tar, root) => ['tar', '--format=gnu', '-cf', tar, '-C', root, '.']],
  ['GNU tar, PAX, sparse', (tar, root) => ['tar', '--format=posix', '-Scf', tar, '-C', root, '.']],
  [
    'GNU tar, PAX, sparse 0.1',
    (tar, root) => ['tar', '--format=posix', '--sparse-version=0.1', '-Scf', tar, '-C', root, '.'],
  ],
  [
    'GNU tar, PAX, sparse 0.0',
    (tar, root) => ['tar', '--format=posix', '--sparse-version=0.0', '-Scf', tar, '-C', root, '.'],
  ],
  // It cuts the name of a sparse file at 100 bytes (GNU.sparse.name, libarchive 3.6.2).
  ['bsdtar', (tar, root) => ['bsdtar', '--format=pax', '--no-read-sparse', '-cf', tar, '-C', root, '.']],
  ['Python, PAX', (tar, root) => ['python3', '-c', PYTHON, tar, root, 'PAX_FORMAT']],
  ['Python, GNU', (tar, root) => ['python3', '-c', PYTHON, tar, root, 'GNU_FORMAT']],
];

export const COMPRESSIONS: readonly (readonly [name: string, command: readonly string[] | undefined])[] = [
  ['not compressed', undefined],
  ['gzip', ['gzip', '-c']],
  ['zstd', ['zstd', '-qc']],
];

export function runTool(command: readonly string[]): Buffer {
  const [program = '', ...words] = command;
  const { status, stdout, stderr } = spawnSync(program, words, { maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return stdout;
}
