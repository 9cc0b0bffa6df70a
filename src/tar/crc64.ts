// CRC-64/ISO as Go's hash/crc64 computes it: the checksum that tar-split records of each file's contents.
// The polynomial x^64 + x^4 + x^3 + x + 1 is so sparse that 32 bits are folded at once with a few shifts, without a table.

const words = new Uint32Array(1);
const bytesOfWord = new Uint8Array(words.buffer);

export class Crc64 {
  #low = 0xffffffff | 0;
  #high = 0xffffffff | 0;
  /** Bytes of an unfinished word, the first in the lowest eight bits. */
  #partial = 0;
  #partialBytes = 0;

  update(bytes: Uint8Array): void {
    let at = 0;
    const { length } = bytes;
    while (at < length && (this.#partialBytes !== 0 || ((bytes.byteOffset + at) & 3) !== 0)) {
      this.#addByte(bytes[at++] as number);
    }
    const count = this.#partialBytes === 0 ? (length - at) >>> 2 : 0;
    if (count > 0) {
      this.#addWords(new Uint32Array(bytes.buffer, bytes.byteOffset + at, count));
      at += count * 4;
    }
    while (at < length) this.#addByte(bytes[at++] as number);
  }

  #addWords(input: Uint32Array): void {
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < input.length; i++) {
      const word = low ^ (input[i] as number);
      low = high ^ (word << 31) ^ (word << 29) ^ (word << 28);
      high = word ^ (word >>> 1) ^ (word >>> 3) ^ (word >>> 4);
    }
    this.#low = low;
    this.#high = high;
  }

  #addByte(byte: number): void {
    this.#partial |= byte << (8 * this.#partialBytes);
    this.#partialBytes += 1;
    if (this.#partialBytes < 4) return;
    for (let i = 0; i < 4; i++) bytesOfWord[i] = this.#partial >>> (8 * i);
    this.#partial = 0;
    this.#partialBytes = 0;
    this.#addWords(words);
  }

  /** The checksum of all bytes so far, 16 hex digits, as Go's Sum gives it (most significant byte first). */
  digest(): string {
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < this.#partialBytes; i++) {
      const byte = (low ^ (this.#partial >>> (8 * i))) & 0xff;
      low = (low >>> 8) | (high << 24);
      // The eight bits go to the top of a word, folded as above; nothing of them reaches the lower half.
      const top = byte << 24;
      high = (high >>> 8) ^ top ^ (top >>> 1) ^ (top >>> 3) ^ (top >>> 4);
    }
    return hex(~high) + hex(~low);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
