// Sizes of files from two words. A number has 53 bits, a file's size 63: sparse files of tmpfs, XFS and btrfs get past that.

/** High word from which on a number may be rounded. */
const EXACT_HIGH = 2 ** 21;

export interface FileSize {
  /** Bytes; past 2^53 rounded. */
  readonly size: number;
  /** The same with all digits; absent where `size` has them. */
  readonly exactSize?: bigint;
}

export function fileSize(low: number, high: number): FileSize {
  const size = high * 2 ** 32 + low;
  return high < EXACT_HIGH ? { size } : { size, exactSize: (BigInt(high) << 32n) | BigInt(low) };
}

/** Whether offsets in the file can be told by numbers. */
export function isCountable({ exactSize }: FileSize): boolean {
  return exactSize === undefined;
}
