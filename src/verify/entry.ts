// One entry of a layer's tar against the file on disk: type, mode, owner, link target, device, size, attributes, time.

import type { FileStatus, LayerFiles } from '../layers/layer-files.ts';
import type { ByteString } from '../sys/bytes.ts';
import {
  encodeDevice,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../sys/statx.ts';
import type { TarEntry, TarTime } from '../tar/entry.ts';
import { cleanPath } from '../tar/path.ts';
import { ANOTHER_FILE, type Finding, type FindingClass, type Severity } from './finding.ts';
import type { OwnerMap } from './owners.ts';
import { compareXattrs } from './xattrs.ts';

/** How a layer's files differ from its tar by the way they were unpacked. */
export interface Unpacking {
  readonly owners: OwnerMap;
  /** Whether it was done without the right to make devices. */
  readonly withoutDevices: boolean;
  /** Whether it was not done at all: the tar was made from the files as a build step left them. */
  readonly inPlace: boolean;
}

const TYPES = new Map([
  ['1', S_IFREG],
  ['2', S_IFLNK],
  ['3', S_IFCHR],
  ['4', S_IFBLK],
  ['5', S_IFDIR],
  ['6', S_IFIFO],
]);

const TYPE_WORDS = new Map([
  [S_IFREG, 'regular file'],
  [S_IFDIR, 'directory'],
  [S_IFLNK, 'symlink'],
  [S_IFCHR, 'character device'],
  [S_IFBLK, 'block device'],
  [S_IFIFO, 'fifo'],
  [S_IFSOCK, 'socket'],
]);

export function typeWords(mode: number): string {
  return TYPE_WORDS.get(mode & S_IFMT) ?? 'unknown type';
}

/** The type bits an entry asks for. */
function typeOfEntry({ type }: TarEntry): number {
  return TYPES.get(type) ?? S_IFREG;
}

export interface Compared {
  readonly findings: readonly Finding[];
  /** Attributes on disk; empty where nothing of the right type is there. */
  readonly xattrs: ReadonlyMap<string, string>;
}

const NO_XATTRS: ReadonlyMap<string, string> = new Map();

/** `status` is that of `path`, undefined where nothing is there. Throws Errno where the disk cannot be read. */
export function compareEntry(
  entry: TarEntry,
  path: ByteString,
  status: FileStatus | undefined,
  files: LayerFiles,
  unpacking: Unpacking,
): Compared {
  const isDevice = entry.type === '3' || entry.type === '4';
  const wanted = typeOfEntry(entry);
  const differ = (
    kind: FindingClass,
    expected: string,
    found: string,
    severity: Severity = 'tampered',
  ): Finding => ({ severity, class: kind, path, expected, found });

  if (status === undefined) {
    const severity = isDevice && unpacking.withoutDevices ? 'known' : 'tampered';
    return {
      findings: [{ severity, class: 'missing', path, expected: typeWords(wanted) }],
      xattrs: NO_XATTRS,
    };
  }
  if (entry.type === '1') return { findings: compareHardLink(entry, path, status, files), xattrs: NO_XATTRS };
  if ((status.mode & S_IFMT) !== wanted) {
    return {
      findings: [differ('type', typeWords(wanted), typeWords(status.mode))],
      xattrs: NO_XATTRS,
    };
  }
  const findings: Finding[] = [];
  if (wanted === S_IFLNK) {
    const target = files.linkTarget(path);
    if (target !== entry.linkName) findings.push(differ('link', entry.linkName, target));
  } else if ((status.mode & 0o7777) !== entry.mode) {
    findings.push(differ('mode', octal(entry.mode), octal(status.mode)));
  }
  if (!unpacking.owners.fits(entry, status)) {
    findings.push(differ('owner', unpacking.owners.describe(entry), `${status.uid}:${status.gid}`));
  }
  if (wanted === S_IFREG && status.size !== entry.size) {
    findings.push(differ('content', `${entry.size} bytes`, `${status.size} bytes`));
  }
  if (isDevice && encodeDevice(entry.major, entry.minor) !== status.rdev) {
    findings.push(differ('device', `${entry.major}:${entry.minor}`, describeDevice(status.rdev)));
  }
  const xattrs = files.xattrs(path);
  if (xattrs.size > 0 || entry.xattrs.size > 0) {
    const shifted = unpacking.owners.isShifted;
    const takesUser = wanted === S_IFREG || wanted === S_IFDIR;
    findings.push(
      ...compareXattrs(path, entry.xattrs, xattrs, { shifted, takesUser, inPlace: unpacking.inPlace }),
    );
  }
  const time = compareTime(entry.mtime, status.mtime);
  if (time !== undefined) {
    findings.push(differ('mtime', timeText(entry.mtime), timeText(status.mtime), time));
  }
  return { findings, xattrs };
}

function compareHardLink(
  entry: TarEntry,
  path: ByteString,
  status: FileStatus,
  files: LayerFiles,
): Finding[] {
  const target = cleanPath(entry.linkName);
  const other = target === undefined ? undefined : files.status(target);
  if (other?.inode === status.inode) return [];
  return [
    {
      severity: 'tampered',
      class: 'link',
      path,
      expected: `the same file as ${target ?? entry.linkName}`,
      found: other === undefined ? 'nothing there' : ANOTHER_FILE,
    },
  ];
}

/** Docker clamps what lies before 1970 (pkg/system Chtimes). A time proves nothing: it changes and is put back with ease. */
function compareTime(recorded: TarTime, found: TarTime): Severity | undefined {
  if (recorded.seconds === found.seconds && recorded.nanoseconds === found.nanoseconds) return undefined;
  if (recorded.seconds < 0 && found.seconds === 0 && found.nanoseconds === 0) return 'known';
  // BuildKit writes whole seconds, cut off, into the tar of a layer that it has made in place.
  return recorded.seconds === found.seconds && recorded.nanoseconds === 0 ? 'known' : 'note';
}

function timeText({ seconds, nanoseconds }: TarTime): string {
  const date = new Date(seconds * 1000);
  // Past year 275760 there is no date; the number still says it.
  if (Number.isNaN(date.getTime())) return `${seconds} s`;
  return date.toISOString().replace(/\.\d+Z$/, `.${String(nanoseconds).padStart(9, '0')}Z`);
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

function describeDevice(rdev: number): string {
  const major = (rdev >>> 8) & 0xfff;
  return `${major}:${(rdev & 0xff) | ((rdev >>> 12) & ~0xff)}`;
}
