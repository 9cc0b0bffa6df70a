// The pairs of stacks that diff is measured on, written once and used again: what an image is made of, in size and shape.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Pair {
  readonly id: string;
  readonly words: string;
  /** Top first. */
  readonly a: readonly string[];
  readonly b: readonly string[];
}

interface Shape {
  readonly prefix: string;
  readonly directories: number;
  readonly files: number;
}

const OS: Shape = { prefix: 'usr/lib/os', directories: 1800, files: 12_000 };
const DEPENDENCIES: Shape = { prefix: 'srv/node_modules', directories: 2200, files: 14_000 };
const TOOLS: Shape = { prefix: 'opt/tools', directories: 500, files: 3800 };
const PREFIX: Shape = { prefix: 'usr/share/more', directories: 7000, files: 61_000 };
const APPLICATION: Shape = { prefix: 'srv/app', directories: 30, files: 440 };
const DOCUMENTS: Shape = { prefix: 'usr/share/doc/removed', directories: 60, files: 570 };
const NEVER = new Date(1_700_000_000_000);

/** Numbers that look random and are the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const block = Buffer.alloc(512 << 10);
for (let i = 0, state = 7; i < block.length; i++) {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  block[i] = state >>> 16;
}

/** Most files of an image are small; a few hold most of its bytes. */
function sizeOf(next: (below: number) => number): number {
  const kind = next(100);
  if (kind < 60) return next(4000);
  if (kind < 92) return 4000 + next(36_000);
  return 40_000 + next(260_000);
}

/** `changed`: of how many files in a thousand the last byte is another. */
function writeTree(layer: string, shape: Shape, seed: number, changed = 0): void {
  const next = numbers(seed);
  const luck = numbers(seed + changed);
  const directories = [shape.prefix];
  for (let i = 1; i < shape.directories; i++) {
    const parent = directories[next(Math.min(directories.length, 400))] ?? shape.prefix;
    directories.push(`${parent}/directory-${i}`);
  }
  for (const directory of directories) mkdirSync(join(layer, directory), { recursive: true });
  for (let i = 0; i < shape.files; i++) {
    const directory = directories[next(directories.length)] ?? shape.prefix;
    const size = sizeOf(next);
    const start = next(block.length - size);
    const data = Buffer.from(block.subarray(start, start + size));
    if (size > 0 && luck(1000) < changed) data[size - 1] = (data[size - 1] ?? 0) ^ 1;
    writeFileSync(join(layer, directory, `file-${i}.js`), data);
  }
}

export function preparePairs(folder: string): Pair[] {
  const layer = (name: string) => join(folder, name);
  const done = layer('complete-1');
  if (!existsSync(done)) {
    rmSync(folder, { recursive: true, force: true });
    writeLayers(layer);
    // One time for all files, as an unpacked archive would have it.
    execFileSync('find', [folder, '-exec', 'touch', '-h', '-d', NEVER.toISOString(), '{}', '+']);
    writeFileSync(done, '');
  }
  const base = [layer('tools'), layer('dependencies'), layer('os')];
  const before = [layer('top-a'), layer('app-a')];
  const after = [layer('top-b'), layer('app-b')];
  return [
    { id: 'P1', words: 'app rebuild on 35,000 names', a: [...before, ...base], b: [...after, ...base] },
    {
      id: 'P7',
      words: 'app rebuild on 105,000 names',
      a: [...before, ...base, layer('prefix')],
      b: [...after, ...base, layer('prefix')],
    },
    {
      id: 'P5',
      words: 'image against its container',
      a: [...before, ...base],
      b: [layer('upper'), layer('init'), ...before, ...base],
    },
    {
      id: 'P3',
      words: 'rebuilt on one shared layer of five',
      a: [...before, ...base],
      b: [...after, layer('tools-b'), layer('dependencies-b'), layer('os')],
    },
    {
      id: 'P4',
      words: 'flattened: nothing shared',
      a: [...before, ...base],
      b: [layer('empty'), layer('flat')],
    },
  ];
}

function writeLayers(layer: (name: string) => string): void {
  writeTree(layer('os'), OS, 1);
  writeTree(layer('os'), DOCUMENTS, 2);
  writeFileSync(make(layer('os'), 'usr/bin/less'), block.subarray(0, 200_000));
  writeTree(layer('dependencies'), DEPENDENCIES, 3);
  writeTree(layer('tools'), TOOLS, 4);
  writeTree(layer('prefix'), PREFIX, 5);
  writeTree(layer('app-a'), APPLICATION, 6);
  writeTree(layer('app-b'), APPLICATION, 6, 15);
  writeTree(layer('tools-b'), TOOLS, 4, 30);
  writeTree(layer('dependencies-b'), DEPENDENCIES, 3, 30);
  writeFileSync(make(layer('top-a'), 'etc/build-id'), 'a');
  writeFileSync(make(layer('top-b'), 'etc/build-id'), 'b');
  writeFileSync(make(layer('top-b'), 'usr/bin/less'), block.subarray(0, 200_000), { mode: 0o4755 });
  execFileSync('mknod', [make(layer('top-b'), 'usr/share/doc/removed'), 'c', '0', '0']);
  for (const path of ['etc/hosts', 'etc/hostname', '.dockerenv'])
    writeFileSync(make(layer('init'), path), '');
  for (let i = 0; i < 20; i++) writeFileSync(make(layer('upper'), `var/log/log-${i}`), 'line\n'.repeat(i));
  mkdirSync(layer('empty'));
  mkdirSync(layer('flat'));
  // The same tree in one layer: lower layers first, so that the upper ones win.
  for (const name of ['os', 'dependencies', 'tools', 'app-a', 'top-a']) {
    execFileSync('cp', ['-a', `${layer(name)}/.`, layer('flat')]);
  }
}

function make(directory: string, path: string): string {
  const full = join(directory, path);
  mkdirSync(dirname(full), { recursive: true });
  return full;
}
