// The conformance suite on the default driver. Recorded answers are the kernel's own, and checked against it each time;
// `vitest run --project system test/system/conformance.test.ts -u` records anew.
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { CASES, conforms, type Limits, writeConformanceLayers } from '../support/conformance.ts';
import { mountKernel } from '../support/kernel.ts';
import { ALL_FIELDS, Oracle } from '../support/oracle.ts';
import { lowerdirReference, mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';

/** Where the default driver is known to say something else than the kernel's overlay. */
const LIMITS: Limits = {
  // The kernel shows the number of the directory around the layer, which is nowhere in the mount; for a root it is its own.
  dots: { '.: . True, .. False, names True, types 4 4': '.: . True, .. True, names True, types 4 4' },
  // The kernel wants room for its own marks too, which it then leaves out.
  xattrs: Object.fromEntries([
    [
      "list marked: ['trusted.a', 'trusted.overlay', 'trusted.overlay.x', 'user.a', 'user.empty', 'user.long', 'user.nnnnnnnnnnnnnnn', 'user.overlay.opaque']; ERANGE ERANGE ERANGE ERANGE 348; True",
      "list marked: ['trusted.a', 'trusted.overlay', 'trusted.overlay.x', 'user.a', 'user.empty', 'user.long', 'user.nnnnnnnnnnnnnnn', 'user.overlay.opaque']; ERANGE ERANGE 348 348 348; True",
    ],
  ]),
  // FUSE has no extents.
  extras: {
    'extents: file=ok directory=ENOTSUP': 'extents: file=ENOTSUP directory=ENOTSUP',
  },
};

const FIELDS = [...ALL_FIELDS, 'atime', 'btime'] as const;

describeSystem('conformance', ['root', 'overlay', 'fuse', 'python', 'attributes', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const places = { kernel: '', cached: '', passthrough: '' };
  let layers: readonly string[] = [];
  /** What the kernel's mount tells of a part is asked once for both ways of data. */
  const told = new Map<string, Promise<string[]>>();
  const toldOf = (part: string) => {
    const known = told.get(part) ?? oracle.dump(`${places.kernel}/${part}`, { fields: FIELDS });
    told.set(part, known);
    return known;
  };

  beforeAll(async () => {
    await succeed('chmod', ['755', temporary.directory]);
    layers = await writeConformanceLayers(oracle, temporary.path('layers'));
    places.kernel = (await mountKernel(oracle, temporary, layers)).directory;
    for (const data of ['cached', 'passthrough'] as const) {
      const args = ['--allow-other', '-o', 'suid,dev,exec', '--data', data];
      places[data] = (await mountStratafs(temporary, lowerdirReference(layers), { args })).directory;
    }
  });

  describe.each(['cached', 'passthrough'] as const)('with %s data', (data) => {
    it.each(CASES)('$probe', (each) =>
      conforms(oracle, each, { kernel: places.kernel, subject: places[data] }, LIMITS),
    );

    it.each(['merged', 'pure', 'rights', 'programs'])('all that is told of %s', async (part) => {
      const expected = await toldOf(part);
      expect(expected.length).toBeGreaterThan(4);
      expect(differences(expected, await oracle.dump(`${places[data]}/${part}`, { fields: FIELDS }))).toBe(
        '',
      );
    });
  });

  it('neither privileges nor devices, unless asked for', async () => {
    const { directory } = await mountStratafs(temporary, lowerdirReference(layers), {
      args: ['--allow-other'],
    });
    expect((await oracle.probe(directory, 'programs')).slice(0, 4)).toEqual([
      'id: 0, 1000',
      'id-suid: 0, 1000',
      'id-sgid: 0, 1000',
      'cat-capable: 1, nothing',
    ]);
    expect((await oracle.probe(directory, 'devices')).slice(0, 2)).toEqual([
      'zero: EACCES',
      'null, written to: EACCES',
    ]);
  });

  it('nothing for other users, unless asked for', async () => {
    const { directory } = await mountStratafs(temporary, lowerdirReference(layers));
    const looking = oracle.lookup(directory, ['/merged/file'], { fields: ['mode'], uid: 1000 });
    await expect(looking).rejects.toMatchObject({ errno: 'EACCES' });
  });
});
