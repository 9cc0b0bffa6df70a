// The type letters of tar entries (POSIX ustar `typeflag`; GNU tar for `L`, `K` and `S`), and what each makes.
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from '../sys/statx.ts';

export const TAR_TYPE = {
  file: '0',
  hardLink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
  /** Headers that say more of the entry that follows, or of all that follow. */
  pax: 'x',
  globalPax: 'g',
  longName: 'L',
  longLink: 'K',
  /** GNU tar's older form of a sparse file. */
  sparse: 'S',
} as const;

/** Type letter → `S_IFMT` bits of what the entry makes. A hard link makes nothing. */
export const TYPE_BITS: ReadonlyMap<string, number> = new Map([
  [TAR_TYPE.file, S_IFREG],
  [TAR_TYPE.symlink, S_IFLNK],
  [TAR_TYPE.character, S_IFCHR],
  [TAR_TYPE.block, S_IFBLK],
  [TAR_TYPE.directory, S_IFDIR],
  [TAR_TYPE.fifo, S_IFIFO],
]);

const LETTERS = new Map([...TYPE_BITS].map(([letter, bits]) => [bits, letter]));

/** The type letter of an object; undefined for a socket, which no tar can hold. */
export function tarTypeOf(mode: number): string | undefined {
  return LETTERS.get(mode & S_IFMT);
}

/** Whether an entry's major and minor numbers mean something. */
export function isDeviceType(type: string): boolean {
  return type === TAR_TYPE.character || type === TAR_TYPE.block;
}

/** Whether an entry of a type has no contents, whatever its size field says (archive/tar isHeaderOnly). */
export function hasNoContents(type: string): boolean {
  return type === TAR_TYPE.hardLink || (type !== TAR_TYPE.file && TYPE_BITS.has(type));
}
