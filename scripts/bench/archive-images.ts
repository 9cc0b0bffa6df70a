// An image of some 100,000 names as engines hand it over: a docker-archive of plain layers, and an OCI layout of gzip ones. Written
// once, and used again as long as what is written here does not change.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { asBytes } from '../../src/sys/bytes.ts';
import type { TarEntry } from '../../src/tar/entry.ts';
import { paddingOf } from '../../src/tar/header.ts';
import { tarEnd, tarHeader } from '../../src/tar/write.ts';
import { run } from './process.ts';
import type { Session } from './session.ts';

export const IMAGE = 'bench:1';
/** Read from start to end, and at random places. */
export const SEQUENTIAL = 'big/sequential';
export const RANDOM = 'big/random';
const DIRECTORIES = 10_000;
const FILES = 9;
const SEQUENTIAL_BYTES = 512 << 20;
const RANDOM_BYTES = 256 << 20;
/** Larger than gzip looks back, so that what is repeated is not seen. */
const PIECE = 8 << 20;
const STAMP = '2';
const MEDIA = 'application/vnd.oci.image';

export interface ArchiveImages {
  /** The tar, of 1 GB. */
  readonly docker: string;
  /** The directory. */
  readonly oci: string;
  /** The layer that is the large file, compressed. */
  readonly largeLayer: string;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export async function prepareImages(session: Session, directory: string): Promise<ArchiveImages> {
  const images = { docker: join(directory, 'docker.tar'), oci: join(directory, 'oci') };
  const stamp = join(directory, 'stamp');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8').split('\n')[0] !== STAMP) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(join(images.oci, 'blobs/sha256'), { recursive: true });
    const large = await writeImages(session, directory, images);
    writeFileSync(stamp, `${STAMP}\n${large}`);
  }
  return { ...images, largeLayer: readFileSync(stamp, 'utf8').split('\n')[1] ?? '' };
}

/** Answers where the compressed layer of the large file is. */
async function writeImages(
  session: Session,
  directory: string,
  { docker, oci }: Pick<ArchiveImages, 'docker' | 'oci'>,
): Promise<string> {
  const tars = [writeSmall(directory), writeLarge(directory, SEQUENTIAL, SEQUENTIAL_BYTES)];
  tars.push(writeLarge(directory, RANDOM, RANDOM_BYTES));
  const config = Buffer.from(
    JSON.stringify({
      ...{ os: 'linux', architecture: 'amd64', config: {} },
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(readFileSync(tar))) },
    }),
  );
  const paths: string[] = [];
  const layers: Descriptor[] = [];
  for (const tar of tars) {
    await run(session, ['gzip', '-nk6', tar]);
    layers.push(putBlob(oci, readFileSync(`${tar}.gz`), `${MEDIA}.layer.v1.tar+gzip`));
    paths.push(join(oci, blobPath(layers.at(-1)?.digest ?? '')));
    rmSync(`${tar}.gz`);
  }
  const configBlob = putBlob(oci, config, `${MEDIA}.config.v1+json`);
  const manifest = { schemaVersion: 2, config: configBlob, layers };
  const described = putBlob(oci, Buffer.from(JSON.stringify(manifest)), `${MEDIA}.manifest.v1+json`);
  const annotations = { 'org.opencontainers.image.ref.name': '1' };
  writeFileSync(join(oci, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const index = { schemaVersion: 2, manifests: [{ ...described, annotations }] };
  writeFileSync(join(oci, 'index.json'), JSON.stringify(index));
  writeSaved(docker, config, tars);
  for (const tar of tars) rmSync(tar);
  return paths[1] ?? '';
}

function putBlob(oci: string, bytes: Buffer, mediaType: string): Descriptor {
  const digest = digestOf(bytes);
  writeFileSync(join(oci, blobPath(digest)), bytes);
  return { mediaType, digest, size: bytes.length };
}

function blobPath(digest: string): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/** As docker save wrote it before Docker 25. */
function writeSaved(path: string, config: Buffer, tars: readonly string[]): void {
  const id = digestOf(config).slice('sha256:'.length);
  const names = tars.map((_, index) => `layer${index}/layer.tar`);
  writeTar(path, (put) => {
    put(`${id}.json`, config);
    for (const [index, tar] of tars.entries()) put(names[index] ?? '', readFileSync(tar));
    put(
      'manifest.json',
      Buffer.from(JSON.stringify([{ Config: `${id}.json`, RepoTags: [IMAGE], Layers: names }])),
    );
  });
}

function writeSmall(directory: string): string {
  const path = join(directory, 'small.tar');
  const words = textOf(1 << 20, 1);
  writeTar(path, (put) => {
    for (let i = 0; i < DIRECTORIES; i++) {
      const holder = `lib/${String(Math.floor(i / 100)).padStart(2, '0')}/package-${String(i).padStart(4, '0')}`;
      put(holder, undefined);
      for (let file = 0; file < FILES; file++) {
        const at = ((i * FILES + file) * 97) % (words.length - 4096);
        put(`${holder}/file-${file}.js`, words.subarray(at, at + ((i * 31 + file * 977) % 4096)));
      }
    }
  });
  return path;
}

function writeLarge(directory: string, name: string, size: number): string {
  const path = join(directory, `${name.replace('/', '-')}.tar`);
  const piece = textOf(PIECE, 2);
  writeTar(path, (put) => put(name, Buffer.concat(Array.from({ length: size / PIECE }, () => piece))));
  return path;
}

/** Words and bytes without order, half and half, as what people ship compresses: to some 60 %. */
function textOf(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
  for (let at = 0; at < size; ) {
    const word = next() % 2 === 0 ? `word${next() % 5000} ` : String.fromCharCode(next() & 255, next() & 255);
    at += bytes.write(word, at, 'latin1');
  }
  return bytes;
}

function writeTar(
  path: string,
  fill: (put: (name: string, contents: Buffer | undefined) => void) => void,
): void {
  const file = openSync(path, 'w');
  fill((name, contents) => {
    const entry: TarEntry = {
      ...{ type: contents === undefined ? '5' : '0', mode: contents === undefined ? 0o755 : 0o644 },
      ...{ uid: 0, gid: 0, major: 0, minor: 0, mtime: { seconds: 1_700_000_000, nanoseconds: 0 } },
      ...{ name: asBytes(name), linkName: asBytes(''), xattrs: new Map(), sparse: false },
      size: contents?.length ?? 0,
    };
    writeSync(file, Buffer.concat([tarHeader(entry)]));
    if (contents !== undefined) for (let at = 0; at < contents.length; ) at += writeSync(file, contents, at);
    writeSync(file, Buffer.alloc(paddingOf(entry.size)));
  });
  writeSync(file, tarEnd());
  closeSync(file);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
