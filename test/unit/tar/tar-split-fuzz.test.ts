// Whatever a tar-split record holds: layers that lie below their root, or TarDamage, soon; and a tree made of them answers
// or throws Errno.
import { mkdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedLayer } from '../../../src/overlay/recorded/recorded-layer.ts';
import { Tree } from '../../../src/overlay/tree.ts';
import { asBytes, bytesOfText } from '../../../src/sys/bytes.ts';
import { Errno } from '../../../src/sys/errors.ts';
import { TarDamage, type TarEntry } from '../../../src/tar/entry.ts';
import { tarHeader } from '../../../src/tar/write.ts';
import { MOBY_RULES } from '../../../src/unpack/rules.ts';
import { unpackTarSplit } from '../../../src/unpack/tar-split.ts';
import type { UnpackedTar } from '../../../src/unpack/unpack.ts';
import { alteredBytes, HOSTILE_TEXT, tries } from '../../support/altered.ts';
import { expectBelow } from '../../support/bounds.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

interface Given {
  readonly name: string;
  readonly type: string;
  readonly linkName?: string;
  readonly size?: number;
  readonly xattrs?: TarEntry['xattrs'];
}

const SAMPLE: readonly Given[] = [
  { name: './', type: '5' },
  { name: 'etc/', type: '5', xattrs: new Map([[asBytes('user.a'), asBytes('alpha')]]) },
  { name: 'etc/passwd', type: '0', size: 10 },
  { name: 'etc/shadow', type: '1', linkName: 'etc/passwd' },
  { name: 'etc/.wh.gone', type: '0' },
  { name: 'opaque/.wh..wh..opq', type: '0' },
  { name: 'link', type: '2', linkName: '../../..' },
  { name: 'null', type: '3' },
  { name: `long/${'n'.repeat(200)}`, type: '0' },
];

function headerOf({ name, type, linkName = '', size = 0, xattrs = new Map() }: Given): Buffer {
  return tarHeader({
    ...{ name: bytesOfText(name), linkName: bytesOfText(linkName), type, mode: 0o644, uid: 0, gid: 0, size },
    ...{ mtime: { seconds: 1, nanoseconds: 0 }, major: 1, minor: 3, xattrs, sparse: false },
  });
}

/** The JSON lines, one entry after another; `header` may alter each header's bytes. */
function linesOf(
  entries: readonly Given[],
  header: (bytes: Buffer, at: number) => Buffer = (bytes) => bytes,
): Buffer {
  const lines = entries.flatMap((given, at) => [
    { type: 2, payload: header(headerOf(given), at).toString('base64') },
    { type: 1, name: given.name, size: given.size ?? 0, payload: Buffer.alloc(8).toString('base64') },
    ...(given.size ? [{ type: 2, payload: Buffer.alloc(512 - given.size).toString('base64') }] : []),
  ]);
  return Buffer.from(lines.map((line, position) => `${JSON.stringify({ ...line, position })}\n`).join(''));
}

/** Every path that the layer has a name or contents for. */
function pathsOf(layer: RecordedLayer, path = ''): string[] {
  const directory = layer.directory(path);
  if (directory === undefined) return [];
  return [...layer.names(directory)].flatMap(([name, object]) => {
    const full = path === '' ? name : `${path}/${name}`;
    return [full, layer.object(object).path, ...pathsOf(layer, full)];
  });
}

