// Contents of a recorded layer's files that do not lie in a directory by their names: in a tar, say.

export interface RecordedContents {
  /** Bytes, of all that they lie in. */
  readonly size: number;
  /**
   * Fills `room` from byte `offset` of an object's contents on and answers how many bytes it put there, fewer than asked for
   * only at their end. Throws Errno.
   */
  read(object: number, offset: number, room: Uint8Array): number;
  /** Lets go of what it holds open. */
  close(): void;
}
