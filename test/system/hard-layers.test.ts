// Layers made to hurt: links that lead out, devices, names that are commands to a terminal, names and paths as long as
// there are, very deep trees, very full directories. NAMES sets how full.
import { symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { KeptStore } from '../support/kept-store.ts';
import { mountKernel } from '../support/kernel.ts';
import * as layer from '../support/layers.ts';
import { mountNewDisk } from '../support/loop-disk.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { ALL_FIELDS, Oracle } from '../support/oracle.ts';
import { lowerdirReference, mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';
import { usageOf } from '../support/usage.ts';

const stratafs = stratafsForSuite();

const NAMES = Number(process.env.NAMES ?? 6_000);
/** As deep as no path of the kernel's is long. */
const DEPTH = Number(process.env.DEPTH ?? 2_100);
/** Clears the screen, sets the title, asks the terminal to type, turns the text round, ends a line, is no UTF-8. */
const EVIL = [
  '\x1b[2J',
  '\x1b]0;title\x07',
  '\x1b[6n',
  '\xe2\x80\xae',
  'a\nb',
  '\r',
  '\xff\xfe',
  '\x9b31m',
  '`id`',
  '-rf',
];

describeSystem('layers made to hurt', ['root', 'fuse', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const kept = new KeptStore(oracle);

  async function written(name: string, ...layers: (readonly layer.Step[])[]): Promise<string[]> {
    const directories = layers.map((_, i) => temporary.path(name, String(i)));
    await oracle.write(layers.map((steps, i) => ({ directory: directories[i] ?? '', steps })));
    return directories;
  }

  it('lead nowhere outside by links, and merge nothing through them', async () => {
    writeFileSync(temporary.path('outside'), 'OUTSIDE');
    const [top = '', lowest = ''] = await written(
      'links',
      [layer.symlink('absolute', '/etc'), layer.symlink('up', '../../../..'), layer.file('d/own', 'own')],
      [layer.file('absolute/inside', 'in'), layer.file('up/inside', 'in'), layer.file('e/low', 'low')],
    );
    symlinkSync('/etc', `${lowest}/d`);
    symlinkSync(`${temporary.directory}`, `${top}/e`);
    const layers = [top, lowest];
    await kept.remember(layers);
    const kernel = await mountKernel(oracle, temporary, layers);
    const mount = await mountStratafs(temporary, lowerdirReference(layers));
    const expected = await kernel.dump();
    expect(differences(expected, await oracle.dump(mount.directory, { fields: ALL_FIELDS }))).toBe('');
    expect(expected.length).toBe(6);
    // Without a mount a link is followed inside the image only.
    for (const path of ['/absolute/passwd', '/up/etc/passwd', '/e/outside', '/d/passwd']) {
      const outcome = await stratafs(['cat', lowerdirReference(layers), path]);
      expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code: 5, stdout: '' });
    }
    await mount.umount();
    await kernel.umount();
  });

  it('hold devices that nothing opens, and sockets, fifos and files with set-user-ID that do nothing', async () => {
    const layers = await written('devices', [
      layer.device('null', 'char', [1, 3], { mode: 0o666 }),
      layer.device('mem', 'char', [1, 1], { mode: 0o666 }),
      layer.device('disk', 'block', [7, 0], { mode: 0o666 }),
      layer.special('fifo', 'fifo', { mode: 0o666 }),
      layer.special('socket', 'socket'),
      layer.file('suid', '#!/bin/sh\n', { mode: 0o6755 }),
    ]);
    await kept.remember(layers);
    const mount = await mountStratafs(temporary, lowerdirReference(layers), { args: ['--allow-other'] });
    for (const name of ['null', 'mem', 'disk']) {
      const outcome = await run('cat', [`${mount.directory}/${name}`], { env: { LC_ALL: 'C' } });
      expect(outcome.stderr).toContain('Permission denied');
    }
    const commands = ['null', 'mem', 'disk', 'fifo', 'socket'].map((name) =>
      stratafs(['cat', lowerdirReference(layers), `/${name}`]),
    );
    for (const { code, stdout } of await Promise.all(commands)) expect([code, stdout]).toEqual([5, '']);
    await mount.umount();
  });

  it('have names that no terminal and no log is moved by', async () => {
    const names = [...EVIL, 'x'.repeat(255), '\xc3\xa9'.repeat(127)];
    const layers = await written('names', [
      ...names.map((name) => layer.file(`d/${name}`, name)),
      ...names.slice(0, -2).map((name) => layer.symlink(`l/${name}`, `../d/${name}`)),
    ]);
    const [only = ''] = layers;
    const kernel = await mountKernel(oracle, temporary, layers);
    const reference = lowerdirReference(layers);
    const mount = await mountStratafs(temporary, reference);
    expect(differences(await kernel.dump(), (await oracle.dump(mount.directory)).slice(1))).toBe('');
    await mount.umount();
    await kernel.umount();
    const printed = await Promise.all([
      stratafs(['ls', '-l', reference, '/d']),
      stratafs(['ls', reference, '/l']),
      stratafs(['stat', reference, '/d/\x1b[2J']),
      stratafs(['cat', reference, '/d/\x1b[2J/none']),
    ]);
    for (const { stdout, stderr } of printed) expect(stdout + stderr).toMatch(/^[\t\x20-\x7e\n\xa0-\xff]*$/);

    const log = temporary.path('log');
    // Passed through, so that each open asks and none is answered by what was read ahead.
    const args = ['--log', log, '--data', 'passthrough'];
    const faulty = await mountStratafs(temporary, reference, { args });
    await oracle.dump(faulty.directory, { fields: ['size'] });
    const hex = (path: string) => Buffer.from(path, 'latin1').toString('hex');
    for (const name of EVIL) {
      writeFileSync(`${only}/kept`, 'another');
      await succeed('python3', ['-c', RENAME, hex(`${only}/kept`), hex(`${only}/d/${name}`)]);
      expect(await succeed('python3', ['-c', READ, hex(`${faulty.directory}/d/${name}`)])).toBe('EIO\n');
    }
    await faulty.umount();
    for (const text of [faulty.log(), await readFile(log, 'latin1')]) {
      expect(text).toMatch(/^[\x20-\x7e\n]*$/);
      expect(text.split('\n').filter(Boolean).length).toBe(EVIL.length);
    }
  });

  it(`are ${DEPTH} directories deep, and walked to the end`, async () => {
    const [directory = ''] = await written('deep', [layer.file('beside', 'x')]);
    await succeed('python3', ['-c', DIG, directory, String(DEPTH)]);
    const mount = await mountStratafs(temporary, lowerdirReference([directory]));
    const walked = await succeed('python3', ['-c', DESCEND, mount.directory]);
    expect(walked).toBe(`${DEPTH} bottom\n`);
    const listed = await stratafs(['ls', '-R', lowerdirReference([directory])], {
      stdoutFile: '/dev/null',
    });
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(await mount.umount()).toBe(0);
    expect(mount.log()).toBe('');
  }, 900_000);

  it(`have ${NAMES} names in one directory`, async () => {
    const layers = [temporary.path('full-0'), temporary.path('full-1')];
    for (const [at, directory] of layers.entries()) {
      await succeed('python3', ['-c', FILL, directory, String(NAMES / 2), String(at)]);
    }
    const mount = await mountStratafs(temporary, lowerdirReference(layers));
    const names = await readdir(`${mount.directory}/full`);
    // Every second name of the lower layer is in the upper one too, and one is whited out.
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBe((NAMES / 4) * 3 - 1);
    expectBelow(150_000 + NAMES, usageOf(mount.pid).kilobytes);
    expect(await readFile(`${mount.directory}/full/${NAMES / 2}`, 'latin1')).toBe('1');
    await mount.umount();
  }, 900_000);
});

