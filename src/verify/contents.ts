// The second pass over a layer whose hash is wrong or cannot be made: each file's contents against its CRC-64 in the record.

import type { ReadSome } from '../blob/compression.ts';
import { isAbsence, type LayerFiles } from '../layers/layer-files.ts';
import type { ByteString } from '../sys/bytes.ts';
import { errnoWords } from '../sys/errors.ts';
import { Crc64 } from '../tar/crc64.ts';
import { type Contents, readTarSplit } from '../tar/tar-split.ts';
import type { Finding, Progress, Report } from './finding.ts';

const buffer = Buffer.allocUnsafeSlow(256 << 10);

/** Files that are missing, or whose size is wrong, are passed over: they are found by their headers. */
export async function checkContents(
  source: ReadSome,
  files: LayerFiles,
  report: Report,
  progress: Progress,
): Promise<void> {
  await readTarSplit(source, {
    raw() {},
    entry(_, path, contents) {
      if (contents === undefined) return;
      const finding = checkFile(path, contents, files, progress);
      if (finding !== undefined) report(finding);
    },
  });
}

function checkFile(
  path: ByteString,
  { size, crc64 }: Contents,
  files: LayerFiles,
  progress: Progress,
): Finding | undefined {
  const crc = new Crc64();
  const total = files.withFile(path, (read) => {
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
  if (total < 0) {
    if (isAbsence(-total)) return undefined;
    const message = `cannot be read: ${errnoWords(-total)}`;
    return { severity: 'unverifiable', class: 'content', path, message };
  }
  const found = crc.digest();
  if (total !== size || found === crc64) return undefined;
  return {
    severity: 'tampered',
    class: 'content',
    path,
    expected: `CRC-64 ${crc64}`,
    found: `CRC-64 ${found}`,
  };
}
