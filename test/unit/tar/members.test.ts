import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BombLimits } from '../../../src/blob/bomb.ts';
import { BlobCache } from '../../../src/blob/cache.ts';
import { GzipScan } from '../../../src/blob/gzip.ts';
import { PlainScan } from '../../../src/blob/plain.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { membersInScan, membersOf, type TarMembers } from '../../../src/tar/members.ts';
import { type FakeMember, tarOf, textMember } from '../../support/fake-archive.ts';
import { inMemory, partOf } from '../blob/bytes.ts';

function file(name: string, text: string): FakeMember {
  return textMember(name, text);
}

function link(name: string, linkName: string, type = '2'): FakeMember {
  return { name, linkName, type };
}

function contentsOf(tar: Buffer, members: TarMembers, path: string): string | undefined {
  const found = members.find(asBytes(path));
  if (found === undefined || typeof found === 'string') return found;
  return partOf(inMemory(tar), found.at, found.size).toString('latin1');
}

/** Everything that is known of a tar, read in the one way and in the other. */
function bothWays(tar: Buffer): [object, object] {
  const facts = (members: TarMembers) => ({
    paths: [...members.paths].map((path) => [path, members.find(path)]),
    damage: members.damage,
    notes: members.notes(),
    hasEndMark: members.hasEndMark,
  });
  return [facts(membersOf(inMemory(tar))), facts(membersInScan(new PlainScan(inMemory(tar))))];
}

describe('membersOf()', () => {
  it('finds each file and where its contents lie, as a reader from start to end does', () => {
    const contents = fc.integer({ min: 0, max: 200_000 });
    fc.assert(
      fc.property(fc.array(contents, { maxLength: 8 }), (sizes) => {
        const tar = tarOf(
          ...sizes.map((size, index) => ({
            name: `./dir/${index}`,
            contents: Buffer.alloc(size, index + 65),
          })),
        );
        const [seeking, streaming] = bothWays(tar);
        expect(seeking).toEqual(streaming);
        const members = membersOf(inMemory(tar));
        for (const [index, size] of sizes.entries()) {
          expect(contentsOf(tar, members, `dir/${index}`)).toBe(String.fromCharCode(65 + index).repeat(size));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('does not read what it passes over', () => {
    const tar = tarOf({ name: 'large', contents: Buffer.alloc(8 << 20) }, file('small', 'x'));
    const memory = inMemory(tar);
    let bytes = 0;
    const counting = {
      ...memory,
      read(offset: number, room: Uint8Array) {
        bytes += room.length;
        return memory.read(offset, room);
      },
    };
    expect([...membersOf(counting).paths]).toEqual(['large', 'small']);
    expect(bytes).toBeLessThan(256 << 10);
  });

  it('keeps what lies before a place where the archive is cut off or altered', () => {
    const whole = tarOf(
      file('a', 'first'),
      { name: 'b', contents: Buffer.alloc(100_000) },
      file('c', 'last'),
    );
    const cut = whole.subarray(0, 50_000);
    expect(bothWays(cut)[0]).toEqual(bothWays(cut)[1]);
    const members = membersOf(inMemory(cut));
    expect([...members.paths, members.damage]).toEqual(['a', 'b', 'it is cut off']);
    expect(contentsOf(cut, members, 'a')).toBe('first');
    const altered = Buffer.from(whole);
    altered[1024] = 0x80;
    expect(membersOf(inMemory(altered)).damage).toBe('a header has a wrong checksum');
    expect([...membersOf(inMemory(altered)).paths]).toEqual(['a']);
  });

  it('takes the last of several members of one path, and says so', () => {
    const tar = tarOf(
      file('x', 'old'),
      file('./x', 'new'),
      { name: 'd/', type: '5' },
      { name: 'd', type: '5' },
    );
    const members = membersOf(inMemory(tar));
    expect(contentsOf(tar, members, 'x')).toBe('new');
    expect(members.notes()).toEqual([
      'it has more than one member "x": the last of each is used, as "docker load" does',
    ]);
  });

  it('uses no name and no link that leads out, and ends in every circle', () => {
    const tar = tarOf(
      file('../out', 'a'),
      file('/absolute', 'absolute'),
      file('a/../b', 'inside'),
      link('up', '../../etc/passwd'),
      link('id/layer.tar', '../b'),
      link('hard', 'b', '1'),
      link('one', 'two'),
      link('two', 'one'),
      link('dangling', 'nothing'),
      { name: 'device', type: '3' },
    );
    const members = membersOf(inMemory(tar));
    const names = ['out', 'absolute', 'b', 'up', 'id/layer.tar', 'hard', 'one', 'dangling', 'device'];
    expect(names.map((name) => contentsOf(tar, members, name))).toEqual([
      undefined,
      'absolute',
      'inside',
      'a link that leads out of the archive',
      'inside',
      'inside',
      'a link that leads round in a circle',
      'a link to "nothing", which is not in the archive',
      'not a regular file',
    ]);
    expect(members.notes()).toEqual(['members of it whose names lead out of it are not used: 1']);
  });

  it('keeps names as bytes, however long they are', () => {
    const long = `${'d'.repeat(90)}/`.repeat(30);
    const tar = tarOf(file(`${long}caf\xe9`, 'long'), file('caf\xe9', 'short'));
    const members = membersOf(inMemory(tar));
    expect(contentsOf(tar, members, `${long}caf\xe9`)).toBe('long');
    expect(contentsOf(tar, members, 'caf\xe9')).toBe('short');
  });

  it('takes no more members than it can hold', () => {
    const tar = tarOf(file('a', ''), file('b', ''), file('c', ''));
    const few = membersOf(inMemory(tar), { members: 2, nameBytes: 100 });
    expect([...few.paths, few.damage]).toEqual(['a', 'b', 'it has more than 2 members, which is too many']);
    expect(membersOf(inMemory(tar), { members: 9, nameBytes: 2 }).damage).toMatch(/too many/);
  });

  it('keeps what lies before the place where a compressed archive is taken for a bomb', () => {
    const packed = gzipSync(
      tarOf(file('a', 'x'), { name: 'zeros', contents: Buffer.alloc(8 << 20) }, file('b', '')),
    );
    const read = (bomb: BombLimits) => {
      const { paths, damage } = membersInScan(new GzipScan(inMemory(packed), new BlobCache()), {
        limits: { members: 9, nameBytes: 100, bomb },
      });
      return [...paths, damage];
    };
    const few = { bytes: 1 << 20, times: 2000, first: 1 << 30 };
    expect(read(few)).toEqual(['a', 'zeros', 'it becomes more than 1048576 bytes']);
    const dense = { bytes: 2 ** 40, times: 100, first: 1 << 20 };
    expect(read(dense)).toEqual(['a', 'zeros', 'it becomes more than 100 times as large as it is']);
    expect(read({ ...dense, times: 1100 })).toEqual(['a', 'zeros', 'b', undefined]);
  });

  it('says nothing of what follows the end mark', () => {
    const tar = Buffer.concat([tarOf(file('a', 'x')), Buffer.alloc(3000, 0x41)]);
    const members = membersOf(inMemory(tar));
    expect([members.damage, members.hasEndMark, [...members.paths]]).toEqual([undefined, true, ['a']]);
  });
});
