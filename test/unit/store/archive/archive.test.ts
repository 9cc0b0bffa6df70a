// Archives of images: the forms, which image is meant, and what becomes of damaged and hostile ones.
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OpenOptions } from '../../../../src/store/kind.ts';
import type { LayerStack } from '../../../../src/store/layer-stack.ts';
import { openArchiveStore, openStore } from '../../../../src/store/open.ts';
import type { Store } from '../../../../src/store/store.ts';
import { asBytes, bytesOfText } from '../../../../src/sys/bytes.ts';
import type { TarEntry } from '../../../../src/tar/entry.ts';
import { tarHeader } from '../../../../src/tar/write.ts';
import {
  blocksOf,
  type FakeMember,
  layoutMembers,
  savedMembers,
  sha256Of,
  tarOf,
  textMember,
} from '../../../support/fake-archive.ts';
import { temporaryForTest } from '../../../support/temporary.ts';
import { rawFrame } from '../../../support/zstd-frames.ts';
import { shortened, troubleOf } from '../trouble.ts';

afterEach(() => vi.unstubAllEnvs());

const APP = { tags: ['app:1'], layers: ['base', 'top'] };
const LARGE: Omit<TarEntry, 'size'> = {
  ...{ name: asBytes('large'), linkName: asBytes(''), type: '0', mode: 0o644, uid: 0, gid: 0 },
  ...{ mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0, xattrs: new Map(), sparse: false },
};
const OTHER = { tags: ['other:2'], layers: ['base'] };

interface Placed {
  readonly path: string;
  readonly open: (options?: OpenOptions) => Promise<Store>;
  /** What is said where it is refused. */
  readonly refusal: (options?: OpenOptions) => Promise<string>;
}

function placed(bytes: Buffer, name = 'app.tar'): Placed {
  const path = join(temporaryForTest().directory, name);
  writeFileSync(path, bytes);
  return at(path);
}

function at(path: string): Placed {
  const open = (options?: OpenOptions) => openArchiveStore(bytesOfText(path), options);
  return {
    path,
    open,
    refusal: (options) =>
      open(options).then(
        () => 'no trouble',
        (error: Error) => shortened(error.message, path),
      ),
  };
}

function directoryOf(members: readonly FakeMember[]): string {
  const { directory } = temporaryForTest();
  for (const { name, contents = Buffer.alloc(0) } of members) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), contents);
  }
  return directory;
}

function listOf(store: Store): string[] {
  return store
    .images()
    .map(
      ({ tags, platform = '', damage = '' }) =>
        `${tags.join()} ${platform}${damage === '' ? '' : ' damaged'}`,
    );
}

/** The one file of each layer, top first: what is read from where the layers are said to lie. */
function wordsOf({ layers }: LayerStack): string[] {
  return layers.map(({ source }) => {
    if (source.kind !== 'tar') throw new Error('a layer of an archive is a tar');
    const blob = source.open();
    const header = Buffer.alloc(1024);
    blob.read(0, header);
    blob.close();
    return header.subarray(512).toString('latin1').replace(/\0+$/, '');
  });
}

/** With another member in place of the one whose name ends so. */
function changed(members: readonly FakeMember[], end: string, change: (member: FakeMember) => FakeMember) {
  return members.map((member) => (member.name.endsWith(end) ? change(member) : member));
}

