// What a machine's /etc/subuid and /etc/subgid say of its users' namespaces, and the maps that follow.
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../../src/store/machine/machine.ts';
import {
  readSubordinateIds,
  remappedMap,
  rootlessMap,
  type SubordinateRange,
} from '../../../../src/store/machine/subordinate.ts';
import { asBytes } from '../../../../src/sys/bytes.ts';

function machineWith(files: Readonly<Record<string, string>>): Machine {
  return {
    label: asBytes('/'),
    isThis: true,
    environment: {},
    directory: () => undefined,
    names: () => [],
    homes: () => [],
    read: (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
  };
}

const PASSWD = 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n';

describe('readSubordinateIds()', () => {
  const range = (owner: number | string, first = 100000, count = 65536): SubordinateRange => ({
    owner,
    first,
    count,
  });
  it.each<[string, string, readonly SubordinateRange[]]>([
    ['a user by name', 'ann:100000:65536\n', [range(1000)]],
    ['a user by number', '1000:100000:65536\n', [range(1000)]],
    ['a name without a number here', 'dockremap:231072:65536', [range('dockremap', 231072)]],
    [
      'several of one user, in their order',
      'ann:300000:1\nann:200000:2\n',
      [range(1000, 300000, 1), range(1000, 200000, 2)],
    ],
    [
      'no comments, broken lines, empty and endless ranges',
      '#ann:1:2\nann\nann:1\nann:x:1\nann:1:0\nann:1:4294967296\nann:5:6',
      [range(1000, 5, 6)],
    ],
  ])('reads %s', (_, subuid, expected) => {
    const files = { '/etc/passwd': PASSWD, '/etc/subuid': subuid, '/etc/subgid': 'ann:7:8\n' };
    expect(readSubordinateIds(machineWith(files))?.uids).toEqual(expected);
    expect(readSubordinateIds(machineWith(files))?.gids).toEqual([range(1000, 7, 8)]);
  });

  it('answers nothing where one of the files says nothing', () => {
    expect(readSubordinateIds(machineWith({ '/etc/subuid': 'ann:1:2' }))).toBeUndefined();
  });
});

describe('maps of subordinate numbers', () => {
  const ranges = [
    { owner: 'dockremap', first: 500000, count: 10 },
    { owner: 1000, first: 100000, count: 5 },
    { owner: 1000, first: 300000, count: 7 },
  ];

  it('has the user as root of a rootless engine, and its ranges in a row', () => {
    expect(rootlessMap(1000, 1000, ranges)).toEqual([
      { inside: 0, outside: 1000, size: 1 },
      { inside: 1, outside: 100000, size: 5 },
      { inside: 6, outside: 300000, size: 7 },
    ]);
  });

  it('finds whose ranges userns-remap uses by the first of them', () => {
    expect(remappedMap(500000, ranges)).toEqual([{ inside: 0, outside: 500000, size: 10 }]);
    expect(remappedMap(300000, ranges)).toEqual([]);
  });
});
