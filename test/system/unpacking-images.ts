// Random tars of layers with what the model of unpacking makes of them, and images of them as `docker load` takes them.
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { asBytes } from '../../src/sys/bytes.ts';
import { paddingOf } from '../../src/tar/header.ts';
import { tarEnd, tarHeader } from '../../src/tar/write.ts';
import { MOBY_RULES } from '../../src/unpack/rules.ts';
import { ContentsPlaces } from '../../src/unpack/tar-split.ts';
import { UnpackedTar } from '../../src/unpack/unpack.ts';
import type { Random } from './diff-random.ts';
import { type RandomEntry, randomEntry, tarOf } from './unpacking-random.ts';

export interface RandomTar {
  readonly tar: Buffer;
  readonly unpacked: UnpackedTar;
  /** Whether contents in the tar are kept by no file. */
  readonly isLost: boolean;
  /** What it has, for a message. */
  readonly told: string;
}

/** Tars as layers, lowest first. */
export interface Image {
  readonly tag: string;
  readonly tars: readonly RandomTar[];
}

function unpack(entries: readonly RandomEntry[]): UnpackedTar {
  const unpacked = new UnpackedTar(MOBY_RULES.trusted);
  for (const entry of entries) unpacked.add(entry);
  unpacked.end();
  return unpacked;
}

/** What tar-split holds to be one name, of which it takes only one (Go's filepath.Clean). */
function recordedName(name: string): string {
  return posix.normalize(name).replace(/(?<=.)\/$/, '');
}

/** Mostly one that can be unpacked and put together again: what the model refuses or loses is left out, but of some. */
export function randomTar(random: Random): RandomTar {
  const mayBeRefused = random(10) === 0;
  const mayLose = random(8) === 0;
  const entries: RandomEntry[] = [];
  const names = new Set<string>();
  for (let left = 3 + random(14); left > 0; left--) {
    const next = randomEntry(random, entries);
    if (names.has(recordedName(next.name))) continue;
    const unpacked = unpack([...entries, next]);
    if (!mayBeRefused && unpacked.refused > 0) continue;
    if (!mayLose && loses(unpacked, [...entries, next])) continue;
    entries.push(next);
    names.add(recordedName(next.name));
  }
  const unpacked = unpack(entries);
  return { tar: tarOf(entries), unpacked, isLost: loses(unpacked, entries), told: describeEntries(entries) };
}

function loses(unpacked: UnpackedTar, entries: readonly RandomEntry[]): boolean {
  const places = new ContentsPlaces(unpacked);
  return entries.some(({ size }, index) => size > 0 && places.path(index) === undefined);
}

function file(name: string, contents: Buffer): Buffer {
  const header = tarHeader({
    ...{ name: asBytes(name), linkName: asBytes(''), type: '0', mode: 0o644, uid: 0, gid: 0 },
    ...{ size: contents.length, mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0 },
    ...{ xattrs: new Map(), sparse: false },
  });
  return Buffer.concat([header, contents, Buffer.alloc(paddingOf(contents.length))]);
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What `docker load` takes. */
export function archiveOf({ tag, tars }: Image): Buffer {
  const diffIds = tars.map(({ tar }) => `sha256:${sha256(tar)}`);
  const image = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
  const names = tars.map(({ tar }) => `${sha256(tar)}.tar`);
  const manifest = [{ Config: 'config.json', RepoTags: [tag], Layers: names }];
  return Buffer.concat([
    file('config.json', Buffer.from(JSON.stringify(image))),
    ...tars.map(({ tar }, index) => file(names[index] ?? '', tar)),
    file('manifest.json', Buffer.from(JSON.stringify(manifest))),
    tarEnd(),
  ]);
}

/** For a message: what a tar has. */
function describeEntries(entries: readonly RandomEntry[]): string {
  return entries
    .map(({ name, type, linkName, mode, uid, gid, size, mtime, xattrs, form }) =>
      JSON.stringify([
        name,
        type,
        linkName,
        mode.toString(8),
        uid,
        gid,
        size,
        mtime.seconds,
        [...xattrs],
        form,
      ]),
    )
    .join('\n');
}
