import { describe, expect, it } from 'vitest';
import {
  chainIds,
  type DiffId,
  parseCacheId,
  parseChainId,
  parseContainerId,
  parseDiffId,
  parseImageId,
  parseMountId,
} from '../../../src/store/digest.ts';
import { troubleOf } from './trouble.ts';

// From an image that dockerd 20.10.24 built: rootfs.diff_ids, and the names in layerdb.
const DIFF_IDS = [
  'sha256:0cc3a11035be786d59692b40e8bd1d4aba958523cf4cc97be7acf7380fc16c44',
  'sha256:9c7bbf2dd4155b36682d10252d5df55955e68d92a36277366b0a447bc0c5a8f2',
  'sha256:5d797846f18752dce13765ec4f216510d06f269b0813248e281f376b407c03c6',
] as string[] as DiffId[];
const CHAIN_IDS = [
  'sha256:0cc3a11035be786d59692b40e8bd1d4aba958523cf4cc97be7acf7380fc16c44',
  'sha256:6b79b05f1417726d658106ee21b8b61daecf54a291331bc31f798b3060951991',
  'sha256:742686f0b62727f5ffaaf84389026937625b4c5160760eab589334dcf75de19b',
];

describe('chainIds()', () => {
  it('computes what dockerd named its layers', () => {
    expect(chainIds(DIFF_IDS)).toEqual(CHAIN_IDS);
  });

  it('is empty for an image without layers', () => {
    expect(chainIds([])).toEqual([]);
  });
});

const HEX = 'ab'.repeat(32);
const source = { file: '/f', part: 'its content' };
const DIGEST_FORM = '("sha256:" and 64 lower-case hex digits)';

describe('the parsers of ids', () => {
  it.each([
    ['a diff ID', parseDiffId, `sha256:${HEX}`],
    ['a chain ID', parseChainId, `sha256:${HEX}`],
    ['an image ID', parseImageId, `sha256:${HEX}`],
    ['a cache ID', parseCacheId, HEX],
    ["a cache ID of BuildKit's", parseCacheId, 'm7g6ypsf2sw2qcoxxf0yw21km'],
    ['a mount ID', parseMountId, HEX],
    ['the mount ID of an init layer', parseMountId, `${HEX}-init`],
    ['a container ID', parseContainerId, HEX],
  ])('take %s', (_, parse, text) => {
    expect(parse(text, source)).toBe(text);
  });

  const wrong = ['', HEX.slice(1), HEX.toUpperCase(), `../${HEX}`, `${HEX}/..`, `${HEX}\n`, `${HEX}\0`, '..'];
  it.each([
    ['a diff ID', parseDiffId, `a diff ID ${DIGEST_FORM}`, [...wrong, HEX, `sha512:${HEX}`]],
    ['a chain ID', parseChainId, `a chain ID ${DIGEST_FORM}`, [...wrong, HEX]],
    ['an image ID', parseImageId, `an image ID ${DIGEST_FORM}`, [...wrong, HEX]],
    [
      'a cache ID',
      parseCacheId,
      'a cache ID (64 lower-case hex digits, or 25 of 0-9 and a-z)',
      [
        ...wrong,
        `${HEX}-init`,
        'M7g6ypsf2sw2qcoxxf0yw21km',
        'm7g6ypsf2sw2qcoxxf0yw21kmx',
        'a/b/../../../etc/passwd/',
      ],
    ],
    [
      'a mount ID',
      parseMountId,
      'a mount ID (64 lower-case hex digits, then perhaps "-init")',
      [...wrong, `${HEX}-init-init`, 'm7g6ypsf2sw2qcoxxf0yw21km'],
    ],
    ['a container ID', parseContainerId, 'a container ID (64 lower-case hex digits)', wrong],
  ])('refuse what is not %s', (_, parse, form, texts) => {
    for (const text of texts) {
      expect(troubleOf(() => parse(text, source))).toBe(`store: Cannot use "/f": its content is not ${form}`);
    }
  });
});
