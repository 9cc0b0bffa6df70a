// A layer as one stream of bytes in a file, compressed or not, and what is asked of it: everything once from the start to the
// end, and after that any part by its place in what was compressed. Knows no tar.
import { E, Errno } from '../sys/errors.ts';

/** Damage in compressed bytes; the message says what is wrong, and the function that catches the error says where. */
export class BlobDamage extends Error {
  override readonly name = 'BlobDamage';
}

/** A part of an open file: the bytes of a blob, as they lie there. */
export interface BlobBytes {
  /** How many there are. */
  readonly size: number;
  /** Fills `room` from `offset` on and answers how many bytes it put there, less than asked for only at the end. Throws Errno. */
  read(offset: number, room: Uint8Array): number;
}

/** The bytes of a blob that are their opener's to close. */
export interface OpenBlob extends BlobBytes {
  close(): void;
}

/** What was compressed, by place. */
export interface BlobReader {
  /** Of what was compressed, bytes. */
  readonly size: number;
  /** As `BlobBytes.read`. Throws Errno: EIO where the blob is damaged there. */
  read(offset: number, room: Uint8Array): number;
  close(): void;
}

/** What a pass over a blob came to, by which another process reads the same blob without one: plain data. */
export type BlobIndex =
  | { readonly kind: 'plain' }
  | {
      readonly kind: 'gzip';
      readonly size: number;
      readonly points: PackedPoints;
      readonly checksums: readonly number[];
    }
  | { readonly kind: 'zstd'; readonly runs: readonly FrameRun[] };

/** Restart points of gzip, by their fields. */
export interface PackedPoints {
  readonly out: readonly number[];
  readonly in: readonly number[];
  /** As `RestartPoint`, 255 at a member. */
  readonly bits: readonly number[];
  /** Deflated. */
  readonly windows: readonly Uint8Array[];
}

/** A run of what was compressed, of one frame of zstd or several. */
export interface FrameRun {
  readonly out: number;
  readonly size: number;
  /** Where its first frame starts in the blob, and where the last one ends. */
  readonly from: number;
  readonly to: number;
  /** CRC-32. */
  readonly checksum: number;
}

/** The one pass over a blob from its start to its end, by which its reader is made. */
export interface BlobScan {
  /** The next bytes of what was compressed, valid until the next call; undefined at the end. Throws Errno and BlobDamage. */
  next(): Uint8Array | undefined;
  /** How many bytes of the blob have been taken so far. */
  readonly taken: number;
  /** Bytes of the blob after the end of what was compressed; 0 in a sound one. To be asked after `next` said undefined. */
  readonly trailing: number;
  /** To be asked once, after `next` said undefined or threw BlobDamage: then it reads what came before. */
  reader(): BlobReader;
  /** To be asked after `next` said undefined. */
  index(): BlobIndex;
  /** Lets go of everything but what the reader has. */
  close(): void;
}

/** EIO for damage that is met only when a part is read; all else as it is. */
export function asErrno(error: unknown): unknown {
  return error instanceof BlobDamage ? new Errno(E.EIO, 'read a damaged blob', { cause: error }) : error;
}

/** What a blob gave when it was read whole, it no longer gives. */
export function shortened(): Errno {
  return new Errno(E.EIO, 'read a blob that became shorter');
}
