// Opens the file or directory that an archive of images is: a directory, a tar, or a tar that is compressed with gzip or zstd.
import { tmpdir } from 'node:os';
import { type BlobBytes, BlobDamage, type BlobScan, type OpenBlob } from '../../blob/blob.ts';
import { processCache } from '../../blob/cache.ts';
import { type Compression, compressionOf } from '../../blob/compression.ts';
import { GzipScan } from '../../blob/gzip.ts';
import { newZstdScan } from '../../blob/zstd.ts';
import { asBytes, type ByteString, shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { membersInScan, membersOf, type TarMembers } from '../../tar/members.ts';
import { StoreFiles } from '../files.ts';
import { realNamed } from '../named.ts';
import { DirectoryPack, type Pack, readingArchive, TarPack } from './pack.ts';

/** Most bytes of a temporary file that an archive of one zstd frame is decompressed to. */
const MOST_SPOOLED = 16 * 2 ** 30;
/** What else people compress tars with, by its first bytes. */
const OTHERS: readonly (readonly [start: string, words: string])[] = [
  ['fd377a585a00', 'it is compressed with xz, which is not read here: "xz -d" makes a tar of it'],
  ['425a68', 'it is compressed with bzip2, which is not read here: "bzip2 -d" makes a tar of it'],
  ['504b0304', 'it is a zip file, not a tar'],
];
const START_BYTES = 8;

/** Told how many bytes of a compressed archive are read, and of how many. */
type Progress = (done: number, all: number) => void;

/** `path` is as a person wrote it; links in it are followed. Throws Trouble where it cannot be read, or is no tar. */
export async function openPack(path: ByteString, progress?: Progress): Promise<Pack> {
  const refuse = (state: string, cause?: unknown) => refused(path, state, cause);
  const { path: real, kind } = realNamed(path, refuse);
  if (kind === 'directory') return new DirectoryPack(new StoreFiles(real));
  if (kind !== 'file') throw refuse('neither a file nor a directory');
  const slash = real.lastIndexOf('/');
  const files = new StoreFiles(asBytes(real.slice(0, slash) || '/'));
  const blob = files.openBlobIfPresent(real.slice(slash + 1));
  if (blob === undefined) throw refuse('no such file');
  try {
    return await tarPack(real, blob, progress);
  } catch (error) {
    blob.close();
    throw error;
  }
}

async function tarPack(path: ByteString, blob: OpenBlob, progress?: Progress): Promise<Pack> {
  const start = Buffer.alloc(START_BYTES);
  const length = readingArchive(path, () => blob.read(0, start));
  if (length === 0) throw refused(path, 'it is empty');
  const other = OTHERS.find(([bytes]) => start.toString('hex').startsWith(bytes));
  if (other !== undefined) throw refused(path, other[1]);
  const compression = compressionOf(start.subarray(0, length));
  const { bytes, members, notes } = await indexed(path, blob, compression, progress);
  // A first member that cannot be read: something else than a tar.
  if (members.count === 0 && members.damage !== undefined) {
    throw refused(path, `it is neither a tar nor a compressed one: ${members.damage}`);
  }
  const form = compression === 'none' ? 'tar' : `${compression} tar`;
  return new TarPack({ path, form, bytes, members, notes });
}

interface Indexed {
  readonly bytes: BlobBytes;
  readonly members: TarMembers;
  readonly notes: readonly string[];
}

async function indexed(
  path: ByteString,
  blob: OpenBlob,
  compression: Compression,
  progress?: Progress,
): Promise<Indexed> {
  if (compression === 'none') {
    return { bytes: blob, members: readingArchive(path, () => membersOf(blob)), notes: [] };
  }
  const scan = await scanOf(path, blob, compression);
  const told = { progress: (taken: number) => progress?.(taken, blob.size) };
  const members = readingArchive(path, () => membersInScan(scan, told));
  const { trailing } = scan;
  const bytes = scan.reader();
  scan.close();
  const notes = trailing === 0 ? [] : [`${trailing} bytes follow the end of what is compressed`];
  return { bytes, members, notes };
}

async function scanOf(path: ByteString, blob: BlobBytes, compression: 'gzip' | 'zstd'): Promise<BlobScan> {
  try {
    if (compression === 'gzip') return new GzipScan(blob, processCache);
    return await newZstdScan(blob, processCache, { directory: tmpdir(), limit: MOST_SPOOLED, used: 0 });
  } catch (error) {
    if (error instanceof BlobDamage) throw refused(path, error.message, error);
    throw error;
  }
}

function refused(path: ByteString, state: string, cause?: unknown): Trouble {
  return new Trouble('store', `Cannot open archive "${shownBytes(path)}": ${state}`, { cause });
}
