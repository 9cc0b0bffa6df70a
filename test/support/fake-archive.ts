// Archives of images made from values: members of a tar as they are to stand in it, and images whose blobs, configs and manifests
// agree, so that a test says only what it is about, and then changes one member.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { asBytes } from '../../src/sys/bytes.ts';
import type { TarEntry } from '../../src/tar/entry.ts';
import { tarEnd, tarHeader } from '../../src/tar/write.ts';
import type { Temporary } from './temporary.ts';

export type FakeMember = Partial<Omit<TarEntry, 'name' | 'linkName' | 'size'>> & {
  readonly name: string;
  readonly linkName?: string;
  readonly contents?: Buffer;
};

export function tarOf(...members: FakeMember[]): Buffer {
  return Buffer.concat([...members.map(blocksOf), tarEnd()]);
}

/** A member without the end mark. */
export function blocksOf({ name, linkName = '', contents = Buffer.alloc(0), ...rest }: FakeMember): Buffer {
  const entry: TarEntry = {
    ...{ type: '0', mode: 0o644, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0 },
    ...{ xattrs: new Map(), sparse: false, size: contents.length },
    ...rest,
    name: asBytes(name),
    linkName: asBytes(linkName),
  };
  return Buffer.concat([tarHeader(entry), contents, Buffer.alloc((512 - (contents.length % 512)) % 512)]);
}

export function textMember(name: string, text: string | object): FakeMember {
  return { name, contents: Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)) };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export interface FakeImage {
  readonly tags?: readonly string[];
  /** Base first: any words, which are the one file of the layer. */
  readonly layers: readonly string[];
  readonly architecture?: string;
}

function layersAndConfig({ layers, architecture = 'amd64' }: FakeImage) {
  const tars = layers.map((words) => tarOf(textMember(words, words)));
  const config = Buffer.from(
    JSON.stringify({
      ...{ os: 'linux', architecture, created: '2024-01-02T03:04:05Z', config: { Env: ['A=b'] } },
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256Of(tar)}`) },
      history: layers.map((words) => ({ created_by: `RUN ${words}` })),
    }),
  );
  return { tars, config };
}

/** As docker save wrote it before Docker 25: each layer in a directory, or a link to one that came before. */
export function savedMembers(...images: FakeImage[]): FakeMember[] {
  const members = new Map<string, FakeMember>();
  const list = images.map((image) => {
    const { tars, config } = layersAndConfig(image);
    const Config = `${sha256Of(config)}.json`;
    members.set(Config, { name: Config, contents: config });
    const Layers = tars.map((tar) => {
      const name = `${sha256Of(tar)}/layer.tar`;
      members.set(name, { name, contents: tar });
      return name;
    });
    return { Config, RepoTags: image.tags ?? null, Layers };
  });
  return [...members.values(), textMember('manifest.json', list)];
}

/** An OCI layout: an image of one manifest for each, or one index of all where they have one name. */
export function layoutMembers(...images: FakeImage[]): FakeMember[] {
  const members = new Map<string, FakeMember>();
  const blob = (mediaType: string, contents: Buffer) => {
    const hex = sha256Of(contents);
    members.set(hex, { name: `blobs/sha256/${hex}`, contents });
    return { mediaType, digest: `sha256:${hex}`, size: contents.length };
  };
  const json = (mediaType: string, value: object) =>
    blob(`application/vnd.oci.image.${mediaType}.v1+json`, Buffer.from(JSON.stringify(value)));
  const manifests = images.map((image) => {
    const { tars, config } = layersAndConfig(image);
    const layers = tars.map((tar) => blob('application/vnd.oci.image.layer.v1.tar', tar));
    const described = blob('application/vnd.oci.image.config.v1+json', config);
    const manifest = json('manifest', { schemaVersion: 2, config: described, layers });
    return { ...manifest, platform: { os: 'linux', architecture: image.architecture ?? 'amd64' } };
  });
  const [name] = images[0]?.tags ?? [];
  const isOne = images.length > 1 && images.every(({ tags = [] }) => tags[0] === name);
  const targets = isOne
    ? [named(json('index', { schemaVersion: 2, manifests }), name)]
    : manifests.map((one, index) => named(one, images[index]?.tags?.[0]));
  return [
    textMember('oci-layout', { imageLayoutVersion: '1.0.0' }),
    ...members.values(),
    textMember('index.json', { schemaVersion: 2, manifests: targets }),
  ];
}

function named(descriptor: object, name: string | undefined): object {
  return name === undefined
    ? descriptor
    : { ...descriptor, annotations: { 'org.opencontainers.image.ref.name': name } };
}

let made = 0;

/** A compressed file of an image that no other has: what was read once is known. Answers its path. */
export function writeNewArchive(temporary: Temporary): string {
  const path = temporary.path(`app-${++made}.tar.gz`);
  const members = savedMembers({ tags: ['app:1'], layers: ['base', `of ${made}`] });
  writeFileSync(path, gzipSync(tarOf(...members)));
  return path;
}
