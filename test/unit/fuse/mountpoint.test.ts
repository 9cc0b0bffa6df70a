import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Needed, openMountPoint } from '../../../src/fuse/mountpoint.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

describe('openMountPoint()', () => {
  const temporary = temporaryForSuite();
  const base = realpathSync(temporary.directory);
  for (const directory of ['mnt', 'store/layers/a/etc', 'program/below']) {
    mkdirSync(`${base}/${directory}`, { recursive: true });
  }
  writeFileSync(`${base}/file`, '');
  symlinkSync('mnt', `${base}/link`);
  symlinkSync('store/layers', `${base}/shortcut`);
  mkdirSync(Buffer.from(`${base}/m\xff`, 'latin1'));

  const needed: Needed[] = [
    { directory: asBytes(`${base}/store`), what: 'the store', isServed: true },
    { directory: asBytes(`${base}/store/layers/a`), what: 'the layer', isServed: true },
    { directory: asBytes(`${base}/program`), what: 'the program', isServed: false },
    { directory: asBytes(`${base}/not-there`), what: 'the layer', isServed: true },
  ];
  const told: string[] = [];
  const check = async (path: string) => {
    const directory = path.startsWith('/') ? path : `${base}/${path}`;
    const point = await openMountPoint(asBytes(directory), needed, (message) => told.push(message));
    const { ino } = fstatSync(point.descriptor);
    closeSync(point.descriptor);
    expect(ino).toBe(statSync(Buffer.from(point.path, 'latin1')).ino);
    return point.path;
  };

  it.each([
    ['a directory', 'mnt', 'mnt'],
    ['a link to one, by the name it leads to', 'link', 'mnt'],
    ['a directory whose name is no text', 'm\xff', 'm\xff'],
    ['a place in the program, which hides nothing', 'program/below', 'program/below'],
  ])('takes %s', async (_, path, point) => {
    expect(await check(path)).toBe(`${base}/${point}`);
    expect(told).toEqual([]);
  });

  it.each([
    ['what is not there', 'nope', 'no such directory'],
    ['a file', 'file', 'not a directory'],
    ['what is below a file', 'file/x', 'not a directory'],
    ['the store', 'store', `it lies inside the store "${base}/store"`],
    ['a directory of the store', 'store/layers', `it lies inside the store "${base}/store"`],
    ['a directory of a layer, by another name', 'shortcut/a/etc', `it lies inside the store "${base}/store"`],
    [
      'a directory that holds what is served',
      '.',
      `the store "${base}/store" lies in it and would be hidden`,
    ],
    [
      'a directory that holds the program',
      'program',
      `the program "${base}/program" lies in it and would be hidden`,
    ],
  ])('refuses %s', async (_, path, state) => {
    await expect(check(path)).rejects.toThrow(`Cannot mount on "${base}/${path}": ${state}`);
  });

  const inKernels = (path: string) => `it lies inside the kernel's own "${path}"`;
  const hides = (path: string) => `the server's own "${path}" lies in it and would be hidden`;
  it.each([
    ['/proc', inKernels('/proc')],
    ['/proc/self', inKernels('/proc')],
    ['/proc/self/fd', inKernels('/proc')],
    ['/sys', inKernels('/sys')],
    ['/sys/class', inKernels('/sys')],
    ['/dev', hides('/dev/null')],
    ['/etc', hides('/etc')],
    [dirname(process.execPath), 'lies in it and would be hidden'],
    ['/usr', 'lies in it and would be hidden'],
  ])('refuses %s, which the server reads while it serves', async (path, state) => {
    await expect(check(path)).rejects.toThrow(`Cannot mount on "${path}": `);
    await expect(check(path)).rejects.toThrow(state);
  });

  it('refuses a directory that was removed while somebody was in it', async () => {
    const gone = mkdtempSync(`${base}/gone-`);
    const held = openSync(gone, 'r');
    rmdirSync(gone);
    await expect(check(`/proc/self/fd/${held}`)).rejects.toThrow('it was removed, or no path leads there');
    closeSync(held);
  });
});
