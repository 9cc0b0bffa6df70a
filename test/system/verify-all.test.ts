// `verify --all` of stores whose engines keep containers and leftovers of their own: it takes each container, what lies in
// directories that nothing leads to, and what is being written for nobody.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, temporaryForTest } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

interface Line {
  readonly t: string;
  readonly container?: string;
  readonly layer?: number;
  readonly place?: string;
  readonly verdict?: string;
  readonly severity?: string;
  readonly class?: string;
  readonly path?: string;
  readonly found?: string;
  readonly message?: string;
}

const OVERLAYFS = 'io.containerd.snapshotter.v1.overlayfs/snapshots';

/** Containers as `ID verdict`, and what the untouched store has besides. */
const STORES: readonly {
  readonly name: string;
  readonly root: string;
  readonly containers: readonly string[];
  readonly left: readonly string[];
  /** Directories of layers below the root, in which nothing is noticed but by their names. */
  readonly places: readonly string[];
}[] = [
  {
    name: 'podman-5.8-root-overlay',
    root: 'root',
    containers: ['666c4de8526b', '6cee2537b8f2', '713d3cfa55f5', 'dae217a64f10', 'f776b0a6fd77'],
    left: [],
    places: ['overlay/planted', 'overlay/tempdirs/planted', `overlay/${'a'.repeat(64)}`],
  },
  {
    name: 'podman-5.8-rootless-vfs',
    root: 'vfs',
    containers: ['75c2d9676525', 'a4b488ce7961', 'b9b03943ea15'],
    left: [],
    places: [`vfs/dir/${'a'.repeat(64)}`],
  },
  {
    name: 'docker-26-containerd',
    root: 'root',
    containers: ['a824411a9e38'],
    left: [],
    places: [`containerd/daemon/${OVERLAYFS}/99`],
  },
  {
    name: 'docker-28-containerd',
    root: 'root',
    containers: ['3b2d4301e2d2', '43c317b30dd1', '4d4e5219e895', '5f01710e7d55', 'e848e4947038'],
    left: [],
    places: [`containerd/daemon/${OVERLAYFS}/new-99`],
  },
  {
    name: 'containerd-1.6',
    root: 'root',
    containers: ['14ab03f8607a', '35419057528c', 'c1', 'c2', 'c3'],
    left: [
      'snapshots/new-1234567890',
      'snapshots/new-1234567890/fs',
      'snapshots/new-1234567890/fs/half',
      'snapshots/rm-7',
    ],
    places: [`${OVERLAYFS}/99`],
  },
];

describeSystem('verify --all of real stores', ['root', 'stores', 'build'], () => {
  async function verified(root: string): Promise<{ code: number | null; lines: readonly Line[] }> {
    const { code, stdout } = await stratafs(['--root', root, 'verify', '--all', '--json']);
    return { code, lines: jsonRecords(stdout) };
  }

  const extras = (lines: readonly Line[]) => lines.filter((line) => line.class === 'extra');

  describe.each(STORES)('$name', ({ name, root: below, containers, left, places }) => {
    const temporary = temporaryForSuite();
    const root = `${temporary.path(name)}/${below}`;
    let before: Awaited<ReturnType<typeof verified>> = { code: null, lines: [] };
    beforeAll(async () => {
      unpackStore(temporary, name);
      before = await verified(root);
    });

    it('takes its containers and what is left in it', () => {
      const { code, lines } = before;
      expect(code).toBe(4);
      const told = lines.filter(({ t }) => t === 'container');
      expect(
        told.map(({ container = '', verdict }) => `${container.slice(0, 12)} ${verdict}`).sort(),
      ).toEqual(containers.map((id) => `${id} unverifiable`));
      expect(lines.filter(({ severity }) => severity === 'tampered')).toEqual([]);
      expect(extras(lines).map(({ path = '' }) => path.slice(path.indexOf('snapshots/')))).toEqual(left);
    });

    it.each(places)('lists what lies in %s', async (place) => {
      const known = extras(before.lines).map(({ path }) => path);
      const file = `${root}/${place}/diff/usr/evil`;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, 'evil\n');
      const { code, lines } = await verified(root);
      rmSync(`${root}/${place}`, { recursive: true });
      expect(code).toBe(4);
      const told = extras(lines).filter(({ path }) => !known.includes(path));
      const found = told.map(({ path = '', severity, found: what = '' }) => [path, severity, what].join(' '));
      const sum = '886b67480dbe73b406ad83a1dd6d9596f93089d90c220ccfc91944c95f1c68c4';
      expect(found).toEqual([
        `${root}/${place} unverifiable directory`,
        `${root}/${place}/diff unverifiable directory`,
        `${root}/${place}/diff/usr unverifiable directory`,
        `${root}/${place}/diff/usr/evil unverifiable regular file of 5 bytes, sha256:${sum}`,
      ]);
    });
  });

  it('compares what each snapshotter has that an image was unpacked by', async () => {
    const root = `${unpackStore(temporaryForTest(), 'containerd-1.6')}/root`;
    const verdicts = async () => {
      const words = [
        '--root',
        root,
        '--namespace',
        'default',
        'verify',
        '--json',
        'docker.io/library/demo:1',
      ];
      const { stdout } = await stratafs(words);
      return jsonRecords<Line>(stdout).flatMap(({ t, place, layer, verdict }) =>
        t === 'layer' && place !== undefined ? [`${place} ${layer} ${verdict}`] : [],
      );
    };
    const overlayfs = [1, 2, 3].map((layer) => `overlayfs ${layer} verified`);
    expect(await verdicts()).toEqual([...overlayfs, 'native 3 verified']);
    writeFileSync(`${root}/io.containerd.snapshotter.v1.native/snapshots/3/etc/planted`, 'x');
    expect(await verdicts()).toEqual([...overlayfs, 'native 3 tampered']);
  });

  it('names what containerd was unpacking when it stopped', async () => {
    const { lines } = await verified(`${unpackStore(temporaryForTest(), 'containerd-1.6')}/root`);
    const written = lines.filter(({ message = '' }) => message.includes('nothing records what is in it'));
    expect(
      written.map(({ message = '' }) => /"extract-123456789-AbCd sha256:0+1" \(snapshot 10 /.test(message)),
    ).toEqual([true]);
  });
});
