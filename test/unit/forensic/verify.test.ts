import { describe, expect, it } from 'vitest';
import { severityVerdict, worse } from '../../../src/forensic/verify-store.ts';
import { unpackingOf } from '../../../src/forensic/verify-unpacking.ts';
import { compareXattrs, isOpaque } from '../../../src/forensic/verify-xattrs.ts';
import { asBytes } from '../../../src/sys/bytes.ts';

const PLAIN = { shifted: false, takesUser: true };

describe('compareXattrs()', () => {
  const CASES: readonly [
    name: string,
    recorded: object,
    onDisk: object,
    rules: typeof PLAIN,
    findings: string[],
  ][] = [
    ['says nothing of equal ones', { 'user.a': 'x' }, { 'user.a': 'x' }, PLAIN, []],
    [
      'finds a changed one',
      { 'user.a': 'x' },
      { 'user.a': 'y' },
      PLAIN,
      ['tampered user.a=0x78 user.a=0x79'],
    ],
    ['finds a lost one', { 'user.a': 'x' }, {}, PLAIN, ['tampered user.a=0x78 no user.a']],
    [
      'finds a planted one',
      {},
      { 'security.capability': '\xff' },
      PLAIN,
      ['tampered no security.capability security.capability=0xff'],
    ],
    [
      'knows that a symlink takes no user attributes',
      { 'user.a': 'x' },
      {},
      { ...PLAIN, takesUser: false },
      ['known user.a=0x78 no user.a'],
    ],
    ['leaves opaque marks to others', {}, { 'trusted.overlay.opaque': 'y' }, PLAIN, []],
    [
      'passes over marks that change nothing',
      {},
      { 'trusted.overlay.origin': 'x', 'user.overlay.impure': 'y' },
      PLAIN,
      [],
    ],
    [
      'finds a mark that changes the tree',
      {},
      { 'trusted.overlay.metacopy': '' },
      PLAIN,
      ['tampered no trusted.overlay.metacopy trusted.overlay.metacopy=0x'],
    ],
    ['passes over labels of the host', {}, { 'security.selinux': 'x' }, PLAIN, []],
    [
      'knows that labels of the host differ',
      { 'security.selinux': 'a' },
      { 'security.selinux': 'b' },
      PLAIN,
      ['known security.selinux=0x61 security.selinux=0x62'],
    ],
    [
      'knows that capabilities name their root in a user namespace',
      { 'security.capability': 'a' },
      { 'security.capability': 'b' },
      { ...PLAIN, shifted: true },
      ['known security.capability=0x61 security.capability=0x62'],
    ],
    [
      'finds a capability that is lost in a user namespace',
      { 'security.capability': 'a' },
      {},
      { ...PLAIN, shifted: true },
      ['tampered security.capability=0x61 no security.capability'],
    ],
    [
      'cuts long values',
      {},
      { 'user.a': 'x'.repeat(33) },
      PLAIN,
      [`tampered no user.a user.a=0x${'78'.repeat(32)}...`],
    ],
  ];

  it.each(CASES)('%s', (_, recorded, onDisk, rules, findings) => {
    const told = compareXattrs(
      asBytes('a'),
      new Map(Object.entries(recorded)),
      new Map(Object.entries(onDisk)),
      rules,
    );
    expect(told.map(({ severity, expected, found }) => `${severity} ${expected} ${found}`)).toEqual(findings);
  });
});

describe('isOpaque()', () => {
  it.each([
    [{ 'trusted.overlay.opaque': 'y' }, 'trusted', true],
    [{ 'trusted.overlay.opaque': 'y' }, 'user', false],
    [{ 'user.overlay.opaque': 'y' }, 'user', true],
    [{ 'trusted.overlay.opaque': 'n' }, 'trusted', false],
  ] as const)('judges %j in the dialect %s', (xattrs, dialect, opaque) => {
    expect(isOpaque(new Map(Object.entries(xattrs)), dialect)).toBe(opaque);
  });
});

describe('unpackingOf()', () => {
  it.each([
    ['/var/lib/docker', 'trusted', { uid: 0, gid: 0 }, false],
    ['/var/lib/docker/100000.200000', 'trusted', { uid: 100000, gid: 200000 }, true],
    ['/var/lib/docker/1.2/docker', 'trusted', { uid: 0, gid: 0 }, false],
    ['/home/me/.local/share/docker', 'user', { uid: 0, gid: 0 }, true],
  ] as const)('tells of %s, dialect %s', (root, dialect, shift, withoutDevices) => {
    expect(unpackingOf(asBytes(root), dialect)).toEqual({ shift, withoutDevices });
  });
});

describe('worse()', () => {
  it('holds tampering to be worse than what cannot be told, and notes to be nothing', () => {
    expect(worse('tampered', 'unverifiable')).toBe('tampered');
    expect(worse('verified', 'unverifiable')).toBe('unverifiable');
    expect(worse('verified', severityVerdict({ severity: 'note', class: 'mtime' }))).toBe('verified');
  });
});
