// Whiteouts and opaque directories of a layer: those that unpacking its tar makes against the marks on disk.
import { type FileStatus, isWhiteout, type MarkDialect } from '../layers/layer-files.ts';
import type { RecordedObject } from '../overlay/recorded/recorded-data.ts';
import type { ByteString } from '../sys/bytes.ts';
import { S_IFCHR, S_IFMT } from '../sys/statx.ts';
import { type Finding, OPAQUE_DIRECTORY } from './finding.ts';
import { typeWords } from './words.ts';

/**
 * kernel: character devices 0:0 and an xattr; aufs: the names themselves, and where a build step wrote the layer the kernel's
 * with some of the names beside them; none: the directory holds the whole tree, so that what is hidden is not there.
 */
export type Marks = 'kernel' | 'aufs' | 'none';

export interface MarkRules {
  readonly marks: Marks;
  readonly dialect: MarkDialect;
  /** Whether a layer below has something at this path, which a mark would hide. */
  readonly hidesBelow: (path: ByteString) => boolean;
}

export function isRecordedWhiteout({ mode, major, minor }: RecordedObject): boolean {
  return (mode & S_IFMT) === S_IFCHR && major === 0 && minor === 0;
}

/** What is wrong with a whiteout's place; undefined where there is one. */
export function compareWhiteout(
  path: ByteString,
  status: FileStatus | undefined,
  rules: MarkRules,
): Finding | undefined {
  if (status !== undefined && isWhiteout(status)) return undefined;
  const found = status === undefined ? 'nothing' : typeWords(status.mode);
  // A daemon in a user namespace may unpack through the overlay itself, which whites out only what is there.
  const isNeedless = status === undefined && rules.dialect === 'user' && !rules.hidesBelow(path);
  const severity = isNeedless ? 'known' : 'tampered';
  return { severity, class: 'whiteout', path, expected: 'a whiteout', found };
}

/** The value of the mark that makes a directory opaque, as recorded and as on disk, where these differ. */
export function compareOpaque(
  path: ByteString,
  recorded: ByteString | undefined,
  found: ByteString | undefined,
  rules: MarkRules,
): Finding | undefined {
  if (recorded === found) return undefined;
  if (recorded === 'y') {
    return {
      severity: 'tampered',
      class: 'whiteout',
      path,
      expected: OPAQUE_DIRECTORY,
      found: 'not opaque',
    };
  }
  if (found !== 'y') return undefined;
  // The kernel marks directories it makes anew; BuildKit keeps such a layer as it is and does not record the mark.
  const hides = rules.hidesBelow(path);
  return {
    severity: hides ? 'tampered' : 'known',
    class: 'whiteout',
    path,
    expected: 'not opaque',
    found: hides ? 'an opaque directory' : 'an opaque directory, with nothing below to hide',
  };
}
