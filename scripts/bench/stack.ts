// Writes a plan's layers to disk, once: a folder whose stamp says it holds the same plan is used again. What is written
// is the same in every run.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clients } from './clients.ts';
import { type Mark, NEEDLE, type Part, type Plan } from './plan.ts';
import { Refusal } from './refusal.ts';

export interface Stack {
  readonly name: string;
  /** Top first. */
  readonly layers: readonly string[];
  /** Where the plan's big file lies in its layer. */
  readonly bigFile: string | undefined;
}

/** Raised when the same plan is written otherwise than before. */
const VERSION = 1;
const STAMP = 'stamp';
/** Lies in every folder this file has begun: no other folder is ever removed. */
const OWNER = 'written-by-stratafs-bench';
const TMPFS = 0x01021994;
const MEBIBYTE = 1024 * 1024;

export async function openStack(directory: string, plan: Plan, clients: Clients): Promise<Stack> {
  const folder = join(directory, plan.name);
  const layers = Array.from({ length: plan.layers }, (_, layer) => join(folder, String(layer)));
  const stamp = createHash('sha256')
    .update(JSON.stringify([VERSION, plan]))
    .digest('hex');
  if (!hasStamp(folder, stamp)) {
    process.stderr.write(`writing the layers of "${plan.name}" to ${folder}\n`);
    makeEmpty(folder);
    await writeLayers(layers, plan, clients);
    await clients.sync();
    writeFileSync(join(folder, STAMP), stamp);
  }
  return {
    name: plan.name,
    layers: layers.toReversed(),
    bigFile: plan.bigFile && join(layers[plan.bigFile.layer] ?? folder, plan.bigFile.path),
  };
}

/** The folder of all stacks: of root alone, because what lies there is mounted by root. */
export function openStackFolder(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stats = lstatSync(directory);
  if (stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0) return;
  throw new Refusal(
    `Cannot keep stacks in "${directory}": not a directory that only its owner, root, can write to`,
  );
}

/** Whether the stacks lie on a disk, so that a read can be told to come from it. */
export function liesOnDisk(directory: string): boolean {
  return statfsSync(directory).type !== TMPFS;
}

function hasStamp(folder: string, stamp: string): boolean {
  const file = join(folder, STAMP);
  return existsSync(file) && readFileSync(file, 'utf8') === stamp;
}

function makeEmpty(folder: string): void {
  if (existsSync(folder)) {
    if (!existsSync(join(folder, OWNER)))
      throw new Refusal(`Cannot write a stack to "${folder}": it is not one of ours`);
    rmSync(folder, { recursive: true });
  }
  mkdirSync(folder);
  writeFileSync(join(folder, OWNER), '');
}

async function writeLayers(layers: readonly string[], plan: Plan, clients: Clients): Promise<void> {
  for (const layer of layers) mkdirSync(layer, { mode: 0o755 });
  const layerOf = ({ layer }: { readonly layer: number }) => {
    const directory = layers[layer];
    if (directory === undefined) throw new Error(`The plan "${plan.name}" has no layer ${layer}`);
    return directory;
  };
  const text = writtenText();
  for (const part of plan.parts) {
    for (const directory of directoriesOf(layerOf(part), part)) writeFiles(directory, part, text);
  }
  if (plan.bigFile) writeBigFile(join(layerOf(plan.bigFile), plan.bigFile.path), plan.bigFile.bytes, text);
  await clients.mark(plan.marks.flatMap((mark) => markLines(layerOf(mark), mark)));
}

function* directoriesOf(layer: string, { below, directories, depth = 1 }: Part): Generator<string> {
  if (directories === undefined) {
    yield join(layer, below);
    return;
  }
  for (let number = directories.from; number < directories.to; number++) {
    let directory = join(layer, below);
    for (let level = 0; level < depth; level++) {
      directory = join(directory, `${directories.name}-${number}`);
      yield directory;
    }
  }
}

/** A few of the files are links, as in a real tree. */
function writeFiles(directory: string, { files, filesFrom = 0, suffix, bytes }: Part, text: Buffer): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const pathOf = (number: number) => join(directory, `file-${number}${suffix}`);
  for (let number = filesFrom; number < filesFrom + files; number++) {
    const isFirst = number === filesFrom;
    if (!isFirst && number % 23 === 7) symlinkSync(`file-${filesFrom}${suffix}`, pathOf(number));
    else if (!isFirst && number % 29 === 11) linkSync(pathOf(number - 1), pathOf(number));
    else writeFileSync(pathOf(number), contents(directory.length * 7919 + number * 104729, bytes, text));
  }
}

/** Cubed, so that most are small and a few near `most`. */
function contents(seed: number, most: number, text: Buffer): Buffer {
  const random = (Math.imul(seed, 2654435761) >>> 0) / 2 ** 32;
  const start = seed % (text.length - most);
  return text.subarray(start, start + Math.ceil(random ** 3 * most));
}

function writeBigFile(path: string, bytes: number, text: Buffer): void {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o755 });
  const file = openSync(path, 'wx', 0o644);
  const block = Buffer.from(text);
  for (let at = 0; at < bytes; at += block.length) {
    // No two blocks alike, so that a wrong offset shows in the clients' checksum.
    for (let page = 0; page < block.length; page += 4096)
      block.writeUInt32LE(((at + page) / 4096) >>> 0, page);
    writeSync(file, block, 0, Math.min(block.length, bytes - at));
  }
  closeSync(file);
}

/** A mebibyte of words in lines, the needle in one of about 4,000. */
function writtenText(): Buffer {
  const words =
    'const return layer merge of entry the if function name path ( ) { } = => ; import from node'.split(' ');
  let state = 88172645;
  let text = '';
  while (text.length < MEBIBYTE) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const pick = state >>> 12;
    text += pick % 4099 === 0 ? NEEDLE : words[pick % words.length];
    text += pick % 11 === 0 ? '\n' : ' ';
  }
  return Buffer.from(text, 'latin1').subarray(0, MEBIBYTE);
}

function markLines(layer: string, { kind, below, name, from, to, every, file }: Mark): string[] {
  const lines: string[] = [];
  for (let number = from; number < to; number += every) {
    const directory = join(layer, below, `${name}-${number}`);
    if (kind === 'whiteout')
      mkdirSync(file === undefined ? join(layer, below) : directory, { recursive: true });
    lines.push(
      `${kind === 'whiteout' ? 'w' : 'o'} ${file === undefined ? directory : join(directory, file)}`,
    );
  }
  return lines;
}
