// What is copied from a disk of which a part cannot be read: all else, and what is missing is named.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { file } from '../support/layers.ts';
import { mountNewDisk } from '../support/loop-disk.ts';
import { Oracle } from '../support/oracle.ts';
import { stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const SIZE = 500_000;
const LARGE = 16_000_000;

describeSystem('a disk that fails', ['root', 'python', 'ext4', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const [image, disk] = [temporary.path('image'), temporary.path('disk')];
  const reference = `lowerdir=${disk}/layer`;
  const contentOf = (name: string) => Buffer.alloc(name === 'large' ? LARGE : SIZE, name);

  beforeAll(async () => {
    await mountNewDisk(temporary, { image, disk }, '64M', ['mkfs.ext4', '-q', '-b', '4096', '-I', '256']);
    const names = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i));
    const steps = names.map((name) => file(name, name.repeat(SIZE)));
    await oracle.write([
      { directory: `${disk}/layer`, steps: [...steps, file('large', 'large'.repeat(LARGE / 5))] },
    ]);
    await succeed('umount', [disk]);
    await succeed('mount', ['-o', 'loop,ro,noload', image, disk]);
    // The names are read before the disk fails.
    readdirSync(join(disk, 'layer'));
    await succeed(
      'stat',
      readdirSync(join(disk, 'layer')).map((name) => join(disk, 'layer', name)),
    );
    await succeed('truncate', ['-s', '24M', image]);
    // Page cache only: what was learnt of names and inodes stays.
    writeFileSync('/proc/sys/vm/drop_caches', '1');
  });

  const told = (stderr: string) => stderr.split('\n').filter(Boolean);

  it('export: puts zeros where nothing can be read, and says of which file, where and how many', async () => {
    const tar = temporary.path('x.tar');
    const { code, stderr } = await stratafs(['export', reference, '-o', tar]);
    const unpacked = temporary.path('unpacked');
    mkdirSync(unpacked);
    await succeed('tar', ['-xf', tar, '-C', unpacked]);
    const expected: string[] = [];
    for (const name of readdirSync(unpacked).sort()) {
      const wanted = contentOf(name);
      const found = readFileSync(join(unpacked, name));
      const wrong = differingPlaces(found, wanted);
      expect([name, found.length, wrong.every((at) => found[at] === 0)]).toEqual([name, wanted.length, true]);
      if (wrong.length === 0) continue;
      const state = `input/output error: ${wrong.length} bytes, the first at ${wrong[0]}, are zeros in the tar`;
      expected.push(`stratafs: Cannot export all of "${name}" in ${reference}: ${state}`);
    }
    expect(told(stderr)).toEqual(expected);
    expect(code).toBe(5);
    expect(expected.length).toBeGreaterThan(0);
    expect(expected.length).toBeLessThan(27);
  });

  it('extract: copies the files that can be read whole, names the others, and leaves no part of them', async () => {
    const to = temporary.path('to');
    const { code, stderr } = await stratafs(['extract', '-o', to, reference, '/']);
    const left = readdirSync(to);
    for (const name of left) expect(readFileSync(join(to, name)).equals(contentOf(name))).toBe(true);
    const missing = readdirSync(join(disk, 'layer')).filter((name) => !left.includes(name));
    expect(told(stderr).toSorted()).toEqual(
      missing
        .map((name) => `stratafs: Cannot extract "/${name}" in ${reference}: input/output error`)
        .toSorted(),
    );
    expect(code).toBe(5);
    expect([left.length > 0, missing.length > 0]).toEqual([true, true]);
  });
});

/** Where two files differ, byte by byte. */
function differingPlaces(found: Buffer, wanted: Buffer): number[] {
  const places: number[] = [];
  for (let block = 0; block < found.length; block += 4096) {
    const end = Math.min(block + 4096, found.length);
    if (found.compare(wanted, block, end, block, end) === 0) continue;
    for (let at = block; at < end; at++) if (found[at] !== wanted[at]) places.push(at);
  }
  return places;
}
