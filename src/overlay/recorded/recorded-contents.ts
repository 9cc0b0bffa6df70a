// Contents of a recorded layer's files that do not lie in a directory by their names: in a tar, say.

export interface RecordedContents {
  /** Bytes, of all that they lie in. */
  readonly size: number;
  /**
   * Fills `room` from byte `offset` of an object's contents on and answers how many bytes it put there, fewer than asked for
   * only at their end. Throws Errno.
   */
  read(object: number, offset: number, room: Uint8Array): number;
  /** How many bytes of an object's contents are data, and no holes. */
  dataSize(object: number): number;
  /** As lseek(2), by `SEEK_DATA` or `SEEK_HOLE`: the place, or a negative errno. */
  seek(object: number, offset: number, whence: number): number;
  /** Lets go of what it holds open. */
  close(): void;
}
