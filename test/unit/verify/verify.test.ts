import { chownSync, mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unpackRules } from '../../../src/store/docker/unpacking.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { OwnerMap } from '../../../src/verify/owners.ts';
import { severityVerdict, worse } from '../../../src/verify/verdict.ts';
import { compareXattrs, type XattrRules } from '../../../src/verify/xattrs.ts';
import { dockerRootAt } from '../../support/docker-root.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForTest } from '../../support/temporary.ts';

const PLAIN: XattrRules = {
  shifted: false,
  inPlace: false,
  copied: false,
  passed: [],
  empty: [],
};

describe('compareXattrs()', () => {
  const CASES: readonly [
    name: string,
    recorded: object,
    onDisk: object,
    rules: XattrRules,
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
    ['passes over what others compare', {}, { 'user.a': 'y' }, { ...PLAIN, passed: ['user.a'] }, []],
    [
      'finds a mark of another dialect',
      {},
      { 'user.overlay.opaque': 'y' },
      PLAIN,
      ['tampered no user.overlay.opaque user.overlay.opaque=0x79'],
    ],
    ['takes one without a value as set or not', {}, { 'user.a': '' }, { ...PLAIN, empty: ['user.a'] }, []],
    [
      'finds a value where none was recorded',
      {},
      { 'user.a': 'x' },
      { ...PLAIN, empty: ['user.a'] },
      ['tampered no user.a user.a=0x78'],
    ],
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
      'knows what a copy of the layer below loses, and finds the rest',
      { 'user.a': 'x', 'user.b': 'x', 'security.capability': 'x' },
      { 'user.b': 'y' },
      { ...PLAIN, copied: true },
      [
        'tampered security.capability=0x78 no security.capability',
        'known user.a=0x78 no user.a',
        'tampered user.b=0x78 user.b=0x79',
      ],
    ],
    [
      'cannot tell who set what no tar made from files records',
      {},
      { 'user.a': 'x', 'system.posix_acl_access': 'y' },
      { ...PLAIN, inPlace: true },
      ['note no system.posix_acl_access system.posix_acl_access=0x79', 'note no user.a user.a=0x78'],
    ],
    [
      'finds the rest there too',
      { 'user.b': 'x' },
      { 'user.overlay.redirect': 'x', 'security.capability': 'y' },
      { ...PLAIN, inPlace: true },
      [
        'tampered no security.capability security.capability=0x79',
        'tampered user.b=0x78 no user.b',
        'tampered no user.overlay.redirect user.overlay.redirect=0x78',
      ],
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

describeSystem('unpackRules()', ['root'], () => {
  it.each([
    ['its own numbers', 'docker', [0, 0], '0:0', '42:7', false],
    ['a part of a user namespace', '100000.200000', [0, 0], '100000:200000', '100042:200007', true],
    ['a copy of such a part', 'docker', [100000, 200000], '100000:200000', '100042:200007', true],
    [
      'a rootless root',
      'rootless',
      [1000, 1000],
      '1000:1000',
      '42 in a user namespace:7 in a user namespace',
      true,
    ],
    ['a name with more below', '1.2/docker', [0, 0], '0:0', '42:7', false],
  ] as const)('tells of %s', (_, name, [uid, gid], root, other, withoutDevices) => {
    const store = new FakeStore(temporaryForTest().path(name));
    store.image({ layers: ['a', 'b', 'c'] });
    for (const layers of [
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]) {
      const work = store.path(`overlay2/${FakeStore.cacheId(layers)}/work`);
      mkdirSync(work);
      chownSync(work, uid, gid);
    }
    if (name === 'rootless') chownSync(store.path('image/overlay2'), uid, gid);
    const rules = unpackRules(dockerRootAt(store.root));
    const owners = new OwnerMap(rules.root, rules.isOneRange);
    expect([
      owners.describe({ uid: 0, gid: 0 }),
      owners.describe({ uid: 42, gid: 7 }),
      rules.withoutDevices,
    ]).toEqual([root, other, withoutDevices]);
  });
});

describe('OwnerMap', () => {
  const RECORDED = [
    [0, 0],
    [42, 0],
    [7, 42],
    [0, 7],
  ] as const;
  it.each([
    ['the same numbers', [0, 0], ['0:0', '42:0', '7:42', '0:7'], []],
    ['a namespace of one range', [500, 600], ['500:600', '542:600', '507:642', '500:607'], []],
    ['a rootless one', [1000, 1000], ['1000:1000', '100041:1000', '100006:100041', '1000:100006'], []],
    ['one owner changed', [0, 0], ['0:0', '0:0', '7:42', '0:7'], [1]],
    ['one owner changed in a namespace', [500, 600], ['500:600', '542:600', '500:642', '500:607'], [2]],
    [
      'one owner given to a user of the machine',
      [1000, 1000],
      ['1000:1000', '5:1000', '100006:100041', '1000:100006'],
      [1],
    ],
    ['root itself changed', [1000, 1000], ['0:1000', '100041:1000', '100006:100041', '1000:100006'], [0]],
    [
      'owners lost to one user',
      [1000, 1000],
      ['1000:1000', '1000:1000', '1000:1000', '1000:1000'],
      [1, 2, 3],
    ],
    ['owners lost to root', [0, 0], ['0:0', '0:0', '0:0', '0:0'], [1, 2, 3]],
  ] as const)('judges %s', (_, [uid, gid], found, wrong) => {
    const owners = new OwnerMap({ uid, gid }, uid === 500);
    const misfits = found.flatMap((text, i) => {
      const [foundUid = 0, foundGid = 0] = text.split(':').map(Number);
      const [recordedUid, recordedGid] = RECORDED[i] ?? [0, 0];
      const fits = owners.fits({ uid: recordedUid, gid: recordedGid }, { uid: foundUid, gid: foundGid });
      return fits ? [] : [i];
    });
    expect(misfits).toEqual(wrong);
  });
});

describe('worse()', () => {
  it('holds tampering to be worse than what cannot be told, and notes to be nothing', () => {
    expect(worse('tampered', 'unverifiable')).toBe('tampered');
    expect(worse('verified', 'unverifiable')).toBe('unverifiable');
    expect(worse('verified', severityVerdict({ severity: 'note', class: 'mtime' }))).toBe('verified');
  });
});
