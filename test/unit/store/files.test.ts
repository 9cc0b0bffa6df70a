import { mkdirSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { StoreFiles } from '../../../src/store/files.ts';
import { realRoot } from '../../../src/store/named.ts';
import { openStore } from '../../../src/store/open.ts';
import { bytesOfText } from '../../../src/sys/bytes.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { troubleOf } from './trouble.ts';

function filesIn(root: string): StoreFiles {
  return new StoreFiles(realRoot(bytesOfText(root)));
}

describe('StoreFiles', () => {
  it('reads up to the limit and not a byte more', () => {
    const { directory, path } = at();
    const files = filesIn(directory);
    for (const length of [0, 1, 99, 100]) {
      writeFileSync(path('f'), 'x'.repeat(length));
      expect(files.read('f', 100).toString()).toBe('x'.repeat(length));
    }
    writeFileSync(path('f'), 'x'.repeat(101));
    expect(troubleOf(() => files.read('f', 100), directory)).toBe(
      'store: Cannot read "ROOT/f": larger than 100 bytes',
    );
  });

  it('reads a file that has no size, and bounds it', () => {
    // In /proc a regular file says 0 bytes and gives more.
    const proc = filesIn('/proc/self');
    expect(proc.read('status').toString()).toMatch(/^Name:/);
    expect(troubleOf(() => proc.read('status', 10))).toBe(
      `store: Cannot read "/proc/${process.pid}/status": larger than 10 bytes`,
    );
  });

  it.each(['../outside', 'a/../../outside', 'up/outside', 'absolute', '/etc/passwd'])(
    'never leaves the root by %s',
    (name) => {
      const { directory, path } = at();
      mkdirSync(path('root/a'), { recursive: true });
      writeFileSync(path('outside'), 'secret');
      symlinkSync('..', path('root/up'));
      symlinkSync('/etc/passwd', path('root/absolute'));
      expect(troubleOf(() => filesIn(path('root')).read(name), directory)).toMatch(
        /: (?:the path leads out of the directory|a symbolic link, which is not followed|"[^"]+" is a symbolic link, which is not followed)$/,
      );
    },
  );

  it('lists names as bytes, sorted, however many', () => {
    const { directory, path } = at();
    const names = Array.from({ length: 3000 }, (_, index) => `name-${String(index).padStart(60, '0')}`);
    for (const name of names) writeFileSync(path(name), '');
    writeFileSync(Buffer.from(`${directory}/\xff\n`, 'latin1'), '');
    const files = filesIn(directory);
    expect(files.namesIfPresent('.')).toEqual([...names, '\xff\n']);
    expect(files.namesIfPresent('missing')).toBeUndefined();
    expect(troubleOf(() => files.namesIfPresent(names[0] ?? ''), directory)).toBe(
      `store: Cannot list "ROOT/${names[0]}": not a directory`,
    );
  });

  it('leaves no descriptor open, whatever happens', () => {
    const { directory, path } = at();
    writeFileSync(path('f'), 'x');
    symlinkSync('f', path('link'));
    const files = filesIn(directory);
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 50; round++) {
      files.read('f');
      files.namesIfPresent('.');
      files.ownerOf('f');
      for (const act of [
        () => files.read('f', 0),
        () => files.read('missing'),
        () => files.read('link'),
        () => files.read('.'),
        () => files.namesIfPresent('f'),
        () => files.requireDirectory('f'),
      ]) {
        expect(troubleOf(act)).not.toBe('no trouble');
      }
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});

describe('a store that was read', () => {
  it('has all its times and contents as before', () => {
    const store = new FakeStore(temporaryForTest().directory);
    const image = store.image({ names: ['app:1'], layers: ['a', 'b'] });
    store.container({ name: 'web', image });
    const paths = ['.', ...(readdirSync(store.root, { recursive: true }) as string[])].sort();
    // Older than the times of modification, so that the next ordinary reading would update it (relatime).
    for (const path of paths) utimesSync(store.path(path), 1, 1000);
    const state = () =>
      paths.map((path) => {
        const { atimeMs, mtimeMs, ctimeMs, size } = statSync(store.path(path));
        return `${path} ${atimeMs} ${mtimeMs} ${ctimeMs} ${size}`;
      });
    const before = state();
    const opened = openStore(store.root);
    opened.images();
    opened.containers();
    opened.damage?.('containers');
    for (const reference of ['app:1', 'web', image.slice(0, 12)]) opened.resolve(reference);
    expect(troubleOf(() => opened.resolve('nothing'))).toMatch(/^reference:/);
    expect(state()).toEqual(before);
    readdirSync(store.path('overlay2'));
    expect(state(), 'the file system keeps no access times, so this test shows nothing').not.toEqual(before);
  });
});

function at(): { directory: string; path: (name: string) => string } {
  const temporary = temporaryForTest();
  return { directory: temporary.directory, path: (name) => temporary.path(name) };
}
