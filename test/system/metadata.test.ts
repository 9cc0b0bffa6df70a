// `--metadata tar-split`: a copy of a data root that lost owners, modes, times, attributes, hard links, devices and
// whiteouts, against the root it was copied from.

import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { type Field, Oracle } from '../support/oracle.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences, lineOf, without } from '../support/tree.ts';

const stratafs = stratafsForSuite();

/** All that is recorded. */
const FIELDS: readonly Field[] = [
  'mode',
  'owner',
  'size',
  'rdev',
  'mtime',
  'identity',
  'target',
  'xattrs',
  'sha256',
];

const APP = `FROM base
RUN mkdir -p /srv/kept /srv/covered && echo below > /srv/covered/below && echo same > /srv/plain && \
 echo twice > /srv/one && ln /srv/one /srv/two && ln -s one /srv/link && mknod /srv/device c 1 3 && \
 echo text > /srv/file && chmod 4751 /srv/file && chown 7:8 /srv/kept && touch -d "2001-02-03 04:05" /srv/plain
RUN rm /bin/tail && rm -r /srv/covered && mkdir /srv/covered && echo here > /srv/covered/here
`;
const OTHER = 'FROM app\nRUN echo other > /srv/file && chmod 700 /srv/plain\n';

describeSystem(
  '--metadata tar-split',
  ['root', 'docker', 'busybox', 'python', 'fuse', 'rsync', 'attributes', 'build'],
  () => {
    const temporary = temporaryForSuite();
    const oracle = new Oracle(temporary);
    const engine = new Engine(temporary);
    const lossy = temporary.path('lossy');
    /** Where a file of the layer that has `/srv/file` lies, from the data root. */
    let layer = '';
    const fromRecord = ['--metadata', 'tar-split'];

    const dump = async (root: string, reference: string, args: readonly string[]) => {
      const mount = await mountStratafs(temporary, reference, { root, args });
      try {
        // The root's time is that of its unpacking.
        return without(await oracle.dump(mount.directory, { fields: FIELDS }), '/');
      } finally {
        await mount.umount();
      }
    };
    const output = async (...words: string[]) => {
      const { code, stdout, stderr } = await stratafs(words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };

    beforeAll(async () => {
      await engine.start();
      const tree = temporary.path('tree');
      mkdirSync(tree);
      writeFileSync(join(tree, 'capable'), 'x');
      await succeed('setfattr', ['-n', 'security.capability', '-v', CAP_NET_RAW, join(tree, 'capable')]);
      await engine.importBusybox('base', { into: tree });
      await engine.build('app', APP);
      await engine.build('other', OTHER);
      const top = (await engine.layersOf('app', 'image'))[1] ?? '';
      layer = top.slice(engine.dataRoot.length + 1);
      await engine.docker([
        'run',
        '--name',
        'box',
        '--network',
        'none',
        'app',
        'sh',
        '-c',
        'echo new > /srv/new',
      ]);
      await engine.stop();
      await succeed('cp', ['-a', engine.dataRoot, lossy]);
      rmSync(join(lossy, 'overlay2'), { recursive: true });
      await succeed('rsync', ['-r', '--links', '--chmod=ugo=rwX', join(engine.dataRoot, 'overlay2'), lossy]);
    });

    describe.each([
      ['app', 'cached'],
      ['other', 'passthrough'],
    ])('of %s', (reference, data) => {
      it(`mounts what the whole root shows, data ${data}`, async () => {
        const args = ['--data', data];
        const whole = await dump(engine.dataRoot, reference, args);
        expect(differences(whole, await dump(lossy, reference, [...args, ...fromRecord]))).toBe('');
        expect(whole.length).toBeGreaterThan(20);
        // What was lost shows without the records.
        const plain = await dump(lossy, reference, args);
        expect(lineOf(plain, '/bin/tail')).toBeDefined();
        expect(lineOf(whole, '/bin/tail')).toBeUndefined();
      });

      it('is told alike by ls, stat and cat', async () => {
        for (const words of [
          ['ls', '-R', '--json', reference, '/'],
          ['stat', '--json', reference, '/srv/file', '/srv/two', '/capable', '/srv/covered'],
        ]) {
          const whole = entriesOf(await output('--root', engine.dataRoot, ...words));
          expect(entriesOf(await output('--root', lossy, ...words, ...fromRecord))).toEqual(whole);
          expect(entriesOf(await output('--root', lossy, ...words))).not.toEqual(whole);
        }
        const cat = ['cat', reference, '/srv/two', '/srv/covered/here'];
        expect(await output('--root', lossy, ...cat, ...fromRecord)).toBe('twice\nhere\n');
      });

      it('is for diff and manifest the tree that the whole root has', async () => {
        const file = temporary.path(`${reference}.mtree`);
        const kept = ['--mtime', '--path', '/srv', '--path', '/bin', '--path', '/capable'];
        writeFileSync(file, await output('--root', engine.dataRoot, 'manifest', reference), 'latin1');
        const compare = (...words: string[]) => stratafs(['--root', lossy, 'diff', ...kept, ...words]);
        expect(await compare('--name-status', ...fromRecord, file, reference)).toMatchObject({
          code: 0,
          stdout: '',
          stderr: '',
        });
        expect(await compare('--name-status', file, reference)).toMatchObject({ code: 1 });
        const again = temporary.path(`${reference}-again.mtree`);
        writeFileSync(again, await output('--root', lossy, 'manifest', ...fromRecord, reference), 'latin1');
        expect(await stratafs(['diff', '--root', engine.dataRoot, ...kept, again, reference])).toMatchObject({
          code: 0,
        });
      });
    });

    it('gives diff the same changes, links and contents among them', async () => {
      const words = ['diff', '--json', '--hardlinks', '--mtime', 'app', 'other'];
      const changes = async (root: string, ...more: string[]) =>
        (await stratafs(['--root', root, ...words, ...more])).stdout
          .split('\n')
          // No record tells when the root was last changed.
          .filter((line) => line.startsWith('{"t":"change"') && !line.includes('"path":"/",'));
      const whole = await changes(engine.dataRoot);
      expect(whole.length).toBeGreaterThan(1);
      expect(withoutDirectories(await changes(lossy, ...fromRecord))).toEqual(withoutDirectories(whole));
    });

    /** The lines of a command on the whole root, and on the lossy one by its records; the latter are not those without. */
    const alike = async (told: (lines: string) => unknown, ...words: string[]) => {
      const whole = told(await output('--root', engine.dataRoot, ...words));
      expect(told(await output('--root', lossy, ...words, ...fromRecord))).toEqual(whole);
      expect(told(await output('--root', lossy, ...words))).not.toEqual(whole);
      return whole as Told[];
    };

    /** A record has the time when a thing was deleted, the disk when that was unpacked. */
    const withoutMarkTimes = (lines: string) => lines.replaceAll(/,"not(?:Before|After)":"[\d.]+"/g, '');

    it('gives deleted what is gone, and back to history what was counted', async () => {
      const told = (lines: string) => entriesOf(withoutMarkTimes(lines));
      const gone = await alike(told, 'deleted', '--json', '--expand', 'app');
      expect(gone.map(({ path }) => path)).toEqual(['/bin/tail', '/srv/covered/below']);
      // A record tells of no disk.
      const withoutDisk = (lines: string) => entriesOf(lines.replaceAll(/,"allocated":\d+/g, ''));
      const history = await alike(withoutDisk, 'history', '--json', 'other');
      expect(history.map(({ deleted = 0 }) => deleted)).toContain(2);
    });

    it('gives which every version and whiteout', async () => {
      const paths = ['/srv/file', '/srv/plain', '/bin/tail', '/srv/covered/below', '/srv/two', '/srv/link'];
      const told = (lines: string) => entriesOf(withoutMarkTimes(lines));
      const answers = await alike(told, 'which', '--json', 'other', ...paths);
      expect(JSON.stringify(answers)).toContain('"whiteout"');
    });

    it('gives timeline the times of change, and no others', async () => {
      const changes = (lines: string) =>
        entriesOf(lines)
          .filter(({ macb, state }) => String(macb).startsWith('m') && state !== 'whiteout')
          .map(({ macb: _, ...event }) => event);
      const events = await alike(changes, 'timeline', '--shadowed', '--format', 'jsonl', 'other');
      const states = new Set(events.map(({ state }) => state));
      expect(states).toEqual(new Set(['visible', 'deleted', 'shadowed', 'removed']));
      const all = await output('--root', lossy, 'timeline', '--format', 'jsonl', ...fromRecord, 'app');
      expect(new Set(entriesOf(all).map(({ macb }) => macb))).toEqual(new Set(['m...']));
    });

    it('gives extract all that was lost, of the view and of a layer', async () => {
      for (const [name, ...of] of [['view'], ['layer', '--layer', '2']]) {
        const copy = async (root: string, ...more: string[]) => {
          const to = temporary.path(`extracted-${name}-${more.length}-${root === lossy}`);
          const words = ['--root', root, 'extract', '-p', '--devices', ...of, ...more, '-o', to, 'app', '/'];
          expect(await stratafs(words)).toMatchObject({ code: 0, stderr: '' });
          return without(await oracle.dump(to, { fields: FIELDS }), '/');
        };
        const whole = await copy(engine.dataRoot);
        expect(differences(whole, await copy(lossy, ...fromRecord))).toBe('');
        expect(differences(whole, await copy(lossy))).not.toBe('');
      }
    });

    it('gives cat --layer the contents of a name that was only a link', async () => {
      const root = temporary.path('one-link');
      await succeed('cp', ['-a', lossy, root]);
      rmSync(join(root, layer, 'srv/two'));
      const words = ['cat', '--layer', '2', ...fromRecord, 'app', '/srv/two'];
      expect(await output('--root', root, ...words)).toBe('twice\n');
    });

    it("takes a container's own layer, which has no record, from the disk", async () => {
      const { code, stdout, stderr } = await stratafs([
        '--root',
        lossy,
        'diff',
        '--docker',
        ...fromRecord,
        'box',
      ]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
      expect(stdout.split('\n')).toContain('A /srv/new');
      expect(stdout.split('\n')).not.toContain('D /bin/tail');
    });

    it('compares a record with directories as the disk has them', async () => {
      const directory = `lowerdir=${join(engine.dataRoot, layer)}`;
      const words = ['diff', '--name-status', '--path', '/srv', ...fromRecord];
      const { stdout, stderr } = await stratafs(['--root', lossy, ...words, 'app#2', directory]);
      expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
    });

    it('knows no record of plain directories', async () => {
      const place = `lowerdir=${join(engine.dataRoot, layer)}`;
      for (const words of [
        ['ls', ...fromRecord, place],
        ['diff', ...fromRecord, place, place],
        ['mount', ...fromRecord, place, temporary.path('tree')],
      ]) {
        const { code, stderr } = await stratafs(words);
        expect({ code, stderr }).toEqual({
          code: 2,
          stderr: 'stratafs: Cannot take metadata from "tar-split": plain directories have no record\n',
        });
      }
    });

    it('gives nothing of a file that is not of the recorded size, and all of one under another name', async () => {
      const root = temporary.path('damaged');
      await succeed('cp', ['-a', lossy, root]);
      appendFileSync(join(root, layer, 'srv/plain'), 'more');
      // As where a name was only a link: the record says where its contents lie.
      rmSync(join(root, layer, 'srv/two'));
      const words = ['--root', root, 'diff', '--name-status', ...fromRecord, 'app', 'other'];
      const { code, stderr } = await stratafs(words);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: 'stratafs: Cannot read "/srv/plain" in app: input/output error\n',
      });
      const mount = await mountStratafs(temporary, 'app', { root, args: fromRecord });
      await expect(readFile(join(mount.directory, 'srv/plain'))).rejects.toMatchObject({ code: 'EIO' });
      expect(await readFile(join(mount.directory, 'srv/two'), 'utf8')).toBe('twice\n');
      await mount.umount();
    });

    it('names a record that is missing', async () => {
      const root = temporary.path('no-record');
      await succeed('cp', ['-a', lossy, root]);
      await succeed('find', [join(root, 'image'), '-name', 'tar-split.json.gz', '-delete']);
      const { code, stderr } = await stratafs(['--root', root, 'ls', ...fromRecord, 'app']);
      expect(code).toBe(4);
      expect(stderr).toMatch(/^stratafs: Cannot read ".*tar-split\.json\.gz": no such file\n$/);
    });
  },
);

/** Effective and permitted cap_net_raw, as setfattr(1) takes it. */
const CAP_NET_RAW = '0x0100000200200000000000000000000000000000';

type Told = Record<string, unknown>;

/** What ls and stat tell, without what no record has: inode numbers, blocks, all times but one, sizes of directories. */
function entriesOf(lines: string): Told[] {
  return jsonRecords<Told>(lines)
    .filter(({ path }) => path !== '/')
    .map(({ ino: _, blocks: __, atime: ___, ctime: ____, blksize: _____, source: ______, ...told }) =>
      told.type === 'dir' ? { ...told, nlink: 0, size: 0 } : told,
    );
}

/** Of directories a record has neither size nor links. */
function withoutDirectories(lines: readonly string[]): string[] {
  return lines.map((line) =>
    line.replace(/"(size|nlink)":\d+/g, (all) => (line.includes('"dir"') ? '' : all)),
  );
}
