import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { recordedLayer } from '../../../src/layers/recorded-layers.ts';
import type { RecordedLayer } from '../../../src/overlay/recorded-layer.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import type { TarEntry } from '../../../src/tar/entry.ts';
import { tarHeader } from '../../../src/tar/write.ts';

const EMPTY: TarEntry = {
  ...{ name: asBytes(''), linkName: asBytes(''), type: '0', mode: 0o644, uid: 0, gid: 0, size: 0 },
  ...{ mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0, xattrs: new Map(), sparse: false },
};

type Given = Partial<Omit<TarEntry, 'name' | 'linkName'>> & { name: string; linkName?: string };

/** A line an object and name: `path type mode owner mtime ×links =first name {xattrs}`. */
async function recorded(...entries: readonly Given[]): Promise<string[]> {
  const lines = entries.flatMap((given) => {
    const entry = { ...EMPTY, ...given } as TarEntry;
    const payload = tarHeader(entry).toString('base64');
    return [
      { type: 2, payload },
      { type: 1, name: entry.name, size: entry.size, payload: Buffer.alloc(8).toString('base64') },
    ];
  });
  const text = lines.map((line, position) => `${JSON.stringify({ ...line, position })}\n`).join('');
  let rest: Uint8Array = gzipSync(text);
  const layer = await recordedLayer((buffer) => {
    const count = Math.min(rest.length, buffer.length);
    buffer.set(rest.subarray(0, count));
    rest = rest.subarray(count);
    return count;
  }, 'trusted.overlay.opaque');
  return linesOf(layer, '');
}

/** A directory's names in byte order, each before what is in it. */
function linesOf(layer: RecordedLayer, directory: string): string[] {
  const names = [...layer.names(layer.directory(directory) ?? 0)].sort(([a], [b]) => (a < b ? -1 : 1));
  return names.flatMap(([name, number]) => {
    const { mode, uid, gid, mtime, links, path, xattrs } = layer.object(number);
    const marks = [...xattrs].map(([key, value]) => ` ${key}=${value}`).join('');
    const words = [mode.toString(8), `${uid}:${gid}`, mtime.seconds, `x${links}`, `=${path}`];
    const place = directory === '' ? name : `${directory}/${name}`;
    const below = name !== '.' && layer.directory(place) !== undefined ? linesOf(layer, place) : [];
    return [`${place} ${words.join(' ')}${marks}`, ...below];
  });
}

describe('recordedLayer()', () => {
  it('keeps type, mode, owner and time, which Docker brings to 1970 where it is before', async () => {
    expect(
      await recorded(
        { name: './', type: '5', mode: 0o711 },
        { name: './f', mode: 0o4755, uid: 1, gid: 2, mtime: { seconds: 7, nanoseconds: 0 } },
        { name: './old', mtime: { seconds: -7, nanoseconds: 0 } },
        { name: './l', type: '2', linkName: 'f' },
        { name: './c', type: '3', major: 1, minor: 3 },
      ),
    ).toEqual([
      '. 40711 0:0 0 x1 =',
      'c 20644 0:0 0 x1 =c',
      'f 104755 1:2 7 x1 =f',
      'l 120777 0:0 0 x1 =l',
      'old 100644 0:0 0 x1 =old',
    ]);
  });

  it('gives a symbolic link nothing of a hard link but the owner, as Docker does', async () => {
    const mtime = { seconds: 7, nanoseconds: 0 };
    expect(
      await recorded(
        { name: 'l', type: '2', linkName: 'f', mtime },
        { name: 'm', type: '1', linkName: 'l', mode: 0o644, uid: 5, mtime: { ...mtime, seconds: 9 } },
      ),
    ).toEqual(['l 120777 5:0 7 x2 =l', 'm 120777 5:0 7 x2 =l']);
  });

  it('makes whiteouts and opaque directories of the names that stand for them', async () => {
    expect(
      await recorded(
        { name: 'd/', type: '5', mode: 0o755 },
        { name: 'd/.wh..wh..opq' },
        { name: 'd/.wh.gone' },
        { name: '.wh.back' },
        { name: 'back', mode: 0o600 },
      ),
    ).toEqual([
      'back 100600 0:0 0 x1 =back',
      'd 40755 0:0 0 x1 =d trusted.overlay.opaque=y',
      'd/gone 20000 0:0 0 x1 =d/gone',
    ]);
  });

  it('keeps a directory opaque whose header comes after its mark', async () => {
    expect(await recorded({ name: 'd/.wh..wh..opq' }, { name: 'd', type: '5', mode: 0o700 })).toEqual([
      'd 40700 0:0 0 x1 =d trusted.overlay.opaque=y',
    ]);
  });

  it('makes the directories that only their contents imply', async () => {
    expect(await recorded({ name: 'a/b/c' })).toEqual([
      'a 40755 0:0 0 x1 =a',
      'a/b 40755 0:0 0 x1 =a/b',
      'a/b/c 100644 0:0 0 x1 =a/b/c',
    ]);
  });

  it("gives all names of a file the last one's mode and owner, and takes its capabilities", async () => {
    const xattrs = new Map([
      [asBytes('security.capability'), asBytes('c')],
      [asBytes('user.a'), asBytes('b')],
    ]);
    expect(
      await recorded(
        { name: 'a', xattrs },
        { name: 'b', type: '1', linkName: './a', mode: 0o600, uid: 5 },
        { name: 'dangling', type: '1', linkName: 'nothing' },
        { name: 'out', type: '1', linkName: '../a' },
      ),
    ).toEqual(['a 100600 5:0 0 x2 =a user.a=b', 'b 100600 5:0 0 x2 =a user.a=b']);
  });
});