describe('a tar-split record that is altered', { timeout: 600_000 }, () => {
  const temporary = temporaryForSuite();
  const directory = temporary.path('layer');
  mkdirSync(directory);

  async function unpackedOf(record: Uint8Array): Promise<UnpackedTar | undefined> {
    let rest = record;
    try {
      return await unpackTarSplit((buffer) => {
        const count = Math.min(rest.length, buffer.length);
        buffer.set(rest.subarray(0, count));
        rest = rest.subarray(count);
        return count;
      }, MOBY_RULES.trusted);
    } catch (error) {
      if (error instanceof TarDamage) return undefined;
      throw error;
    }
  }

  /** Asks a tree all there is to ask; answers how many names it has. */
  function askAll(layer: RecordedLayer): number {
    const layers = [{ source: { kind: 'directory', path: asBytes(directory) }, role: 'plain' }] as const;
    const stack = { label: 'test', kind: 'lowerdir', layers, dataLayers: [], dialect: 'trusted' } as const;
    const tree = new Tree(stack, { recorded: [layer] });
    const attempt = (ask: () => unknown) => {
      try {
        ask();
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
      }
    };
    const todo = [tree.root];
    let names = 0;
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      attempt(() => {
        for (const entry of tree.entries(node)) {
          names += 1;
          const name = tree.name(entry);
          expect(name).not.toMatch(/^\.{0,2}$|[/\0]/);
          const child = tree.nodeOf(entry);
          attempt(() => tree.find(node, name));
          attempt(() => tree.linkTarget(child));
          attempt(() => tree.xattrs(child));
          attempt(() => tree.read(child, 0, Buffer.alloc(100), 0, 100));
          if (tree.isDirectory(child) && tree.errnoOf(entry) === 0) todo.push(child);
        }
      });
    }
    tree.close();
    return names;
  }

  const check = async (record: Uint8Array): Promise<number> => {
    const layer = (await unpackedOf(record))?.layer;
    if (layer === undefined) return 0;
    for (const path of pathsOf(layer)) expect(path).not.toMatch(/^\/|(?:^|\/)\.\.(?:\/|$)/);
    return askAll(layer);
  };

  it('is sound before', async () => {
    expect(await check(gzipSync(linesOf(SAMPLE)))).toBe(8);
  });

  it('in its bytes gives a layer or says why not', async () => {
    const property = fc.asyncProperty(alteredBytes(gzipSync(linesOf(SAMPLE))), async (bytes) => {
      await check(bytes);
    });
    await fc.assert(property, { numRuns: tries(100) });
  });

  it('in its lines gives a layer or says why not', async () => {
    const property = fc.asyncProperty(alteredBytes(linesOf(SAMPLE)), async (bytes) => {
      await check(gzipSync(bytes));
    });
    await fc.assert(property, { numRuns: tries(200) });
  });

  it('in its headers, with checksums that are right, gives a layer or says why not', async () => {
    const change = fc.record({
      which: fc.nat(SAMPLE.length - 1),
      at: fc.nat(511),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
    });
    const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const lines = linesOf(SAMPLE, (header, which) => {
        for (const each of changes)
          if (each.which === which) header.set(each.bytes.subarray(0, 512 - each.at), each.at);
        return withChecksum(header);
      });
      await check(gzipSync(lines));
    });
    await fc.assert(property, { numRuns: tries(200) });
  });

  it('in its names gives a layer that lies below its root, or says why not', async () => {
    const name = fc.oneof(
      HOSTILE_TEXT,
      fc
        .array(fc.constantFrom('..', '.', '', 'a', 'b', '.wh.a', '.wh...', '.wh.', '.wh..wh..opq', '\xff'), {
          maxLength: 6,
        })
        .map((parts) => parts.join('/')),
    );
    const entry = fc.record({
      name,
      linkName: name,
      type: fc.constantFrom('0', '1', '2', '3', '5', '6', 'g', 'x'),
    });
    const property = fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 8 }), async (entries) => {
      await check(gzipSync(linesOf(entries)));
    });
    await fc.assert(property, { numRuns: tries(200) });
  });

  it('with a name of half a million directories has it refused at once', async () => {
    const start = performance.now();
    const unpacked = await unpackedOf(gzipSync(linesOf([{ name: 'a/'.repeat(500_000), type: '5' }])));
    expect(unpacked?.refused).toBe(1);
    expectBelow(5000, performance.now() - start);
  });

  it('with links that lead through links, and directories ever deeper, comes to an end', async () => {
    const links = Array.from({ length: 300 }, (_, i) => ({
      ...{ name: `l${i}`, type: '2' },
      linkName: i === 0 ? '.' : `l${i - 1}/`.repeat(600),
    }));
    const through = links.map((_, i) => ({ name: `l${i}/x`, type: '0' }));
    const deeper = Array.from({ length: 20 }, (_, i) => [
      { name: `d${i}/${'a/'.repeat(1000)}`, type: '5' },
      { name: `d${i + 1}`, type: '2', linkName: `d${i}/${'a/'.repeat(1000)}` },
    ]).flat();
    const start = performance.now();
    const looping = await unpackedOf(gzipSync(linesOf([...links, ...through])));
    expect(looping?.refused).toBe(299);
    expect(await unpackedOf(gzipSync(linesOf(deeper)))).toBeUndefined();
    expectBelow(20_000, performance.now() - start);
  });

  it('with a line that has no end is refused before it fills the memory', async () => {
    const bomb = gzipSync(Buffer.alloc(1 << 28, 0x20));
    const before = process.memoryUsage().rss;
    expect(await unpackedOf(bomb)).toBeUndefined();
    expectBelow(400 << 20, process.memoryUsage().rss - before);
  });
});

/** The header with the sum of its bytes in its place, which stands for blanks while it is made. */
function withChecksum(header: Buffer): Buffer {
  const block = header.subarray(0, 512);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
