// The mounts this process can see, from /proc/self/mountinfo, and what tells one from all others. Reading it asks no file
// system anything, so it is safe beside a mount that does not answer.
import { readFileSync } from 'node:fs';
import { asBytes, type ByteString, cString } from '../bytes.ts';
import { E, errnoOf, errnoWords, Trouble } from '../errors.ts';
import { AT_EMPTY_PATH, AT_FDCWD, AT_STATX_DONT_SYNC } from '../libc.ts';
import { bigLongAt } from '../long.ts';
import { STATX, STATX_MNT_ID_UNIQUE, STATX_SIZE } from '../statx.ts';
import { statx } from '../statx-call.ts';
import { statmount } from './mount-calls.ts';

/** What tells a mount from every other, wherever it is moved. */
export interface MountIdentity {
  /** Not used twice while the mount lives, but soon after. */
  readonly id: number;
  /** `major:minor` of what `stat` shows as `st_dev`; used again as the number is. */
  readonly device: string;
  /** Never given to another mount; undefined where that is not known (before Linux 6.8). */
  readonly unique?: bigint | undefined;
}

export interface MountEntry extends MountIdentity {
  /** Number of the mount that it is mounted on. */
  readonly parent: number;
  /** Which directory of its file system is seen at `point`. */
  readonly root: ByteString;
  /** Absolute, as this process sees it. */
  readonly point: ByteString;
  readonly type: string;
  readonly source: ByteString;
}

/** A `struct mnt_id_req` and a `struct statmount` (linux/mount.h), in bytes. */
const MNT_ID_REQ = { sizeof: 24, mnt_id: 8, param: 16 } as const;
const STATMOUNT_BYTES = 512;
const STATMOUNT_MNT_BASIC = 2n;

/** Throws Trouble where there is no /proc. */
export function readMounts(): MountEntry[] {
  return parseMounts(readOfProc('mountinfo'));
}

/** What is seen at an absolute path without links; undefined where nothing is mounted there. */
export function mountAt(
  point: ByteString,
  mounts: readonly MountEntry[] = readMounts(),
): MountEntry | undefined {
  const there = mounts.filter((mount) => mount.point === point);
  return there.findLast((mount) => coverOf(mount, there) === undefined) ?? there.at(-1);
}

/** What is mounted over a mount's root, and hides all of it. */
export function coverOf(
  { id, point }: MountEntry,
  mounts: readonly MountEntry[] = readMounts(),
): MountEntry | undefined {
  return mounts.find((mount) => mount.parent === id && mount.point === point && mount.id !== id);
}

/** Where a mount is by now; undefined where it is no more, or in another mount namespace. */
export function findMount(
  { id, device, unique }: MountIdentity,
  mounts: readonly MountEntry[] = readMounts(),
): MountEntry | undefined {
  const entry = mounts.find((mount) => mount.id === id && mount.device === device);
  return entry !== undefined && (unique === undefined || isThere(unique)) ? entry : undefined;
}

/** Where it cannot be asked, nothing speaks against it. */
function isThere(unique: bigint): boolean {
  const request = Buffer.alloc(MNT_ID_REQ.sizeof);
  request.writeUInt32LE(MNT_ID_REQ.sizeof);
  request.writeBigUInt64LE(unique, MNT_ID_REQ.mnt_id);
  request.writeBigUInt64LE(STATMOUNT_MNT_BASIC, MNT_ID_REQ.param);
  return statmount(request, Buffer.alloc(STATMOUNT_BYTES)) !== -E.ENOENT;
}

/** Number of the mount that an open file is in; undefined where the kernel does not tell. */
export function mountIdOf(fd: number): number | undefined {
  const told = /^mnt_id:\t(\d+)$/m.exec(readOfProc(`fdinfo/${fd}`))?.[1];
  return told === undefined ? undefined : Number(told);
}

/** The number of it that is never used again. Asks no server anything. */
export function uniqueIdOf(fd: number): bigint | undefined {
  // Where statx(2) is missing the C library asks with another call, which a server has to answer: that of this mount is us.
  areUnique ??= uniqueIdAt(AT_FDCWD, '/', 0) !== undefined;
  return areUnique ? uniqueIdAt(fd, '', AT_EMPTY_PATH | AT_STATX_DONT_SYNC) : undefined;
}

/** Whether the kernel tells such numbers. */
let areUnique: boolean | undefined;

function uniqueIdAt(directory: number, path: string, flags: number): bigint | undefined {
  const status = new Uint32Array(STATX_SIZE / 4);
  const error = statx(directory, cString(asBytes(path)), flags, STATX_MNT_ID_UNIQUE, status);
  if (error < 0 || ((status[STATX.mask] as number) & STATX_MNT_ID_UNIQUE) === 0) return undefined;
  return bigLongAt(status, STATX.mountId);
}

/** A path that leads to what is open, whatever its name is by now. */
export function descriptorPath(fd: number): ByteString {
  return asBytes(`/proc/self/fd/${fd}`);
}

/** As words for a command line, each without white space. */
export function identityWords({ id, device, unique }: MountIdentity): string[] {
  return [String(id), device, unique === undefined ? '-' : String(unique)];
}

/** Of such words, and those after them. */
export function parseIdentity(words: readonly string[]): { mount: MountIdentity; rest: readonly string[] } {
  const [id, device = '', unique = '-', ...rest] = words;
  return { mount: { id: Number(id), device, unique: unique === '-' ? undefined : BigInt(unique) }, rest };
}

/** proc(5): `id parent major:minor root point options [tag…] - type source super-options`. */
export function parseMounts(text: string): MountEntry[] {
  const mounts: MountEntry[] = [];
  for (const line of text.split('\n')) {
    const [id, parent, device, root, point, ...rest] = line.split(' ');
    const separator = rest.indexOf('-');
    const type = rest[separator + 1];
    const source = rest[separator + 2];
    if (!id || !device || !root || !point || separator < 0) continue;
    if (type === undefined || source === undefined) continue;
    mounts.push({
      ...{ id: Number(id), parent: Number(parent), device, type },
      ...{ root: unescapeField(root), point: unescapeField(point), source: unescapeField(source) },
    });
  }
  return mounts;
}

/** The kernel writes white space, `\` and `#` as `\` and three octal digits. */
function unescapeField(field: string): ByteString {
  return asBytes(
    field.replace(/\\([0-3][0-7]{2})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    ),
  );
}

function readOfProc(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'latin1');
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === undefined) throw cause;
    const state = errno === E.ENOENT ? 'is /proc mounted?' : errnoWords(errno);
    throw new Trouble('usage', `Cannot read "/proc/self/${name}": ${state}`, { cause });
  }
}
