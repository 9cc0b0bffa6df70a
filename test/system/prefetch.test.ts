// A walk over layers that have to be read from a disk: the server has directories read before they are asked for, and shows
// the same as ever.
import { mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { mountNewDisk, unmountDisk } from '../support/loop-disk.ts';
import { lowerdirReference, mountStratafs, type StratafsMount } from '../support/stratafs.ts';
import { describeSystem, itSystem, missing } from '../support/system.ts';
import { kill, temporaryForSuite, until } from '../support/temporary.ts';

const PACKAGES = 150;
const PARTS = 6;

function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'latin1' }).sort();
}

function rings({ pid }: StratafsMount): number {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((link) => link === 'anon_inode:[io_uring]').length;
}

describeSystem('a walk that reads from a disk', ['root', 'fuse', 'ext4', 'build'], () => {
  const temporary = temporaryForSuite();
  const image = temporary.path('image');
  const disk = temporary.path('disk');
  const reference = lowerdirReference([`${disk}/top`, `${disk}/low`]);
  let expected: string[] = [];

  /** Mounted anew, a disk has nothing in the kernel's cache but the pages of its image. */
  async function mountCold(): Promise<void> {
    await unmountDisk(disk);
    await succeed('mount', ['-o', 'loop,ro', image, disk]);
  }

  beforeAll(async () => {
    await mountNewDisk(temporary, { image, disk }, '64M', ['mkfs.ext4', '-q', '-b', '4096']);
    for (let i = 0; i < PACKAGES; i++) {
      for (let part = 0; part < PARTS; part++) {
        const path = `${disk}/low/package-${i}/part-${part}`;
        mkdirSync(path, { recursive: true });
        writeFileSync(`${path}/file`, String(i));
      }
    }
    mkdirSync(`${disk}/top/package-7/part-7`, { recursive: true });
    symlinkSync('package-7', `${disk}/top/package-8`);
    const mounted = await mountStratafs(temporary, reference);
    expected = listing(mounted.directory);
    await mounted.umount();
  });

  it('shows what one shows that reads nothing', async () => {
    await mountCold();
    const mounted = await mountStratafs(temporary, reference);
    expect(listing(mounted.directory)).toEqual(expected);
    await mounted.umount();
  });

  itSystem('has kernel threads read ahead, and leaves the disk free in the end', ['io_uring'], async () => {
    await mountCold();
    const mounted = await mountStratafs(temporary, reference);
    // Node 22 and later have some of their own.
    const before = rings(mounted);
    listing(mounted.directory);
    expect(rings(mounted)).toBe(before + 1);
    await mounted.umount();
    await mountCold();
  });

  it('can be killed in its midst', async () => {
    await mountCold();
    const mounted = await mountStratafs(temporary, reference);
    const before = rings(mounted);
    const walk = succeed('sh', ['-c', 'find "$0" >/dev/null 2>&1; true', mounted.directory]);
    await until(
      'the first directories',
      () => rings(mounted) > before || missing(['io_uring']) !== undefined,
    );
    kill(mounted.pid, 'SIGKILL');
    await walk;
    await unmountDisk(disk);
  });
});
