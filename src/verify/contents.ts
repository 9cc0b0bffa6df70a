// The second pass over a layer whose hash is wrong or cannot be made: each file's contents against its CRC-64 in the record.

import type { LayerContents } from '../layers/layer-contents.ts';
import { isAbsence } from '../layers/layer-files.ts';
import type { ReadSome } from '../sys/bytes.ts';
import { E, errnoWords } from '../sys/errors.ts';
import { Crc64 } from '../tar/crc64.ts';
import { type ContentsSum, readTarSplit } from '../tar/tar-split.ts';
import type { Finding, Progress, Report } from './finding.ts';

const buffer = Buffer.allocUnsafeSlow(256 << 10);

/** Files that are missing, or whose size is wrong, are passed over: they are found by their headers. */
export async function checkContents(
  source: ReadSome,
  contents: LayerContents,
  report: Report,
  progress: Progress,
): Promise<void> {
  await readTarSplit(source, {
    raw() {},
    entry(_, index, recorded) {
      if (recorded === undefined) return;
      const path = contents.path(index);
      // Contents that are kept nowhere are told of where the tar has its gap.
      if (path === undefined) return;
      const finding = checkFile(index, recorded, contents, progress);
      if (finding !== undefined) report({ ...finding, path });
    },
  });
}

function checkFile(
  index: number,
  { size, crc64 }: ContentsSum,
  contents: LayerContents,
  progress: Progress,
): Finding | undefined {
  const crc = new Crc64();
  const total = contents.withContents(index, (read) => {
    let sum = 0;
    for (;;) {
      const count = read(buffer);
      if (count < 0) return count;
      if (count === 0) return sum;
      sum += count;
      crc.update(buffer.subarray(0, count));
      progress.bytes(count);
    }
  });
  if (typeof total !== 'number' || total < 0) {
    const errno = typeof total === 'number' ? -total : total.kind === 'errno' ? total.errno : E.ENOENT;
    if (isAbsence(errno)) return undefined;
    const message = `cannot be read: ${errnoWords(errno)}`;
    return { severity: 'unverifiable', class: 'content', message };
  }
  const found = crc.digest();
  if (total !== size || found === crc64) return undefined;
  return { severity: 'tampered', class: 'content', expected: `CRC-64 ${crc64}`, found: `CRC-64 ${found}` };
}
