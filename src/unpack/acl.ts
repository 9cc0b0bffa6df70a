// POSIX access lists as extended attributes hold them, and what the kernel does to one when a file is made below a default
// list, when its mode is changed, and when a list says no more than a mode (fs/posix_acl.c).
import { asBytes, type ByteString } from '../sys/bytes.ts';

export const ACCESS_ACL = 'system.posix_acl_access';
export const DEFAULT_ACL = 'system.posix_acl_default';

/** Tags of entries (linux/posix_acl.h). */
const TAG = { owner: 1, user: 2, group: 4, groups: 8, mask: 16, other: 32 } as const;
/** Tags of entries that name nobody by number. */
const UNNAMED: readonly number[] = [TAG.owner, TAG.group, TAG.mask, TAG.other];

interface AclEntry {
  readonly tag: number;
  readonly permissions: number;
  /** 0xffffffff where it names nobody. */
  readonly id: number;
}

export type Acl = readonly AclEntry[];

const VERSION = 2;
const HEADER_BYTES = 4;
const ENTRY_BYTES = 8;
const NOBODY = 0xffffffff;

/** Undefined for what the kernel refuses (posix_acl_from_xattr, posix_acl_valid). An empty list is none. */
export function parseAcl(value: ByteString): Acl | undefined {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < HEADER_BYTES || (bytes.length - HEADER_BYTES) % ENTRY_BYTES !== 0) return undefined;
  if (bytes.readUInt32LE(0) !== VERSION) return undefined;
  const acl: AclEntry[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; at += ENTRY_BYTES) {
    const tag = bytes.readUInt16LE(at);
    const id = UNNAMED.includes(tag) ? NOBODY : bytes.readUInt32LE(at + 4);
    acl.push({ tag, permissions: bytes.readUInt16LE(at + 2), id });
  }
  return acl.length === 0 || isValid(acl) ? acl : undefined;
}

/** One owner, named users, one group, named groups, a mask where anybody is named, and others, in this order. */
function isValid(acl: Acl): boolean {
  if (acl.some(({ permissions }) => permissions > 7)) return false;
  const letters = new Map<number, string>([
    [TAG.owner, 'o'],
    [TAG.user, 'u'],
    [TAG.group, 'g'],
    [TAG.groups, 'n'],
    [TAG.mask, 'm'],
    [TAG.other, 'x'],
  ]);
  const order = acl.map(({ tag }) => letters.get(tag) ?? '?').join('');
  if (acl.some(({ tag, id }) => !UNNAMED.includes(tag) && id === NOBODY)) return false;
  return /^ou*gn*mx$|^ogx$/.test(order);
}

export function formatAcl(acl: Acl): ByteString {
  const bytes = Buffer.alloc(HEADER_BYTES + acl.length * ENTRY_BYTES);
  bytes.writeUInt32LE(VERSION, 0);
  for (const [index, { tag, permissions, id }] of acl.entries()) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(permissions, at + 2);
    bytes.writeUInt32LE(id, at + 4);
  }
  return asBytes(bytes.toString('latin1'));
}

/** The nine bits of the mode that a file with this list shows (posix_acl_equiv_mode). */
export function modeOfAcl(acl: Acl): number {
  const permissions = (tag: number) => acl.find((entry) => entry.tag === tag)?.permissions ?? 0;
  const group = isMinimal(acl) ? permissions(TAG.group) : permissions(TAG.mask);
  return (permissions(TAG.owner) << 6) | (group << 3) | permissions(TAG.other);
}

/** Whether a list says no more than a mode, and is not kept for that. */
export function isMinimal(acl: Acl): boolean {
  return acl.every(({ tag }) => tag === TAG.owner || tag === TAG.group || tag === TAG.other);
}

/** The list after the file's mode was set (posix_acl_chmod). */
export function aclWithMode(acl: Acl, mode: number): Acl {
  const group = isMinimal(acl) ? TAG.group : TAG.mask;
  return withEach(acl, (tag) => {
    if (tag === TAG.owner) return () => mode >> 6;
    if (tag === group) return () => mode >> 3;
    return tag === TAG.other ? () => mode : undefined;
  });
}

/** The list of a file that is made, asked to have `mode`, below a default list (posix_acl_create_masq). */
export function inheritedAcl(acl: Acl, mode: number): Acl {
  const group = acl.some(({ tag }) => tag === TAG.mask) ? TAG.mask : TAG.group;
  return withEach(acl, (tag) => {
    if (tag === TAG.owner) return (permissions) => permissions & (mode >> 6);
    if (tag === group) return (permissions) => permissions & (mode >> 3);
    return tag === TAG.other ? (permissions) => permissions & mode : undefined;
  });
}

function withEach(acl: Acl, change: (tag: number) => ((permissions: number) => number) | undefined): Acl {
  return acl.map((entry) => {
    const changed = change(entry.tag);
    return changed === undefined ? entry : { ...entry, permissions: changed(entry.permissions) & 7 };
  });
}
