import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../../src/store/formats/json.ts';
import {
  fits,
  hostPlatform,
  imagesOfIndex,
  parseManifest,
  parsePlatform,
  platformText,
} from '../../../../src/store/oci/manifest.ts';
import { MANIFEST_OR_INDEX } from '../../../../src/store/oci/oci-shapes.ts';
import { troubleOf } from '../trouble.ts';

const DIGEST = (digit: string) => `sha256:${digit.repeat(64)}`;
const json = (value: object) => parseJson(Buffer.from(JSON.stringify(value)), '/blob', MANIFEST_OR_INDEX);
const member = (digit: string, platform?: object, annotations?: object) => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: DIGEST(digit),
  size: 1,
  ...(platform === undefined ? {} : { platform }),
  ...(annotations === undefined ? {} : { annotations }),
});

describe('parseManifest()', () => {
  it('reads config and layers, base first', () => {
    const found = parseManifest(json({ config: member('1'), layers: [member('2'), member('3')] }));
    expect(
      found.kind === 'manifest' && [found.config.digest, ...found.layers.map(({ digest }) => digest)],
    ).toEqual([DIGEST('1'), DIGEST('2'), DIGEST('3')]);
  });

  it.each<[string, object, string]>([
    [
      'both a manifest and an index',
      { manifests: [], config: member('1') },
      'it is both a manifest and an index',
    ],
    ['schema 1', { fsLayers: [] }, 'it is a manifest of schema 1, which has no config'],
    ['something else', { a: 1 }, 'it is neither a manifest nor an index of an image'],
    [
      'a digest that leads elsewhere',
      { config: { ...member('1'), digest: 'sha256:../../x' } },
      'config.digest is not a digest ("sha256:" and 64 lower-case hex digits)',
    ],
    ['layers that are no list', { config: member('1'), layers: {} }, 'layers is not an array'],
  ])('refuses %s', (_, value, state) => {
    expect(troubleOf(() => parseManifest(json(value)))).toBe(`store: Cannot use "/blob": ${state}`);
  });
});

describe('imagesOfIndex()', () => {
  const index = parseManifest(
    json({
      manifests: [
        member('a', { os: 'linux', architecture: 'arm', variant: 'v6' }),
        member('b', { os: 'linux', architecture: 'arm', variant: 'v7' }),
        member('c', { os: 'linux', architecture: 'arm64', variant: 'v8' }),
        member('d', { os: 'linux', architecture: 'amd64' }),
        member('e', { os: 'windows', architecture: 'amd64' }),
        member('f', { os: 'unknown', architecture: 'unknown' }),
        member(
          '0',
          { os: 'linux', architecture: 'amd64' },
          { 'vnd.docker.reference.type': 'attestation-manifest' },
        ),
        member('1'),
      ],
    }),
  );

  it.each<[string, string]>([
    ['linux/amd64', 'd 1 a b c e'],
    ['linux/arm64', 'c 1 a b d e'],
    ['linux/arm/v7', 'b a 1 c d e'],
    ['linux/arm/v6', 'a 1 b c d e'],
    ['windows/amd64', 'e 1 a b c d'],
  ])('puts those for %s first, and leaves attestations out', (platform, expected) => {
    if (index.kind !== 'index') throw new Error('no index');
    const found = imagesOfIndex(index, parsePlatform(platform)).map(({ digest }) => digest.at(-1));
    expect(found.join(' ')).toBe(expected);
  });
});

describe('parsePlatform()', () => {
  const host = { os: 'linux', architecture: 'amd64', variant: '' };
  it.each<[string, string]>([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['amd64/v1', 'linux/amd64'],
    ['amd64/v3', 'linux/amd64/v3'],
    ['aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['armhf', 'linux/arm'],
    ['arm/v7', 'linux/arm'],
    ['arm/6', 'linux/arm/v6'],
    ['armel', 'linux/arm/v6'],
    ['i386', 'linux/386'],
    ['s390x', 'linux/s390x'],
    ['windows', 'windows/amd64'],
    ['Linux/AMD64', 'linux/amd64'],
  ])('understands %s', (text, expected) => expect(platformText(parsePlatform(text, host))).toBe(expected));

  it.each(['', 'a/b/c', 'linux/', 'linux/a/b/c', 'li nux', '../x', 'bogus', 'bogus/amd64'])(
    'refuses "%s"',
    (text) => {
      expect(troubleOf(() => parsePlatform(text, host))).toMatch(/^usage: Cannot understand platform/);
    },
  );

  it('knows this machine', () => expect(fits(hostPlatform(), parsePlatform('linux'))).toBe(true));
});
