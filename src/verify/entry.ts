// One object that unpacking a layer's tar makes against the one on disk: type, mode, owner, link target, device, size,
// attributes, time.
import type { FileStatus, LayerFiles } from '../layers/layer-files.ts';
import type { RecordedObject } from '../overlay/recorded/recorded-data.ts';
import type { ByteString } from '../sys/bytes.ts';
import { encodeDevice, S_IFBLK, S_IFCHR, S_IFLNK, S_IFMT, S_IFREG } from '../sys/statx.ts';
import type { Finding, FindingClass, Severity } from './finding.ts';
import { type OwnerMap, ROOT_OWNER } from './owners.ts';
import { deviceWords, modeWords, timeWords, typeWords } from './words.ts';

/** How a layer's files differ from its tar by the way they were unpacked. */
export interface Unpacking {
  readonly owners: OwnerMap;
  /** Whether an attribute keeps their owners and modes (`force_mask`): symbolic links cannot have it. */
  readonly isForced: boolean;
  /** Whether it was done without the right to make devices. */
  readonly withoutDevices: boolean;
  /** Whether it was not done at all: the tar was made from the files as a build step left them. */
  readonly inPlace: boolean;
  /** Whether attributes but capabilities were lost where a layer below was copied. */
  readonly losesXattrs: boolean;
}

export function isDeviceMode(mode: number): boolean {
  const type = mode & S_IFMT;
  return type === S_IFCHR || type === S_IFBLK;
}

export function missing(path: ByteString, { mode }: RecordedObject, { withoutDevices }: Unpacking): Finding {
  const severity = isDeviceMode(mode) && withoutDevices ? 'known' : 'tampered';
  return { severity, class: 'missing', path, expected: typeWords(mode) };
}

/** All but its attributes, of an object that has the right type on disk. Throws Errno where the disk cannot be read. */
export function compareObject(
  object: RecordedObject,
  path: ByteString,
  status: FileStatus,
  files: LayerFiles,
  { owners, isForced, inPlace }: Unpacking,
): Finding[] {
  const findings: Finding[] = [];
  const differ = (
    kind: FindingClass,
    expected: string,
    found: string,
    severity: Severity = 'tampered',
  ): void => {
    findings.push({ severity, class: kind, path, expected, found });
  };
  const type = object.mode & S_IFMT;
  if (type === S_IFLNK) {
    const target = files.linkTarget(path);
    if (target !== object.linkTarget) differ('link', object.linkTarget, target);
  } else if ((status.mode & 0o7777) !== (object.mode & 0o7777)) {
    differ('mode', modeWords(object.mode), modeWords(status.mode));
  }
  if (!owners.fits(object, status)) {
    const isLost = isForced && type === S_IFLNK && owners.fits(ROOT_OWNER, status);
    differ('owner', owners.describe(object), `${status.uid}:${status.gid}`, isLost ? 'known' : 'tampered');
  }
  if (type === S_IFREG && status.size !== object.size) {
    differ('content', `${object.size} bytes`, `${status.size} bytes`);
  }
  if (isDeviceMode(object.mode) && encodeDevice(object.major, object.minor) !== status.rdev) {
    differ('device', `${object.major}:${object.minor}`, deviceWords(status.rdev));
  }
  if (!object.touched) {
    const time = compareTime(object, status.mtime, inPlace);
    if (time !== undefined) differ('mtime', timeWords(object.mtime), timeWords(status.mtime), time);
  }
  return findings;
}

/** A time proves nothing: it changes and is put back with ease. */
function compareTime(
  { mtime: recorded }: RecordedObject,
  found: FileStatus['mtime'],
  inPlace: boolean,
): Severity | undefined {
  if (recorded.seconds === found.seconds) {
    if (recorded.nanoseconds === found.nanoseconds) return undefined;
    // BuildKit writes whole seconds, cut off, into the tar of a layer that it has made in place.
    return recorded.nanoseconds === 0 && inPlace ? 'known' : 'note';
  }
  // Of a symbolic link: newer versions bring what is before 1970 there, as all do with other files.
  return recorded.seconds < 0 && found.seconds === 0 && found.nanoseconds === 0 ? 'known' : 'note';
}
