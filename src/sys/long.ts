// 64-bit fields of the kernel's structs as numbers: two 32-bit words, the low one first.
const WORD = 2 ** 32;

/** Unsigned; past 2^53 rounded. */
export function longAt(words: Uint32Array, at: number): number {
  return (words[at + 1] as number) * WORD + (words[at] as number);
}

/** In two's complement; past 2^53 rounded. */
export function signedLongAt(words: Uint32Array, at: number): number {
  return ((words[at + 1] as number) | 0) * WORD + (words[at] as number);
}

/** All 64 bits, unsigned. */
export function bigLongAt(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at + 1] as number) << 32n) | BigInt(words[at] as number);
}

/** A whole number; a negative one in two's complement. */
export function setLong(words: Uint32Array, at: number, value: number): void {
  words[at] = value >>> 0;
  words[at + 1] = Math.floor(value / WORD) >>> 0;
}
