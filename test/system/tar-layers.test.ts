// Layers read from their tar alone: random trees through the writers people have, with each compression, give back every name,
// every attribute that the tar holds, and every byte by place.
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { BlobCache } from '../../src/blob/cache.ts';
import { FileBytes } from '../../src/blob/file-bytes.ts';
import type { SpoolRoom } from '../../src/blob/spool.ts';
import type { RecordedLayer } from '../../src/overlay/recorded/recorded-layer.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../src/sys/statx.ts';
import type { TarEntry } from '../../src/tar/entry.ts';
import { TarStream } from '../../src/tar/stream.ts';
import { type BlobLayer, indexedLayer, readBlobLayer } from '../../src/unpack/blob-layer.ts';
import { decodeLayerIndex, encodeLayerIndex } from '../../src/unpack/layer-index.ts';
import { MOBY_RULES } from '../../src/unpack/rules.ts';
import {
  COMPRESSIONS,
  makeTree,
  runTool,
  seededNumbers,
  TAR_WRITERS,
  TYPE_WORDS,
  treeOnDisk,
} from '../support/random-tars.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

const TREES = Number(process.env.TREES ?? 1);
const PARTS = 60;
const SEED = Number(process.env.SEED ?? 7);

function find(layer: RecordedLayer, path: string): number {
  const slash = path.lastIndexOf('/');
  const directory = layer.directory(slash < 0 ? '' : path.slice(0, slash));
  return directory === undefined ? 0 : layer.find(directory, path.slice(slash + 1));
}

function treeOfLayer({ layer }: Pick<BlobLayer, 'layer'>, paths: readonly string[]): string[] {
  return paths.map((path) => {
    const number = find(layer, path);
    if (number === 0) return `${JSON.stringify(path)} is missing`;
    const { mode, uid, gid, size, mtime, links, linkTarget } = layer.object(number);
    const type = mode & S_IFMT;
    const isLink = type === S_IFLNK;
    return [
      JSON.stringify(path),
      TYPE_WORDS.get(type),
      isLink ? '' : (mode & 0o7777).toString(8),
      `${uid}:${gid}`,
      type === S_IFREG ? `${size} bytes, ${links} links` : '',
      isLink ? JSON.stringify(linkTarget) : '',
      isLink || type === S_IFDIR ? '' : mtime.seconds,
    ].join(' ');
  });
}

function spoolRoom(): SpoolRoom {
  return { directory: temporaryForTest().directory, limit: 1 << 30, used: 0 };
}

function bytesOf(file: string): FileBytes {
  const descriptor = openSync(file, 'r');
  onTestFinished(() => closeSync(descriptor));
  return new FileBytes({ descriptor, offset: 0, size: fstatSync(descriptor).size });
}

async function read(file: string): Promise<BlobLayer> {
  return readBlobLayer(bytesOf(file), {
    cache: new BlobCache(),
    spools: spoolRoom(),
    rules: MOBY_RULES.trusted,
    hashes: true,
  });
}

describeSystem('readBlobLayer()', ['root', 'python', 'bsdtar', 'zstd'], () => {
  it.each(TAR_WRITERS)(
    `gives back random trees by %s, however compressed (SEED=${SEED})`,
    async (_, command) => {
      for (let tree = 0; tree < TREES; tree++) {
        const folder = temporaryForTest();
        const next = seededNumbers(SEED + tree);
        const root = folder.path('tree');
        mkdirSync(root);
        const paths = makeTree(root, next);
        const tar = folder.path('layer.tar');
        runTool(command(tar, root));
        for (const [name, compress] of COMPRESSIONS) {
          const file = compress === undefined ? tar : `${tar}.${name}`;
          if (compress !== undefined) writeFileSync(file, runTool([...compress, tar]));
          const layer = await read(file);
          expect(treeOfLayer(layer, paths)).toEqual(treeOnDisk(root, paths));
          expect(layer.diffId).toBe(`sha256:${runTool(['sha256sum', tar]).toString('latin1', 0, 64)}`);
          expect([layer.refused, layer.refusals]).toEqual([0, []]);
          mustReadByPlace(layer, root, paths, next);
          const again = await byIndex(file, layer);
          expect(treeOfLayer(again, paths)).toEqual(treeOnDisk(root, paths));
          mustReadByPlace(again, root, paths, next);
          layer.contents.close();
        }
      }
    },
  );
});