describe('an archive', () => {
  const FORMS: readonly (readonly [form: string, bytes: Buffer])[] = [
    ['docker-archive', tarOf(...savedMembers(APP, OTHER))],
    ['OCI layout', tarOf(...layoutMembers(APP, OTHER))],
    ['names with ./', tarOf(...savedMembers(APP, OTHER).map((one) => ({ ...one, name: `./${one.name}` })))],
    ['gzip', gzipSync(tarOf(...savedMembers(APP, OTHER)))],
    ['gzip of two members', twoMembers(tarOf(...savedMembers(APP, OTHER)))],
    ['zstd', rawFrame(tarOf(...layoutMembers(APP, OTHER)))],
    ['what follows the end', Buffer.concat([tarOf(...savedMembers(APP, OTHER)), Buffer.alloc(700, 'x')])],
  ];

  it.each(FORMS)('of the form %s has its images, each with its layers', async (_, bytes) => {
    const store = await placed(bytes).open();
    expect(listOf(store)).toEqual(['app:1 ', 'other:2 ']);
    expect(wordsOf(store.resolve('app:1'))).toEqual(['top', 'base']);
    expect(wordsOf(store.resolve('other:2'))).toEqual(['base']);
    expect(store.history(store.resolve('app:1')).map(({ createdBy }) => createdBy)).toEqual([
      'RUN base',
      'RUN top',
    ]);
    expect(store.configuration(store.resolve('app:1')).env).toEqual(['A=b']);
    expect(store.containers()).toEqual([]);
  });

  it('may be a directory, as a root too, in which no link is followed', async () => {
    const directory = directoryOf(layoutMembers(APP));
    expect(wordsOf(openStore(directory).resolve(''))).toEqual(['top', 'base']);
    const store = await at(directory).open();
    expect(store.description).toBe('OCI layout, a directory');
    const saved = directoryOf(savedMembers(APP).filter(({ name }) => !name.endsWith('layer.tar')));
    const [layer = ''] = savedMembers(APP).flatMap(({ name }) => (name.endsWith('layer.tar') ? [name] : []));
    mkdirSync(join(saved, dirname(layer)));
    symlinkSync('/etc/passwd', join(saved, layer));
    expect(troubleOf(() => openStore(saved).resolve('app:1'), saved)).toMatch(
      /a symbolic link, which is not followed/,
    );
  });

  it('that is manifest.json and index.json at once has each image once, with the names of both', async () => {
    const layout = layoutMembers({ ...APP, tags: ['1'] });
    const config = sha256Of(savedMembers(APP)[0]?.contents ?? Buffer.alloc(0));
    const blobs = savedMembers(APP).flatMap(({ name, contents = Buffer.alloc(0) }) =>
      name.endsWith('layer.tar') ? [`blobs/sha256/${sha256Of(contents)}`] : [],
    );
    const list = [{ Config: `blobs/sha256/${config}`, RepoTags: ['app:1'], Layers: blobs }];
    const store = await placed(tarOf(...layout, textMember('manifest.json', list))).open();
    expect(listOf(store)).toEqual(['1,app:1 ']);
    expect([...store.claims()].flatMap(({ claims }) => claims).filter(isBroken)).toEqual([]);
    const lying = [{ ...list[0], RepoTags: ['1'], Layers: [...blobs, blobs[0]] }];
    const other = await placed(tarOf(...layout, textMember('manifest.json', lying))).open();
    expect(other.images().map(({ damage }) => damage)).toEqual([undefined]);
    expect(wordsOf(other.resolve('1'))).toEqual(['top', 'base']);
  });

  it('whose two files mean different images by one name says so, and lists both', async () => {
    const members = [
      ...layoutMembers({ tags: ['app:1'], layers: ['new'] }),
      ...savedMembers({ tags: ['app:1'], layers: ['old'] }),
    ];
    const { path, open } = placed(tarOf(...members));
    const store = await open();
    expect(store.images()).toHaveLength(2);
    expect(troubleOf(() => store.resolve('app:1'))).toMatch(
      /Cannot tell what "app:1" means: it could be image:/,
    );
    expect(shortened(store.damage('images').join(), path)).toMatch(
      /^the name "app:1" means several images: \w{12} in "ROOT:index.json", \w{12} in "ROOT:manifest.json"$/,
    );
  });
});