describeSystem('layers on btrfs', ['root', 'fuse', 'overlay', 'python', 'btrfs', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);

  it('with a snapshot inside show of each file its own bytes, links and numbers as the kernel does', async () => {
    const [image, disk] = [temporary.path('image'), temporary.path('disk')];
    await mountNewDisk(temporary, { image, disk }, '200M', ['mkfs.btrfs', '-q']);
    const layers = [`${disk}/top`, `${disk}/lowest`];
    await oracle.write([{ directory: layers[0] ?? '', steps: [layer.file('own', 'own')] }]);
    await oracle.write([{ directory: layers[1] ?? '', steps: [layer.file('below', 'below')] }]);
    const [live, kept] = [`${disk}/lowest/live`, `${disk}/lowest/kept`];
    await succeed('btrfs', ['subvolume', 'create', live]);
    await oracle.write([{ directory: live, steps: [layer.file('a', 'AAAA'), layer.link('b', 'a')] }]);
    await succeed('btrfs', ['subvolume', 'snapshot', live, kept]);
    writeFileSync(`${live}/a`, 'BBBB');
    const kernel = await mountKernel(oracle, temporary, layers);
    const mount = await mountStratafs(temporary, lowerdirReference(layers));
    // Of a subvolume the disk lists another number than it has.
    const fields = ALL_FIELDS.filter((field) => !['dev', 'identity', 'd_ino'].includes(field));
    const expected = await kernel.dump({ fields });
    expect(differences(expected, await oracle.dump(mount.directory, { fields }))).toBe('');
    const read = (path: string) => readFile(`${mount.directory}/${path}`, 'latin1');
    expect(await Promise.all(['live/a', 'live/b', 'kept/a', 'kept/b'].map(read))).toEqual([
      'BBBB',
      'BBBB',
      'AAAA',
      'AAAA',
    ]);
    expect(await mount.umount()).toBe(0);
    expect(mount.log()).toBe('');
    await kernel.umount();
  });
});

const RENAME = 'import os,sys; os.rename(bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2]))';
const READ = `
import errno, sys
try: print(open(bytes.fromhex(sys.argv[1]), 'rb').read())
except OSError as error: print(errno.errorcode[error.errno])`;
const DIG = `
import os, sys
os.chdir(sys.argv[1])
for i in range(int(sys.argv[2])):
    os.mkdir('d'); os.chdir('d')
open('bottom', 'w').write('bottom')`;
const DESCEND = `
import os, sys
fd, depth = os.open(sys.argv[1], os.O_RDONLY), 0
while 'd' in os.listdir(fd):
    next = os.open('d', os.O_RDONLY, dir_fd=fd)
    os.close(fd)
    fd, depth = next, depth + 1
print(depth, os.read(os.open('bottom', os.O_RDONLY, dir_fd=fd), 100).decode())`;
/** Upper: 0 to N-1. Lower: N/2 to 3N/2-1. */
const FILL = `
import os, sys
directory, count, at = sys.argv[1] + '/full', int(sys.argv[2]), int(sys.argv[3])
os.makedirs(directory)
os.chdir(directory)
for i in range(count):
    if at == 0 and i == 7: os.mknod('7', 0o020000, 0)
    else: open(str(i + at * count // 2), 'w').write(str(at)) if i % 1000 == 0 or i == count // 2 else os.mknod(str(i + at * count // 2))`;

import { expectBelow } from '../support/bounds.ts';
