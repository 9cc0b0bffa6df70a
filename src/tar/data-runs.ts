// Where a sparse file has data, as its file system tells it.
import { E, Errno } from '../sys/errors.ts';
import { SEEK } from '../sys/seek.ts';

/** Runs of data in a sparse file: [offset, length], in order. */
export type DataRuns = readonly (readonly [offset: number, length: number])[];

/** As lseek(2): the offset, or a negative errno, ENXIO past the last data. */
export type Seek = (offset: number, whence: number) => number;

/** A hole at the end is marked by an empty run, as GNU tar does. Undefined where there is no hole. Throws Errno. */
export function sparseRuns(
  { size, blocks }: { readonly size: number; readonly blocks: number },
  seek: Seek,
): DataRuns | undefined {
  if (blocks * 512 >= size) return undefined;
  const runs: [number, number][] = [];
  for (let at = 0; at < size; ) {
    const start = found(seek, at, SEEK.DATA) ?? size;
    if (start >= size) break;
    const end = Math.min(found(seek, start, SEEK.HOLE) ?? size, size);
    if (end <= start) throw new Errno(E.EIO, 'tell the holes of a file');
    runs.push([start, end - start]);
    at = end;
  }
  const last = runs.at(-1);
  if (last === undefined || last[0] + last[1] < size) runs.push([size, 0]);
  return runs.length === 1 && runs[0]?.[1] === size ? undefined : runs;
}

/** Undefined where there is no more data. */
function found(seek: Seek, offset: number, whence: number): number | undefined {
  const at = seek(offset, whence);
  if (at === -E.ENXIO) return undefined;
  if (at < 0) throw new Errno(-at, 'seek in a file');
  return at;
}