describe('which image of an archive is meant', () => {
  it('is told by a name, a tag alone, an ID, a digest or a number, and by nothing where there is one', async () => {
    const two = await placed(tarOf(...savedMembers(APP, OTHER))).open();
    const id = two.resolve('other:2').id ?? '';
    for (const words of [
      id,
      id.slice(0, 12),
      `sha256:${id}`,
      `@sha256:${id}`,
      '@1',
      'docker.io/library/other:2',
    ]) {
      expect(two.resolve(words).id).toBe(id);
    }
    const one = await placed(tarOf(...layoutMembers({ ...APP, tags: ['1.2'] }))).open();
    expect(one.resolve('1.2').id).toBe(one.resolve('').id);
    const [digest = ''] = (await placed(tarOf(...layoutMembers(APP))).open()).images()[0]?.digests ?? [];
    expect(digest).toMatch(/^app@sha256:[0-9a-f]{64}$/);
    expect(one.resolve(digest.slice(digest.indexOf('@'))).id).toBe(one.resolve('').id);
  });

  it('is of several platforms the one of this machine, or the one that is asked for', async () => {
    const images = ['riscv64', 'amd64', 'arm64'].map((architecture) => ({ ...APP, architecture }));
    const { open, path } = placed(tarOf(...layoutMembers(...images)));
    const store = await open();
    expect(listOf(store)).toEqual(['app:1 linux/riscv64', 'app:1 linux/amd64', 'app:1 linux/arm64']);
    expect(store.configuration(store.resolve('app:1')).fields.get('architecture')).toBe(
      process.arch === 'arm64' ? 'arm64' : 'amd64',
    );
    const riscv = await open({ platform: 'linux/riscv64' });
    expect(riscv.configuration(riscv.resolve('')).fields.get('architecture')).toBe('riscv64');
    const none = await open({ platform: 'linux/s390x' });
    expect(troubleOf(() => none.resolve('app:1'), path)).toMatch(
      /^reference: Cannot use "app:1": it has no image for linux\/s390x; here are: linux\/riscv64, linux\/amd64, linux\/arm64/,
    );
  });

  it('is asked for where it cannot be told', async () => {
    const { open, path } = placed(tarOf(...savedMembers(APP, OTHER)));
    const store = await open();
    expect(troubleOf(() => store.resolve(''), path)).toBe(
      'reference: Cannot tell which image of "ROOT" is meant: it has app:1, other:2; write one behind the file and a colon',
    );
    expect(troubleOf(() => store.resolve('ap:1'), path)).toMatch(/no such image; did you mean "app:1"\?$/);
    expect(troubleOf(() => store.resolve('@7'), path)).toMatch(/it has 2 images, counted from 0/);
    expect(troubleOf(() => store.resolve('container:web'), path)).toMatch(/an archive has no containers/);
  });
});

