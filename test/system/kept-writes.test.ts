// No command writes into the store that it reads, nor into a layer, by whatever name it is told to: through links, through a
// bind mount of the store, of one of its directories, and of a directory above it.
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { FakeStore } from '../support/fake-store.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { isMounted } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const IMAGE = 'app:1';
const stratafs = stratafsForSuite();

describeSystem('the store', ['root', 'fuse', 'mount', 'build'], () => {
  const temporary = temporaryForSuite();
  const above = temporary.path('disk');
  const store = new FakeStore(`${above}/docker`);
  const point = temporary.path('mnt');
  const names = () => readdirSync(above, { recursive: true }).sort();
  const bound = (name: string) => temporary.path(`bound-${name}`);

  beforeAll(async () => {
    store.image({ names: [IMAGE], layers: ['a', 'b'] });
    const [layer = ''] = readdirSync(store.path('overlay2')).filter((name) => name !== 'l');
    mkdirSync(point);
    const sources: readonly [string, string][] = [
      ['store', store.root],
      ['part', store.path('overlay2')],
      ['directory', store.path(`overlay2/${layer}`)],
      ['layer', store.path(`overlay2/${layer}/diff`)],
      ['above', above],
    ];
    for (const [name, source] of sources) {
      mkdirSync(bound(name));
      await succeed('mount', ['--bind', source, bound(name)]);
    }
    symlinkSync(bound('part'), temporary.path('link'));
    // A bind mount of a bind mount, and one within the other's tree.
    mkdirSync(bound('twice'));
    await succeed('mount', ['--bind', `${bound('part')}/l`, bound('twice')]);
  });

  const places: readonly [string, () => string][] = [
    ['its own name', () => store.root],
    ['a bind mount of it', () => bound('store')],
    ['a bind mount of a part of it', () => bound('part')],
    ['a bind mount of a layer with what is beside it', () => bound('directory')],
    ['a bind mount of a layer', () => bound('layer')],
    ['a bind mount of a bind mount', () => bound('twice')],
    ['a bind mount of a directory above it', () => `${bound('above')}/docker/overlay2`],
    ['a link to a bind mount', () => temporary.path('link')],
  ];

  describe.each(places)('is not written into by %s', (_, place) => {
    it.each<[string, (file: string) => readonly string[]]>([
      ['extract', (file) => ['extract', '-o', file, IMAGE, '/']],
      ['export', (file) => ['export', '-o', file, IMAGE]],
      ['report', (file) => ['report', '-o', file, IMAGE]],
      ['report --store', (file) => ['report', '--store', '-o', file]],
      ['report --store --out', (file) => ['report', '--store', '--out', file]],
      ['mount --log', (file) => ['mount', '--log', file, IMAGE, point]],
      ['mount', (file) => ['mount', IMAGE, file.slice(0, -'/new'.length)]],
    ])('by %s', async (what, words) => {
      const before = names();
      const { code, stderr } = await stratafs(['--root', store.root, ...words(`${place()}/new`)]);
      const doing = what === 'mount' ? 'Cannot mount on' : 'Cannot write to';
      expect({ code, stderr }).toEqual({
        code: what === 'mount' ? 6 : 2,
        stderr: expect.stringMatching(
          new RegExp(`^stratafs: ${doing} ".*": it lies inside the (store|layer) "`),
        ),
      });
      expect(names()).toEqual(before);
      expect(isMounted(point)).toBe(false);
    });

    it('by timeline, where TMPDIR is there', async () => {
      const env = { TMPDIR: place() };
      const { code, stderr } = await stratafs(['--root', store.root, 'timeline', IMAGE], { env });
      expect({ code, stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('it lies in the store'),
      });
    });
  });

  it('has nothing against a directory beside it, seen through a bind mount of both', async () => {
    const file = `${bound('above')}/out.tar`;
    expect(await stratafs(['--root', store.root, 'export', '-o', file, IMAGE])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(existsSync(`${above}/out.tar`)).toBe(true);
  });
});
