// What is read of files that are on no disk.
import { E } from '../sys/errors.ts';
import { SEEK } from '../sys/seek.ts';
import type { SceneBytes } from './item.ts';

/** Fills `out` as far as there are bytes; answers how many there were. */
export function readScene(bytes: SceneBytes, offset: number, out: Uint8Array): number {
  if (!(bytes instanceof Uint8Array)) return bytes.read(offset, out);
  const part = bytes.subarray(offset, offset + out.length);
  out.set(part);
  return part.length;
}

/** As `FileSystem.seek`: all of it is data. */
export function seekScene({ length }: SceneBytes, offset: bigint, whence: number): bigint {
  if (offset < 0n || offset >= BigInt(length)) return BigInt(-E.ENXIO);
  return whence === SEEK.DATA ? offset : BigInt(length);
}