describe('archives as other tools write them', () => {
  it("go-containerregistry's (crane, kaniko): a config by its digest, compressed layers, no directories", async () => {
    const members = craneMembers(APP, OTHER);
    const store = await placed(tarOf(...members)).open();
    expect(listOf(store)).toEqual(['app:1 ', 'other:2 ']);
    const { layers, doubts } = store.resolve('app:1');
    expect([layers.length, doubts]).toEqual([2, undefined]);
    const claims = [...store.claims('app:1')].flatMap((each) => each.claims);
    expect(claims.map(({ about }) => about)).toEqual(['config']);
    expect(claims.filter(isBroken)).toEqual([]);
    const altered = changed(members, 'manifest.json', (one) => one).map((one) =>
      one.name.startsWith('sha256:') ? { ...one, contents: Buffer.from(`${one.contents} `) } : one,
    );
    const doubted = (await placed(tarOf(...altered)).open()).resolve('app:1').doubts;
    expect(doubted).toEqual([expect.stringMatching(/its sha256 is \w{64}, not its name$/)]);
  });

  it('an index in an index without names, as crane and ko write layouts', async () => {
    const others = layoutMembers({ ...APP, architecture: 'arm64' }).filter(
      ({ name }) => name !== 'index.json',
    );
    const members = layoutMembers(APP).filter(({ name }) => name !== 'index.json');
    const manifests = [members, others].map((each, index) => ({
      ...descriptorOf(each),
      platform: { os: 'linux', architecture: ['amd64', 'arm64'][index] },
    }));
    const inner = blobOf({ schemaVersion: 2, manifests });
    const media = 'application/vnd.oci.image.index.v1+json';
    const outer = blobOf({ schemaVersion: 2, manifests: [{ ...inner.descriptor, mediaType: media }] });
    const index = textMember('index.json', {
      schemaVersion: 2,
      manifests: [{ ...outer.descriptor, mediaType: media }],
    });
    const { open } = placed(tarOf(...members, ...others.slice(1), inner.member, outer.member, index));
    const store = await open({ platform: 'linux/amd64' });
    expect(wordsOf(store.resolve(''))).toEqual(['top', 'base']);
    expect(listOf(await open()).toSorted()).toEqual([' linux/amd64', ' linux/arm64']);
  });

  it('a build cache of BuildKit, which is no image, is told to be one', async () => {
    const members = layoutMembers(APP).filter(({ name }) => name !== 'index.json');
    const layers = members.filter(({ contents }) => contents?.includes('ustar'));
    const described = layers.map(({ name, contents }) => ({
      ...{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${name.slice(-64)}` },
      size: contents?.length,
    }));
    const config = blobOf({ layers: [], records: [] });
    const cache = { ...config.descriptor, mediaType: 'application/vnd.buildkit.cacheconfig.v0' };
    for (const value of [
      { schemaVersion: 2, manifests: [...described, cache] },
      { schemaVersion: 2, config: cache, layers: described },
    ]) {
      const target = blobOf(value);
      const index = textMember('index.json', { schemaVersion: 2, manifests: [target.descriptor] });
      const { open, path } = placed(tarOf(...layers, config.member, target.member, index));
      const told = (await open()).images().map(({ damage = '' }) => shortened(damage, path));
      expect(told).toEqual([
        expect.stringMatching(/it is a build cache of BuildKit \("--cache-to"\), not an image$/),
      ]);
    }
  });
});

describe('what is no archive of images', () => {
  const ROOTFS = ['bin/', 'etc/', 'usr/'].map((name) => ({ name, type: '5' }));
  const CASES: readonly (readonly [what: string, bytes: Buffer, words: RegExp])[] = [
    ['an empty file', Buffer.alloc(0), /"ROOT": it is empty$/],
    ['text', Buffer.from('hello'.repeat(400)), /it is neither a tar nor a compressed one: a header/],
    ['gzip of text', gzipSync('hello'.repeat(400)), /it is neither a tar nor a compressed one/],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), /compressed with xz, which is not read here: "xz -d"/],
    ['docker export', tarOf(...ROOTFS), /a root file system, not of an image; look into .* "lowerdir=DIR"$/],
    ['another tar', tarOf(textMember('a.txt', 'x')), /it has neither "index.json" nor "manifest.json"$/],
    ['an old archive', tarOf(textMember('repositories', '{}')), /before Docker 1\.10/],
    [
      'a directory in a tar',
      tarOf(...layoutMembers(APP).map((one) => ({ ...one, name: `dir/${one.name}` }))),
      /its files lie in the directory "dir" in it/,
    ],
  ];
  it.each(CASES)('is refused in words: %s', async (_, bytes, words) => {
    expect(await placed(bytes).refusal()).toMatch(words);
  });
});

describe('a damaged archive', () => {
  it('that is cut off keeps what is before that, and names what is not whole', async () => {
    const members = layoutMembers(APP);
    // What tells of images comes first here, as an archive that was put together by hand may have it.
    const tar = tarOf(...members.toSorted((a, b) => Number(a.name < 'c') - Number(b.name < 'c')));
    const [top] = members.filter(({ contents }) => contents?.includes('top\0'));
    const cut = tar.subarray(0, tar.indexOf(blocksOf(top as FakeMember)) + 700);
    const { open, path } = placed(cut);
    const store = await open();
    expect(store.damage('images').map((one) => shortened(one, path))).toEqual([
      expect.stringMatching(
        /^"ROOT" cannot be read after its member "blobs\/sha256\/\w{64}": it is cut off$/,
      ),
    ]);
    expect(store.images()[0]?.damage).toBeDefined();
  });

  it('that is cut off between two members says so', async () => {
    const tar = tarOf(...savedMembers(APP));
    const { open, path } = placed(tar.subarray(0, -1024));
    const store = await open();
    expect(store.damage('images').map((one) => shortened(one, path))).toEqual([
      '"ROOT" cannot be read after its member "manifest.json": there it ends, without the mark that ends a tar',
    ]);
    expect(wordsOf(store.resolve('app:1'))).toEqual(['top', 'base']);
  });

  it('without index.json has the images whose manifests are there, without names', async () => {
    const members = layoutMembers(APP, OTHER);
    const tar = tarOf(...members);
    const cut = placed(tar.subarray(0, tar.indexOf('index.json') + 100));
    const store = await cut.open();
    expect(listOf(store)).toEqual([' ', ' ']);
    expect(store.images().map(({ id }) => wordsOf(store.resolve(id)))).toEqual([['top', 'base'], ['base']]);
    expect(store.damage('images').map((one) => shortened(one, cut.path))).toEqual([
      expect.stringMatching(/^"ROOT" cannot be read after its member "blobs.*": it is cut off$/),
      'what is here of "ROOT" has no "index.json": its images are without names',
    ]);
  });

  it('without its last bytes is no archive any more, and says that it is cut off', async () => {
    const { path, refusal } = placed(tarOf(...savedMembers(APP)));
    truncateSync(path, 1200);
    expect(await refusal()).toMatch(
      /neither "index.json" nor "manifest.json" is in what can be read of it \(.*cut off\)/,
    );
    const gzipped = placed(gzipSync(tarOf(...savedMembers(APP))).subarray(0, -200));
    expect(await gzipped.refusal()).toMatch(/cut off/);
  });

  it('with a blob that is not what its name is the hash of uses no manifest or config of it', async () => {
    const members = layoutMembers(APP);
    const spoiled = (text: string) =>
      tarOf(
        ...members.map((one) =>
          one.name.startsWith('blobs') && one.contents?.includes(text)
            ? { ...one, contents: Buffer.from(`${one.contents} `) }
            : one,
        ),
      );
    for (const text of ['"rootfs"', '"layers":[']) {
      const { open, path } = placed(spoiled(text));
      const store = await open();
      expect(shortened(store.images()[0]?.damage ?? '', path)).toMatch(/its sha256 is \w{64}, not its name$/);
      const broken = [...store.claims()].flatMap(({ claims }) => claims).filter(isBroken);
      expect(broken.length).toBeGreaterThan(0);
    }
  });

  it('whose config is not what its name says is shown with a doubt, as docker load would', async () => {
    const members = changed(savedMembers(APP), '.json', (one) =>
      one.name === 'manifest.json' ? one : { ...one, contents: Buffer.from(`${one.contents} `) },
    );
    const store = await placed(tarOf(...members)).open();
    expect(store.resolve('app:1').doubts).toEqual([
      expect.stringMatching(/its sha256 is \w{64}, not its name$/),
    ]);
    const [claims] = store.claims();
    expect(claims?.claims.filter(isBroken)).toHaveLength(1);
  });

  it('without some layers lists the others, and says which are not there', async () => {
    const members = savedMembers(APP).filter(({ contents }) => !contents?.includes('top\0'));
    const { open, path } = placed(tarOf(...members));
    const store = await open();
    const absent = /the layer \w{12} is not in the archive \("ROOT:\w{64}\/layer.tar"\)/;
    expect(troubleOf(() => store.resolve('app:1'), path)).toMatch(absent);
    const { layers } = store.resolve('app:1', 'mark');
    expect(layers.map(({ missing }) => missing === undefined)).toEqual([false, true]);
    const layerClaims = [...store.claims()].flatMap(({ chains }) => chains.flat());
    expect(layerClaims.map(({ record }) => record !== undefined)).toEqual([true, false]);
  });
});

describe('a hostile archive', () => {
  const saved = savedMembers(APP);
  const withLayer = (change: (member: FakeMember) => FakeMember) =>
    tarOf(...changed(saved, 'layer.tar', change));
  const CASES: readonly (readonly [what: string, bytes: Buffer, words: RegExp])[] = [
    [
      'links out of it',
      withLayer(({ name }) => ({ name, type: '2', linkName: '../../../etc/passwd' })),
      /leads out of the archive/,
    ],
    [
      'absolute links',
      withLayer(({ name }) => ({ name, type: '2', linkName: '/etc/passwd' })),
      /"etc\/passwd", which is not in/,
    ],
    [
      'links in a circle',
      withLayer(({ name }) => ({ name, type: '1', linkName: name })),
      /leads round in a circle/,
    ],
    ['devices', withLayer(({ name }) => ({ name, type: '3', major: 1, minor: 3 })), /not a regular file/],
    ['directories', withLayer(({ name }) => ({ name, type: '5' })), /a directory/],
    [
      'names above it',
      tarOf(
        ...saved.map((one) => (one.name.endsWith('layer.tar') ? { ...one, name: `../${one.name}` } : one)),
      ),
      /is not in the archive/,
    ],
    [
      'fewer layers than the config says',
      tarOf(
        ...changed(saved, 'manifest.json', (one) => ({
          ...one,
          contents: Buffer.from(String(one.contents).replace(/"Layers":\["[^"]*",/, '"Layers":[')),
        })),
      ),
      /it has 1 layers, and the config of the image 2/,
    ],
  ];
  it.each(CASES)('with %s is an answer or a clear error', async (_, bytes, words) => {
    const { open, path } = placed(bytes);
    const store = await open();
    const answer = troubleOf(() => store.resolve('app:1'), path);
    expect(answer).toMatch(words);
    expect(store.images()[0]?.damage).toBeDefined();
  });

  it('with a manifest that is too large, too deep, or nothing that it should be, is refused', async () => {
    const manifest = (contents: Buffer) => placed(tarOf({ name: 'manifest.json', contents })).refusal();
    expect(await manifest(Buffer.alloc(17 << 20, ' '))).toMatch(/larger than 16777216 bytes/);
    expect(await manifest(Buffer.from(`[${'['.repeat(200_000)}`))).toMatch(/not valid JSON/);
    expect(await manifest(Buffer.from('[]'))).toBe('no trouble');
    expect(await manifest(Buffer.from('"x"'))).toMatch(/not a JSON array/);
    expect(await manifest(Buffer.from('{}'))).toBe('no trouble');
    const index = textMember('index.json', { schemaVersion: 2, manifests: 'all' });
    expect(await placed(tarOf(index)).refusal()).toMatch(/manifests is not an array/);
  });

  it('with indexes in indexes without end, and the same one many times, comes to an end', async () => {
    let members = layoutMembers(APP).filter(({ name }) => name !== 'index.json');
    let inner = { ...descriptorOf(members), platform: undefined };
    for (let depth = 0; depth < 30; depth++) {
      const index = { schemaVersion: 2, manifests: Array.from({ length: 20 }, () => inner) };
      const contents = Buffer.from(JSON.stringify(index));
      const hex = sha256Of(contents);
      members = [...members, { name: `blobs/sha256/${hex}`, contents }];
      inner = { ...inner, mediaType: 'application/vnd.oci.image.index.v1+json', digest: `sha256:${hex}` };
    }
    const root = textMember('index.json', { schemaVersion: 2, manifests: [inner] });
    const store = await placed(tarOf(...members, root)).open();
    expect(store.images()[0]?.damage).toMatch(/no manifest it names is one of an image/);
  });

  it('with a member of 9 GiB, of which nothing is read, has what comes after it', async () => {
    const size = 9 * 2 ** 30;
    const { path, open } = placed(tarHeader({ ...LARGE, size }));
    const start = statSync(path).size + size;
    truncateSync(path, start);
    appendFileSync(path, tarOf(...saved));
    expect(wordsOf((await open()).resolve('app:1'))).toEqual(['top', 'base']);
  });

  it('with names that are no text, and duplicates, shows what is meant', async () => {
    const twice = [
      ...saved,
      { name: 'caf\xe9', contents: Buffer.from('x') },
      ...savedMembers(OTHER).slice(-1),
    ];
    const { open, path } = placed(tarOf(...twice, ...saved.slice(-1)));
    const store = await open();
    const { warnings = [] } = store.resolve('app:1');
    expect(warnings.map((one) => shortened(one, path))).toEqual([
      '"ROOT": it has more than one member "manifest.json": the last of each is used, as "docker load" does',
    ]);
  });

  it('leaves nothing behind where temporary files are', async () => {
    const large = blocksOf({ name: 'x', contents: Buffer.alloc(5 << 20) });
    const { open } = placed(rawFrame(Buffer.concat([large, tarOf(...saved)])));
    const { directory } = temporaryForTest();
    vi.stubEnv('TMPDIR', directory);
    const store = await open();
    expect(wordsOf(store.resolve('app:1'))).toEqual(['top', 'base']);
    expect(readdirSync(directory)).toEqual([]);
  });
});

function descriptorOf(members: readonly FakeMember[]) {
  const manifest = members.find(({ contents }) => contents?.includes('"layers":['));
  const contents = manifest?.contents ?? Buffer.alloc(0);
  return {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${sha256Of(contents)}`,
    size: contents.length,
  };
}

function blobOf(value: object): { member: FakeMember; descriptor: { digest: string; size: number } } {
  const contents = Buffer.from(JSON.stringify(value));
  const hex = sha256Of(contents);
  return {
    member: { name: `blobs/sha256/${hex}`, contents },
    descriptor: { digest: `sha256:${hex}`, size: contents.length },
  };
}

/** As pkg/v1/tarball/write.go writes docker-archives. */
function craneMembers(...images: Parameters<typeof savedMembers>): FakeMember[] {
  const names = new Map<string, string>();
  const members = savedMembers(...images).map(({ name, contents = Buffer.alloc(0) }): FakeMember => {
    if (name === 'manifest.json') return { name, contents };
    const isLayer = name.endsWith('layer.tar');
    const bytes = isLayer ? gzipSync(contents) : contents;
    const other = isLayer ? `${sha256Of(bytes)}.tar.gz` : `sha256:${sha256Of(bytes)}`;
    names.set(name, other);
    return { name: other, contents: bytes };
  });
  return members.map(({ name, contents = Buffer.alloc(0) }) => {
    if (name !== 'manifest.json') return { name, contents };
    let text = contents.toString();
    for (const [before, after] of names)
      text = text.replaceAll(JSON.stringify(before), JSON.stringify(after));
    return { name, contents: Buffer.from(text) };
  });
}

function twoMembers(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1;
  return Buffer.concat([gzipSync(bytes.subarray(0, middle)), gzipSync(bytes.subarray(middle))]);
}

function isBroken(claim: {
  readonly expected?: string;
  readonly found?: string;
  readonly unreadable?: string;
}): boolean {
  return claim.unreadable !== undefined || claim.expected !== claim.found;
}
