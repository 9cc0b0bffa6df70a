// What is recorded, as plain data: one object of a layer, and a whole layer to be kept or handed on.
import type { ByteString } from '../../sys/bytes.ts';

/** One object of a layer; its names, where it has several, share it. */
export interface RecordedObject {
  /** With type bits; a whiteout is a character device 0:0. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly major: number;
  readonly minor: number;
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number };
  /** Whether its time is that of the unpacking, which no record tells. */
  readonly touched: boolean;
  /** From 1, one for each object of the layer. */
  readonly number: number;
  readonly links: number;
  readonly linkTarget: ByteString;
  /** Names as they would be on disk, the overlay's marks among them. */
  readonly xattrs: ReadonlyMap<string, ByteString>;
  /** Path in the layer of the file that holds the contents. */
  readonly path: ByteString;
}

/** All that a `RecordedLayer` holds, as plain data. */
export interface PackedLayer {
  readonly objects: Uint32Array;
  readonly names: Uint32Array;
  /** Of the names, one after the other. */
  readonly bytes: Uint8Array;
  readonly targets: readonly (readonly [object: number, target: string])[];
  readonly xattrs: readonly (readonly [
    object: number,
    xattrs: readonly (readonly [name: string, value: string])[],
  ])[];
}
