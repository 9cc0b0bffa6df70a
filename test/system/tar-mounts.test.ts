// Images whose layers nobody unpacked, mounted from their compressed tars: every name, attribute and byte of random trees, with
// and without an index; what is said of a damaged layer; and that nothing is written but where an index was asked for.
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FakeContainerd } from '../support/fake-containerd.ts';
import {
  COMPRESSIONS,
  makeTree,
  runTool,
  seededNumbers,
  TAR_WRITERS,
  treeOnDisk,
} from '../support/random-tars.ts';
import { mountStratafs, stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { type Temporary, temporaryForTest } from '../support/temporary.ts';

const SEED = Number(process.env.SEED ?? 11);

interface Image {
  readonly store: FakeContainerd;
  readonly reference: string;
  /** The directory that the tar was made of, and what lies in it. */
  readonly root: string;
  readonly paths: readonly string[];
  readonly blobPath: string;
}

function imageOf(folder: Temporary, writer: number, compression: number): Image {
  const root = folder.path('tree');
  mkdirSync(root);
  const paths = makeTree(root, seededNumbers(SEED + writer));
  const tar = folder.path('layer.tar');
  const [, command] = TAR_WRITERS[writer] as (typeof TAR_WRITERS)[number];
  const [, compress] = COMPRESSIONS[compression] as (typeof COMPRESSIONS)[number];
  runTool(command(tar, root));
  const blob = compress === undefined ? readFileSync(tar) : runTool([...compress, tar]);
  const store = new FakeContainerd(folder.path('store'));
  const diffId = `sha256:${runTool(['sha256sum', tar]).toString('latin1', 0, 64)}`;
  store.imageOfTars('example.com/random:1', [{ diffId, blob }]);
  store.write();
  const [name = ''] = readdirSync(`${store.root}/io.containerd.content.v1.content/blobs/sha256`).filter(
    (one) => readFileSync(store.blobPath(one)).equals(blob),
  );
  return { store, reference: 'example.com/random:1', root, paths, blobPath: store.blobPath(name) };
}

/** What `diff -r` says of the contents of all files of two trees. */
function differingContents(a: string, b: string): string {
  return runTool(['sh', '-c', 'diff -r --no-dereference "$0" "$1" || true', a, b]).toString('latin1');
}

describeSystem(
  'mount of layers that nobody unpacked',
  ['root', 'fuse', 'python', 'bsdtar', 'zstd', 'build'],
  () => {
    const cases = TAR_WRITERS.map(
      ([name], writer) => [name, COMPRESSIONS[writer % 3]?.[0] ?? '', writer] as const,
    );

    it.each(cases)('shows a random tree by %s, %s', async (_name, _compression, writer) => {
      const folder = temporaryForTest();
      const { store, reference, root, paths } = imageOf(folder, writer, writer % 3);
      const indexes = folder.path('indexes');
      const before = readdirSync(store.root, { recursive: true });
      const byIndex = ['--index-dir', indexes];
      // By an index that is there it is each form of compression that differs; with FUZZ each writer is mounted all ways.
      const isWhole = writer < COMPRESSIONS.length || process.env.FUZZ !== undefined;
      for (const words of isWhole ? [[], byIndex, byIndex] : [byIndex]) {
        const mount = await mountStratafs(folder, reference, { root: store.root, before: words });
        expect(treeOnDisk(mount.directory, paths)).toEqual(treeOnDisk(root, paths));
        expect(differingContents(root, mount.directory)).toBe('');
        expect(await mount.umount()).toBe(0);
        expect(mount.log()).toBe('');
      }
      expect(readdirSync(indexes)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.index$/)]);
      expect(readdirSync(store.root, { recursive: true })).toEqual(before);
    });

    it('tells the holes of sparse entries, which are no data in a mount, an export or a copy', async () => {
      const folder = temporaryForTest();
      const root = folder.path('tree');
      mkdirSync(root);
      const size = 64 << 20;
      const script =
        'import os,sys\nf=os.open(sys.argv[1],os.O_RDWR|os.O_CREAT)\nos.truncate(f,int(sys.argv[2]))\n';
      const writes = [4096, 131_072, 1_048_576].map((at) => `os.pwrite(f,b'x'*8192,${at})`).join('\n');
      runTool(['python3', '-c', script + writes, `${root}/sparse`, String(size)]);
      const tar = folder.path('layer.tar');
      runTool(['tar', '--format=posix', '-Scf', tar, '-C', root, '.']);
      const store = new FakeContainerd(folder.path('store'));
      const diffId = `sha256:${runTool(['sha256sum', tar]).toString('latin1', 0, 64)}`;
      store.imageOfTars('example.com/sparse:1', [{ diffId, blob: runTool(['gzip', '-c', tar]) }]);
      store.write();
      const [image, before] = ['example.com/sparse:1', ['--root', store.root]];
      const holes =
        'import os,sys\nf=os.open(sys.argv[1],os.O_RDONLY)\nat=0\nr=[]\nn=os.fstat(f).st_size\n' +
        'while at<n:\n try: d=os.lseek(f,at,os.SEEK_DATA)\n except OSError: break\n at=os.lseek(f,d,os.SEEK_HOLE)\n r.append((d,at))\nprint(r)';
      const runsOf = (path: string) => runTool(['python3', '-c', holes, path]).toString('latin1');
      const expected = runsOf(`${root}/sparse`);
      expect(expected).toMatch(/^\[\(4096, 12288\), \(131072, 139264\), /);
      const mount = await mountStratafs(folder, image, { root: store.root });
      try {
        expect(runsOf(`${mount.directory}/sparse`)).toBe(expected);
        expect(statSync(`${mount.directory}/sparse`).blocks).toBe((3 * 8192) / 512);
        expect(differingContents(root, mount.directory)).toBe('');
      } finally {
        await mount.umount();
      }
      const copy = folder.path('copy');
      expect(await stratafs([...before, 'extract', image, '/sparse', '-o', copy])).toMatchObject({ code: 0 });
      expect(runsOf(`${copy}/sparse`)).toBe(expected);
      const exported = folder.path('exported.tar');
      expect(await stratafs([...before, 'export', image, '-o', exported])).toMatchObject({ code: 0 });
      expect(statSync(exported).size).toBeLessThan(100_000);
      const again = folder.path('again');
      mkdirSync(again);
      runTool(['tar', '-xf', exported, '-C', again]);
      expect(differingContents(root, again)).toBe('');
    });

    it('makes a damaged index anew, and keeps none of a blob that is not what its digest names', async () => {
      const folder = temporaryForTest();
      const { store, reference, blobPath } = imageOf(folder, 0, 1);
      const indexes = folder.path('indexes');
      const ls = () => stratafs(['--root', store.root, '--index-dir', indexes, 'ls', '-lR', reference]);
      const first = await ls();
      expect([first.code, first.stderr]).toEqual([0, '']);
      const [file = ''] = readdirSync(indexes);
      const whole = readFileSync(`${indexes}/${file}`);
      for (const wrong of [whole.subarray(0, whole.length - 5), Buffer.from('no index'), Buffer.alloc(0)]) {
        writeFileSync(`${indexes}/${file}`, wrong);
        expect(await ls()).toEqual(first);
        expect(readFileSync(`${indexes}/${file}`).equals(whole)).toBe(true);
      }
      expect(readdirSync(indexes)).toEqual([file]);
      writeFileSync(blobPath, Buffer.concat([readFileSync(blobPath), Buffer.from('more')]));
      await ls();
      expect(readdirSync(indexes)).toEqual([file]);
    });

    it('shows what comes before the damage of a layer, says so, and reads the rest as an error', async () => {
      const folder = temporaryForTest();
      const { store, reference, blobPath } = imageOf(folder, 0, 1);
      const whole = await stratafs(['--root', store.root, 'ls', '-R', reference]);
      truncateSync(blobPath, Math.floor(readFileSync(blobPath).length / 2));
      const cut = await stratafs(['--root', store.root, 'ls', '-R', reference]);
      expect(cut.code).toBe(4);
      expect(cut.stderr).toMatch(
        /^stratafs: Cannot read the layer ".*": it is cut off; only its first \d+ entries are shown, and what is hidden in it may be seen\n$/,
      );
      const names = new Set(whole.stdout.split('\n'));
      expect(cut.stdout.split('\n').filter((line) => !names.has(line))).toEqual([]);
      expect(cut.stdout.length).toBeLessThan(whole.stdout.length);
    });
  },
);
