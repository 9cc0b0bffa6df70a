// What lies in a layer's directory beside what its tar put there, and looking at a disk that may not answer.
import { createHash } from 'node:crypto';
import { type FileStatus, isWhiteout, LayerFiles } from '../layers/layer-files.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { E, Errno, errnoWords } from '../sys/errors.ts';
import { S_IFDIR, S_IFMT, S_IFREG, S_IFSOCK } from '../sys/statx.ts';
import { joinPath, lastName, WHITEOUT_PREFIX } from '../tar/path.ts';
import type { Unpacking } from './entry.ts';
import type { FindingClass, Report } from './finding.ts';
import { typeWords } from './words.ts';

/** Runs an examination of a path; where the disk does not answer, the path is one that cannot be verified. */
export function examining(path: ByteString, what: FindingClass, report: Report, examine: () => void): void {
  try {
    examine();
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const message = `cannot be examined: ${errnoWords(error.errno)}`;
    report({ severity: 'unverifiable', class: what, path, message });
  }
}

/** In no order; none where there is no directory. */
export function namesOnDisk(files: LayerFiles, directory: ByteString, report: Report): string[] {
  try {
    return [...files.list(directory).types.keys()];
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    // That the directory is not there, or is none, was found when it was compared itself.
    if ([E.ENOENT, E.ENOTDIR, E.ELOOP].includes(error.errno)) return [];
    const message = `cannot be listed: ${errnoWords(error.errno)}`;
    report({ severity: 'unverifiable', class: 'extra', path: directory, message });
    return [];
  }
}

/** What the AUFS driver keeps in the root of a layer for itself. */
const AUFS_OWN = ['.wh..wh.aufs', '.wh..wh.orph', '.wh..wh.plnk'];

/** Nobody planted a tree deeper than this to have it read. */
const DEEPEST = 512;

/** Something that no tar has put there, and all that lies below it, in the order of the paths. */
export function reportExtra(
  files: LayerFiles,
  path: ByteString,
  unpacking: Pick<Unpacking, 'inPlace'>,
  report: Report,
): void {
  if (AUFS_OWN.includes(path)) return;
  for (const left = [path]; left.length > 0; ) {
    const next = left.pop() as ByteString;
    examining(next, 'extra', report, () => {
      const status = files.status(next);
      if (status === undefined) return;
      reportOne(files, next, status, unpacking, report);
      if ((status.mode & S_IFMT) !== S_IFDIR) return;
      if (next.split('/').length >= DEEPEST) {
        const message = 'what lies deeper is not listed';
        report({ severity: 'tampered', class: 'extra', path: next, message });
        return;
      }
      for (const name of namesOnDisk(files, next, report).sort().reverse())
        left.push(joinPath(next, asBytes(name)));
    });
  }
}

/** A whole directory that nothing records, by its absolute path: nothing says what should be in it. */
export function reportUnrecorded(directory: ByteString, report: Report): void {
  const files = new LayerFiles(directory, 'trusted');
  try {
    reportExtra(files, asBytes(''), { inPlace: false }, (finding) => {
      const { path: below = '' } = finding;
      const path = below === '' ? directory : joinPath(directory, asBytes(below));
      report({ ...finding, severity: 'unverifiable', class: 'extra', path });
    });
  } finally {
    files.close();
  }
}

function reportOne(
  files: LayerFiles,
  path: ByteString,
  status: FileStatus,
  { inPlace }: Pick<Unpacking, 'inPlace'>,
  report: Report,
): void {
  const isMark = isWhiteout(status) || lastName(path).startsWith(WHITEOUT_PREFIX);
  const type = status.mode & S_IFMT;
  // A tar has no form for sockets, so one that a build step left is in no record.
  const severity = type === S_IFSOCK && inPlace ? 'note' : 'tampered';
  const found = isMark ? 'a whiteout' : type === S_IFREG ? describeFile(files, path) : typeWords(status.mode);
  report({ severity, class: isMark ? 'whiteout' : 'extra', path, expected: 'nothing', found });
}

const buffer = Buffer.allocUnsafeSlow(256 << 10);

function describeFile(files: LayerFiles, path: ByteString): string {
  const hash = createHash('sha256');
  const size = files.withFile(path, (read) => {
    for (let sum = 0; ; ) {
      const count = read(buffer);
      if (count <= 0) return count < 0 ? count : sum;
      hash.update(buffer.subarray(0, count));
      sum += count;
    }
  });
  if (size < 0) return `regular file that cannot be read: ${errnoWords(-size)}`;
  return `regular file of ${size} bytes, sha256:${hash.digest('hex')}`;
}