describeSystem("sparse files in GNU tar's older form", ['root', 'python'], () => {
  it.each([1, 4, 5, 25, 26, 100])(
    'are refused as engines refuse them, and passed over: %d runs',
    async (runs) => {
      const folder = temporaryForTest();
      const root = folder.path('tree');
      mkdirSync(root);
      const size = runs * 8192 + 1_000_000;
      writeFileSync(`${root}/a`, '');
      truncateSync(`${root}/a`, size);
      const descriptor = openSync(`${root}/a`, 'r+');
      for (let run = 0; run < runs; run++) writeSync(descriptor, Buffer.alloc(4096, 97), 0, 4096, run * 8192);
      closeSync(descriptor);
      writeFileSync(`${root}/b`, 'what follows');
      const tar = folder.path('layer.tar');
      runTool(['tar', '--format=gnu', '-Scf', tar, '-C', root, 'a', 'b']);
      const { layer, refusals, contents } = await read(tar);
      expect(refusals).toEqual([{ path: 'a', reason: expect.stringContaining('make a file of type "S"') }]);
      const room = Buffer.alloc(100);
      const count = contents.read(find(layer, 'b'), 0, room);
      expect(room.toString('latin1', 0, count)).toBe('what follows');
      const entries: TarEntry[] = [];
      new TarStream({ entry: (entry) => entries.push(entry) }).push(readFileSync(tar));
      const [{ size: told, sparseMap = [] } = { size: 0 }] = entries;
      const data = Array.from({ length: runs }, (_, run) => [run * 8192, 4096]).flat();
      // A hole at the end is an empty run there.
      expect([told, sparseMap]).toEqual([size, [...data, size, 0]]);
    },
  );
});

/** The layer as its index tells of it, which is refused for anything else, cut or altered. */
async function byIndex(file: string, { index }: BlobLayer): Promise<Pick<BlobLayer, 'layer' | 'contents'>> {
  if (index === undefined) throw new Error(`"${file}" has no index`);
  const bytes = encodeLayerIndex('this', index);
  const altered = Buffer.from(bytes);
  altered[altered.length - 1] = (altered.at(-1) as number) ^ 1;
  for (const wrong of [altered, bytes.subarray(0, -1), bytes.subarray(0, 10), Buffer.alloc(0)])
    expect(decodeLayerIndex('this', wrong)).toBeUndefined();
  expect(decodeLayerIndex('another', bytes)).toBeUndefined();
  const decoded = decodeLayerIndex('this', bytes);
  if (decoded === undefined) throw new Error('an index that cannot be read');
  return indexedLayer(bytesOf(file), { cache: new BlobCache(), spools: spoolRoom() }, decoded);
}

/** Parts of random files, at random. */
function mustReadByPlace(
  { layer, contents }: Pick<BlobLayer, 'layer' | 'contents'>,
  root: string,
  paths: readonly string[],
  next: (limit: number) => number,
): void {
  const files = paths.filter((path) => lstatSync(Buffer.from(`${root}/${path}`, 'latin1')).isFile());
  for (let i = 0; i < PARTS; i++) {
    const path = files[next(files.length)] as string;
    const whole = readFileSync(Buffer.from(`${root}/${path}`, 'latin1'));
    const offset = next(whole.length + 1);
    const room = Buffer.alloc(1 + next(100_000));
    const count = contents.read(find(layer, path), offset, room);
    expect(room.subarray(0, count).equals(whole.subarray(offset, offset + room.length))).toBe(true);
  }
}
