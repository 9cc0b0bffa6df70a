// Where images are in a mounted store: names that are paths, and all those that are none.
import { describe, expect, it } from 'vitest';
import { isFileName } from '../../../src/cli/mount/free-names.ts';
import { type ImageToPlace, placeImages } from '../../../src/cli/mount/image-names.ts';

const LONG = 'x'.repeat(256);

function image(hex: string, tags: readonly string[], more: Partial<ImageToPlace> = {}): ImageToPlace {
  return { hex: hex.repeat(64).slice(0, 64), tags, ...more };
}

/** `path -> first digit of the ID, + layers`. */
function placed(images: readonly ImageToPlace[]): string[] {
  return placeImages(images).map(
    ({ image: { hex }, path, layers }) =>
      `${path.join('/').replace(hex, 'ID')} ${hex[0]} ${layers?.replace(hex, 'ID')}`,
  );
}

const short = (digit: string) => digit.repeat(12);

describe('placeImages()', () => {
  it.each<[rule: string, images: ImageToPlace[], expected: string[]]>([
    ['a name and its tag', [image('a', ['nginx:1.25'])], ['nginx/1.25 a 1.25.layers']],
    [
      'a registry with a port, and directories',
      [image('a', ['localhost:5000/team/app:v2'])],
      ['localhost:5000/team/app/v2 a v2.layers'],
    ],
    ['each of several names', [image('a', ['x:1', 'y:1'])], ['x/1 a 1.layers', 'y/1 a 1.layers']],
    ['no name', [image('a', [])], ['<none>/ID a ID.layers']],
    ['a name without a tag', [image('a', ['x'])], ['x/<none> a <none>.layers']],
    [
      'a tag that is a directory of other names',
      [image('a', ['a:b']), image('b', ['a/b:c'])],
      ['a/:b a :b.layers', 'a/b/c b c.layers'],
    ],
    [
      'a tag that is called as the layers of another',
      [image('a', ['x:1']), image('b', ['x:1.layers'])],
      ['x/1 a :1.layers', 'x/1.layers b 1.layers.layers'],
    ],
    [
      'one name on several platforms, and in several stores',
      [
        image('a', ['x:1'], { platform: 'linux/amd64' }),
        image('b', ['x:1'], { platform: 'linux/arm64/v8' }),
        image('c', ['x:1'], { store: 'overlay2' }),
        image('d', ['x:1']),
      ],
      [
        'x/1 a 1.layers',
        'x/1@linux-arm64-v8 b 1@linux-arm64-v8.layers',
        'x/1@overlay2 c 1@overlay2.layers',
        `x/1@${short('d')} d 1@${short('d')}.layers`,
      ],
    ],
    ['a name that is no path beside one that is', [image('a', ['../x:1', 'x:1'])], ['x/1 a 1.layers']],
    [
      'a tag so long that its layers have no name',
      [image('a', [`x:${'t'.repeat(250)}`])],
      [`x/${'t'.repeat(250)} a undefined`],
    ],
  ])('gives a place to %s', (_rule, images, expected) => {
    expect(placed(images)).toEqual(expected);
  });

  it.each(['../up:1', 'x/../y:1', './x:1', '/x:1', 'x//y:1', 'x\0y:1', `${LONG}:1`, 'x:', 'x:..', 'x:.', ''])(
    'knows %j by its ID alone',
    (tag) => {
      expect(placed([image('a', [tag])])).toEqual(['<none>/ID a ID.layers']);
    },
  );

  it('writes an ID that is no name otherwise, so that nothing is left out', () => {
    const odd = ['../x', '..', '', 'a\0b', '%2F', '/', 'y'.repeat(300)].map((hex) => ({
      hex,
      tags: ['..:..'],
    }));
    expect(placeImages([...odd, ...odd.slice(0, 2)]).map(({ path }) => path.join('/'))).toEqual([
      '<none>/..%2Fx',
      '<none>/%2E%2E',
      '<none>/%',
      '<none>/a%00b',
      '<none>/%2F',
      '<none>/:%2F',
      `<none>/${'y'.repeat(200)}`,
      '<none>/:..%2Fx',
      '<none>/%2E%2E@..',
    ]);
  });

  it('gives no two images one place, and none a place that is a directory', () => {
    const tags = ['a:b', 'a/b:c', 'a/b/c:d', 'a:b.layers', 'a/:b', 'a/b:c.layers', 'a:b@x', 'a:b'];
    const images = tags.map((tag, i) => image(i.toString(16), [tag]));
    const places = placeImages(images);
    const all = places.flatMap(({ path, layers }) => [
      path.join('/'),
      ...(layers === undefined ? [] : [[...path.slice(0, -1), layers].join('/')]),
    ]);
    expect(new Set(all).size).toBe(all.length);
    for (const { path } of places) {
      for (let depth = 1; depth < path.length; depth++)
        expect(all).not.toContain(path.slice(0, depth).join('/'));
    }
    expect(places.length).toBe(images.length);
    expect(all.join('/').split('/').every(isFileName)).toBe(true);
  });
});
