// Sizes as du(1) prints them: in blocks of 1024 bytes, in bytes, or for people.

/** coreutils' own letters, powers of 1024. */
const LETTERS = ['', 'K', 'M', 'G', 'T', 'P'];

export type SizeForm = 'blocks' | 'bytes' | 'human';

/** Rounded up, as du does: what is there takes something. */
export function formatBlocks(bytes: number, form: SizeForm): string {
  if (form === 'bytes') return String(bytes);
  if (form === 'blocks') return String(Math.ceil(bytes / 1024));
  let value = bytes;
  let power = 0;
  while (value >= 1024 && power < LETTERS.length - 1) {
    value /= 1024;
    power++;
  }
  // One decimal below 10, none from there on; a value that is rounded up to 1024 is 1 of the next letter.
  const tenths = Math.ceil(value * 10) / 10;
  const shown = power > 0 && tenths < 10 ? tenths.toFixed(1) : String(Math.ceil(value));
  return shown === '1024' && power < LETTERS.length - 1
    ? `1.0${LETTERS[power + 1]}`
    : `${shown}${LETTERS[power]}`;
}
