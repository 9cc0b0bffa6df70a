import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/sys/bytes.ts';
import { mountAt, parseMounts, readMounts } from '../../../src/sys/mounts.ts';

const TEXT = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw',
  '44 22 0:39 / /mnt ro,nosuid,nodev - fuse.stratafs nginx:latest ro,user_id=0',
  '45 22 0:40 / /a\\040b\\011\\012\\134\\043\xff rw shared:2 master:3 - tmpfs tm\\040p rw',
  '46 44 0:41 / /mnt rw - tmpfs - rw',
  'not a line',
  '',
].join('\n');

describe('parseMounts()', () => {
  it('reads each line, with any number of tags, and unescapes paths', () => {
    expect(parseMounts(TEXT).slice(1)).toEqual([
      { id: 44, device: '0:39', point: '/mnt', type: 'fuse.stratafs', source: 'nginx:latest' },
      { id: 45, device: '0:40', point: '/a b\t\n\\#\xff', type: 'tmpfs', source: 'tm p' },
      { id: 46, device: '0:41', point: '/mnt', type: 'tmpfs', source: '-' },
    ]);
  });
});

describe('mountAt()', () => {
  it('answers the topmost of several', () => {
    const at = (point: string) => mountAt(asBytes(point), parseMounts(TEXT))?.id;
    expect([at('/mnt'), at('/'), at('/nothing')]).toEqual([46, 22, undefined]);
  });

  it('finds the root of this machine', () => {
    expect(mountAt(asBytes('/'), readMounts())?.point).toBe('/');
  });
});
