import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkMountPoint, type Needed } from '../../../src/fuse/mountpoint.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

describe('checkMountPoint()', () => {
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
  const check = (path: string) => checkMountPoint(asBytes(`${base}/${path}`), needed);

  it.each([
    ['a directory', 'mnt', 'mnt'],
    ['a link to one, by the name it leads to', 'link', 'mnt'],
    ['a directory whose name is no text', 'm\xff', 'm\xff'],
    ['a place in the program, which hides nothing', 'program/below', 'program/below'],
  ])('takes %s', (_, path, point) => {
    expect(check(path)).toBe(`${base}/${point}`);
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
  ])('refuses %s', (_, path, state) => {
    expect(() => check(path)).toThrow(`Cannot mount on "${base}/${path}": ${state}`);
  });
});
