// The numbers that a machine sets aside for its users' namespaces (`/etc/subuid` and `/etc/subgid`, subuid(5)), and the maps that
// engines make of them. Of a directory service (`subid:` in nsswitch.conf) nothing is asked.
import { asBytes, type ByteString, bytesOf, shownBytes } from '../../sys/bytes.ts';
import type { IdRange } from '../owner.ts';
import type { Machine } from './machine.ts';

/** Ranges that are set aside for users, in the order of their files. */
export interface SubordinateIds {
  readonly uids: readonly SubordinateRange[];
  readonly gids: readonly SubordinateRange[];
  /** Where they were read, in words. */
  readonly source: string;
}

export interface SubordinateRange {
  /** What the line is for: the number of a user, or a name that the machine has no number of. */
  readonly owner: number | string;
  readonly first: number;
  readonly count: number;
}

const SUBUID = asBytes('/etc/subuid');
const SUBGID = asBytes('/etc/subgid');
const MOST_IDS = 2 ** 32;

/** Undefined where neither file says anything. */
export function readSubordinateIds(machine: Machine): SubordinateIds | undefined {
  const users = new Map(
    linesOf(machine, asBytes('/etc/passwd')).flatMap(([name, , uid]) =>
      uid !== undefined && name !== undefined && isNumber(uid) ? [[name, Number(uid)] as const] : [],
    ),
  );
  const ranges = (file: ByteString) =>
    linesOf(machine, file).flatMap(([name, first = '', count = '']): SubordinateRange[] => {
      if (name === undefined || name === '' || !isNumber(first) || !isNumber(count)) return [];
      const range = { first: Number(first), count: Number(count) };
      if (range.count === 0 || range.first + range.count > MOST_IDS) return [];
      return [{ owner: users.get(name) ?? (isNumber(name) ? Number(name) : name), ...range }];
    });
  const [uids, gids] = [ranges(SUBUID), ranges(SUBGID)];
  if (uids.length === 0 || gids.length === 0) return undefined;
  const of = machine.isThis ? 'this machine' : `"${shownBytes(machine.label)}"`;
  return { uids, gids, source: `/etc/subuid and /etc/subgid of ${of}` };
}

/** A rootless engine's: its user is root, then the user's ranges in their order (containers/storage, rootless; RootlessKit). */
export function rootlessMap(root: number, user: number, ranges: readonly SubordinateRange[]): IdRange[] {
  return [{ inside: 0, outside: root, size: 1 }, ...inARow(1, ofOwner(user, ranges))];
}

/**
 * With userns-remap: the ranges of the one whose first begins at `root` (moby/sys/user LoadIdentityMapping); none where nobody's
 * does.
 */
export function remappedMap(root: number, ranges: readonly SubordinateRange[]): IdRange[] {
  const owners = new Set(ranges.map(({ owner }) => owner));
  for (const owner of owners) {
    const own = ofOwner(owner, ranges);
    if (own[0]?.first === root) return inARow(0, own);
  }
  return [];
}

function ofOwner(wanted: number | string, ranges: readonly SubordinateRange[]): SubordinateRange[] {
  return ranges.filter(({ owner }) => owner === wanted);
}

function inARow(start: number, ranges: readonly SubordinateRange[]): IdRange[] {
  let inside = start;
  return ranges.map(({ first, count }) => {
    const range = { inside, outside: first, size: count };
    inside += count;
    return range;
  });
}

function linesOf(machine: Machine, file: ByteString): string[][] {
  const bytes = machine.read(file);
  if (bytes === undefined) return [];
  return bytesOf(bytes)
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim().split(':'));
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}
