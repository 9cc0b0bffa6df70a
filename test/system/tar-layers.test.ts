// Layers read from their tar alone: random trees through the writers people have, with each compression, give back every name,
// every attribute that the tar holds, and every byte by place.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { BlobCache } from '../../src/blob/cache.ts';
import { FileBytes } from '../../src/blob/file-bytes.ts';
import type { RecordedLayer } from '../../src/overlay/recorded/recorded-layer.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../src/sys/statx.ts';
import { type BlobLayer, readBlobLayer } from '../../src/unpack/blob-layer.ts';
import { MOBY_RULES } from '../../src/unpack/rules.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

const TREES = Number(process.env.TREES ?? 2);
const SEED = Number(process.env.SEED ?? 7);

/** A generator of numbers below a limit, the same for the same seed. */
function numbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Paths of what was made, relative, as bytes in latin1. */
function makeTree(root: string, next: (limit: number) => number): string[] {
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

const TYPES = new Map([
  [S_IFDIR, 'directory'],
  [S_IFREG, 'file'],
  [S_IFLNK, 'link'],
]);

/** One line a path: what a tar holds of it; of times, whole seconds, and none of a directory that is filled after. */
function treeOnDisk(root: string, paths: readonly string[]): string[] {
  return paths.map((path) => {
    const at = Buffer.from(`${root}/${path}`, 'latin1');
    const { mode, uid, gid, size, mtimeMs, nlink } = lstatSync(at);
    const type = mode & S_IFMT;
    const isLink = type === S_IFLNK;
    return [
      JSON.stringify(path),
      TYPES.get(type),
      isLink ? '' : (mode & 0o7777).toString(8),
      `${uid}:${gid}`,
      type === S_IFREG ? `${size} bytes, ${nlink} links` : '',
      isLink ? JSON.stringify(readlinkSync(at, 'latin1')) : '',
      isLink || type === S_IFDIR ? '' : Math.floor(mtimeMs / 1000),
    ].join(' ');
  });
}

function find(layer: RecordedLayer, path: string): number {
  const slash = path.lastIndexOf('/');
  const directory = layer.directory(slash < 0 ? '' : path.slice(0, slash));
  return directory === undefined ? 0 : layer.find(directory, path.slice(slash + 1));
}

function treeOfLayer({ layer }: BlobLayer, paths: readonly string[]): string[] {
  return paths.map((path) => {
    const number = find(layer, path);
    if (number === 0) return `${JSON.stringify(path)} is missing`;
    const { mode, uid, gid, size, mtime, links, linkTarget } = layer.object(number);
    const type = mode & S_IFMT;
    const isLink = type === S_IFLNK;
    return [
      JSON.stringify(path),
      TYPES.get(type),
      isLink ? '' : (mode & 0o7777).toString(8),
      `${uid}:${gid}`,
      type === S_IFREG ? `${size} bytes, ${links} links` : '',
      isLink ? JSON.stringify(linkTarget) : '',
      isLink || type === S_IFDIR ? '' : mtime.seconds,
    ].join(' ');
  });
}

const PYTHON = `
import os, sys, tarfile
with tarfile.open(sys.argv[1], 'w', format=getattr(tarfile, sys.argv[3])) as t:
    t.add(sys.argv[2], arcname='.')
`;

/** Each writes a tar of a directory's contents. */
const WRITERS: readonly (readonly [
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

const COMPRESSIONS: readonly (readonly [name: string, command: readonly string[] | undefined])[] = [
  ['not compressed', undefined],
  ['gzip', ['gzip', '-c']],
  ['zstd', ['zstd', '-qc']],
];

function run(command: readonly string[]): Buffer {
  const [program = '', ...words] = command;
  const { status, stdout, stderr } = spawnSync(program, words, { maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return stdout;
}

async function read(file: string): Promise<BlobLayer> {
  const descriptor = openSync(file, 'r');
  onTestFinished(() => closeSync(descriptor));
  const bytes = new FileBytes({ descriptor, offset: 0, size: fstatSync(descriptor).size });
  const spools = { directory: temporaryForTest().directory, limit: 1 << 30, used: 0 };
  return readBlobLayer(bytes, { cache: new BlobCache(), spools, rules: MOBY_RULES.trusted, hashes: true });
}

describeSystem('readBlobLayer()', ['root', 'python', 'bsdtar', 'zstd'], () => {
  it.each(WRITERS)(`gives back random trees by %s, however compressed (SEED=${SEED})`, async (_, command) => {
    for (let tree = 0; tree < TREES; tree++) {
      const folder = temporaryForTest();
      const next = numbers(SEED + tree);
      const root = folder.path('tree');
      mkdirSync(root);
      const paths = makeTree(root, next);
      const tar = folder.path('layer.tar');
      run(command(tar, root));
      for (const [name, compress] of COMPRESSIONS) {
        const file = compress === undefined ? tar : `${tar}.${name}`;
        if (compress !== undefined) writeFileSync(file, run([...compress, tar]));
        const layer = await read(file);
        expect(treeOfLayer(layer, paths)).toEqual(treeOnDisk(root, paths));
        expect(layer.diffId).toBe(`sha256:${run(['sha256sum', tar]).toString('latin1', 0, 64)}`);
        expect([layer.refused, layer.refusals]).toEqual([0, []]);
        mustReadByPlace(layer, root, paths, next);
        layer.contents.close();
      }
    }
  });
});

/** 200 parts of random files, at random. */
function mustReadByPlace(
  { layer, contents }: BlobLayer,
  root: string,
  paths: readonly string[],
  next: (limit: number) => number,
): void {
  const files = paths.filter((path) => lstatSync(Buffer.from(`${root}/${path}`, 'latin1')).isFile());
  for (let i = 0; i < 200; i++) {
    const path = files[next(files.length)] as string;
    const whole = readFileSync(Buffer.from(`${root}/${path}`, 'latin1'));
    const offset = next(whole.length + 1);
    const room = Buffer.alloc(1 + next(100_000));
    const count = contents.read(find(layer, path), offset, room);
    expect(room.subarray(0, count).equals(whole.subarray(offset, offset + room.length))).toBe(true);
  }
}
