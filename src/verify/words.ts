// What is found on disk, in words.
import { typeOf } from '../sys/file-types.ts';
import { decodeDevice } from '../sys/statx.ts';
import type { TarTime } from '../tar/entry.ts';

export function typeWords(mode: number): string {
  return typeOf(mode).noun;
}

export function timeWords({ seconds, nanoseconds }: TarTime): string {
  const date = new Date(seconds * 1000);
  // Past year 275760 there is no date; the number still says it.
  if (Number.isNaN(date.getTime())) return `${seconds} s`;
  return date.toISOString().replace(/\.\d+Z$/, `.${String(nanoseconds).padStart(9, '0')}Z`);
}

export function modeWords(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

export function deviceWords(rdev: number): string {
  const { major, minor } = decodeDevice(rdev);
  return `${major}:${minor}`;
}
