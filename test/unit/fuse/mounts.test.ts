import { openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/sys/bytes.ts';
import {
  findMount,
  identityWords,
  type MountIdentity,
  mountAt,
  mountIdOf,
  parseIdentity,
  parseMounts,
  readMounts,
  uniqueIdOf,
} from '../../../src/sys/mount/mounts.ts';

const TEXT = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw',
  '44 22 0:39 / /mnt ro,nosuid,nodev - fuse.stratafs nginx:latest ro,user_id=0',
  '45 22 0:40 /\\040x /a\\040b\\011\\012\\134\\043\xff rw shared:2 master:3 - tmpfs tm\\040p rw',
  '46 44 0:41 / /mnt rw - tmpfs - rw',
  'not a line',
  '',
].join('\n');

describe('parseMounts()', () => {
  const ours = { point: '/mnt', type: 'fuse.stratafs', source: 'nginx:latest' };
  const odd = { point: '/a b\t\n\\#\xff', type: 'tmpfs', source: 'tm p' };
  const covering = { point: '/mnt', type: 'tmpfs', source: '-' };
  it('reads each line, with any number of tags, and unescapes paths', () => {
    expect(parseMounts(TEXT).slice(1)).toEqual([
      { ...{ id: 44, parent: 22, device: '0:39', root: '/' }, ...ours },
      { ...{ id: 45, parent: 22, device: '0:40', root: '/ x' }, ...odd },
      { ...{ id: 46, parent: 44, device: '0:41', root: '/' }, ...covering },
    ]);
  });
});

describe('mountAt()', () => {
  it('answers the topmost of several', () => {
    const at = (point: string) => mountAt(asBytes(point), parseMounts(TEXT))?.id;
    expect([at('/mnt'), at('/'), at('/nothing')]).toEqual([46, 22, undefined]);
  });

  it('answers the topmost of several, in whichever order they are told', () => {
    const reversed = parseMounts(TEXT).reverse();
    expect(mountAt(asBytes('/mnt'), reversed)?.id).toBe(46);
  });

  it('finds the root of this machine', () => {
    expect(mountAt(asBytes('/'), readMounts())?.point).toBe('/');
  });
});

describe('findMount()', () => {
  const [root] = readMounts().filter(({ point }) => point === '/');
  const open = openSync('/', 'r');
  const { id = 0, device = '' } = root ?? {};

  it('finds a mount by its number and device', () => {
    expect(findMount({ id, device })?.point).toBe('/');
    expect(findMount({ id, device: '0:0' })).toBeUndefined();
    expect(findMount({ id: -1, device })).toBeUndefined();
  });

  // Both numbers are given to the next mount, as soon as they are free.
  it('tells a mount from another that has got its number, where the kernel has numbers for ever', () => {
    const unique = uniqueIdOf(open);
    if (unique === undefined) return;
    expect(mountIdOf(open)).toBe(id);
    expect(findMount({ id, device, unique })?.point).toBe('/');
    expect(findMount({ id, device, unique: unique + (1n << 40n) })).toBeUndefined();
  });
});

describe('parseIdentity()', () => {
  it.each<MountIdentity>([
    { id: 44, device: '0:39', unique: 4_294_968_000n },
    { id: 44, device: '0:39', unique: undefined },
  ])('is what identityWords() was given: $unique', (mount) => {
    expect(parseIdentity([...identityWords(mount), 'more'])).toEqual({ mount, rest: ['more'] });
  });
});
