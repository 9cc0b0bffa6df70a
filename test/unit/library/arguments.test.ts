// What plain JavaScript may give the library that its types would refuse: it is told by name, whatever the function.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diff, openStore, openTree, type Store, StratafsError, verify } from '../../../src/index.ts';
import { writeSampleRoot } from '../../support/sample-root.ts';
import { temporaryForTest } from '../../support/temporary.ts';

/** As a program without types calls it. */
type Untyped = (...given: unknown[]) => unknown;

const called = (call: unknown, ...given: unknown[]) => (call as Untyped)(...given);

const PROMISED: readonly [refused: string, call: () => unknown][] = [
  ['openTree(): the argument "reference" is of type number, not a string', () => called(openTree, 42)],
  ['openTree(): the argument "reference" is undefined, not a string', () => called(openTree)],
  ['openTree(): there is no option "rooot"', () => called(openTree, 'demo:1', { rooot: '/x' })],
  ['openTree(): there is no option "toString"', () => called(openTree, 'demo:1', { toString: '/x' })],
  [
    'openTree(): the option "root" is of type number, not a string',
    () => called(openTree, 'demo:1', { root: 1 }),
  ],
  ['openTree(): its options are null, not an object', () => called(openTree, 'demo:1', null)],
  ['openTree(): its options are of type string, not an object', () => called(openTree, 'demo:1', '/x')],
  [
    'openTree(): the option "owners" is "mine", not "container" or "disk"',
    () => called(openTree, 'demo:1', { owners: 'mine' }),
  ],
  [
    'openTree(): the option "signal" is of type object, not an AbortSignal',
    () => called(openTree, 'demo:1', { signal: {} }),
  ],
  [
    'openTree(): the option "additionalRoots" is of type string, not an array of strings',
    () => called(openTree, 'demo:1', { additionalRoots: '/x' }),
  ],
  ['openStore(): there is no option "unpackAs"', () => called(openStore, { unpackAs: 'docker' })],
  [
    'openStore(): the option "onWarning" is of type boolean, not a function',
    () => called(openStore, { onWarning: true }),
  ],
  ['diff(): the argument "b" is undefined, not a string', () => called(diff, 'a')],
  ['diff(): there is no option "path"', () => called(diff, 'a', 'b', { path: '/etc' })],
  [
    'diff(): the option "paths" is of type string, not an array of strings or Uint8Arrays',
    () => called(diff, 'a', 'b', { paths: '/etc' }),
  ],
  [
    'diff(): the option "content" is "all", not "read" or "none"',
    () => called(diff, 'a', 'b', { content: 'all' }),
  ],
  ['verify(): the argument "reference" is an array, not a string', () => called(verify, ['a'])],
  ['verify(): there is no option "onfinding"', () => called(verify, 'a', { onfinding: () => {} })],
];

describe('the library', () => {
  it.each(PROMISED)('refuses what is wrong: %s', async (refused, call) => {
    const error = await Promise.resolve(call()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StratafsError);
    expect(error).toMatchObject({ code: 'usage', message: `Cannot call ${refused}` });
  });

  it('refuses the same of what it opened, and takes undefined for what is not given', async () => {
    const { root } = writeSampleRoot(join(temporaryForTest().directory, 'root'));
    const store = (await called(openStore, { root, platform: undefined })) as Store;
    await expect(called(store.inspect.bind(store), 1)).rejects.toMatchObject({ code: 'usage' });
    await expect(called(store.openTree.bind(store), 'x', { root })).rejects.toThrow(
      'Cannot call openTree(): there is no option "root"',
    );
    const [image] = store.images();
    using tree = await store.openTree(image?.id ?? '');
    const wrong: readonly [refused: string, call: () => unknown][] = [
      ['stat(): there is no option "folow"', () => called(tree.stat.bind(tree), '/', { folow: false })],
      [
        'list(): the argument "path" is of type number, not a string or a Uint8Array',
        () => called(tree.list.bind(tree), 1),
      ],
      [
        'walk(): the option "onError" is of type object, not a function',
        () => called(tree.walk.bind(tree), '/', { onError: {} }),
      ],
      [
        'read(): the option "start" is of type string, not a number',
        () => called(tree.read.bind(tree), '/a', { start: '1' }),
      ],
      ['readFile(): there is no option "max"', () => called(tree.readFile.bind(tree), '/a', { max: 1 })],
      [
        'xattrs(): the argument "path" is undefined, not a string or a Uint8Array',
        () => called(tree.xattrs.bind(tree)),
      ],
    ];
    for (const [refused, call] of wrong) expect(call).toThrow(`Cannot call ${refused}`);
    expect(tree.stat('/').type).toBe('dir');
  });
});
