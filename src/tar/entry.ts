// What one entry of a tar is, its headers read and applied.
import type { ByteString } from '../sys/bytes.ts';

/** Damage in a tar stream or in its record; the message says what is wrong, and the function that catches the error says where. */
export class TarDamage extends Error {
  override readonly name = 'TarDamage';
}

export interface TarTime {
  readonly seconds: number;
  /** 0 to 999,999,999, added to the seconds, also when these are negative. */
  readonly nanoseconds: number;
}

export interface TarEntry {
  /** As it stands in the tar. */
  readonly name: ByteString;
  readonly linkName: ByteString;
  /** As `TAR_TYPE`, of which extended headers but the global one are applied already, or another letter. */
  readonly type: string;
  /** The low 12 bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the file's contents, holes included; 0 for what has none. */
  readonly size: number;
  readonly mtime: TarTime;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<ByteString, ByteString>;
  /** Attributes without a value, which are set or passed over, as the reader's version has it. */
  readonly emptyXattrs?: readonly ByteString[];
  /** Whether the tar holds only part of the contents. */
  readonly sparse: boolean;
  /** Of a sparse file whose map stands in the header: offsets and lengths of the stored data, one after the other. */
  readonly sparseMap?: readonly number[];
}
