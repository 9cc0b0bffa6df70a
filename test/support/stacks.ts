// Random layer stacks: every kind of entry and mark that overlayfs knows, under few names, so that they meet often.
import fc from 'fast-check';
import type { Step } from './layers.ts';

/** How a stack is mounted. */
export const VARIANTS = {
  plain: {},
  'metacopy=on': { metacopy: 'on' },
  'redirect_dir=nofollow': { redirect_dir: 'nofollow' },
  'redirect_dir=on': { redirect_dir: 'on' },
  userxattr: { userxattr: true },
  'data-only': { metacopy: 'on' },
} as const satisfies Record<string, Readonly<Record<string, string | true>>>;
export type Variant = keyof typeof VARIANTS;

/** A `link` may lead to another layer: `toLayer` counts layers further down. */
export interface StackStep extends Step {
  readonly below?: number;
}

export interface RandomStack {
  readonly variant: Variant;
  /** Top first, 1 to 8; the last one is data-only in that variant. */
  readonly layers: readonly (readonly StackStep[])[];
  /** Paths to look up before anything is listed, in this order. */
  readonly lookups: readonly string[];
}

const LONG = 'n'.repeat(255);
const name = fc.oneof(
  { weight: 24, arbitrary: fc.constantFrom('a', 'b', 'c') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\xff\xfe', 'a\n', 'A', 'ab', '.wh.a', '.wh..wh..opq', LONG, '\xc3\xa9'),
  },
);
const path = fc
  .tuple(fc.constantFrom(1, 1, 1, 2, 2, 3), fc.tuple(name, name, name))
  .map(([depth, names]) => names.slice(0, depth).join('/'));

/** Of a name that is too long there is only the lookup. */
const sought = fc.oneof(
  { weight: 30, arbitrary: path },
  { weight: 1, arbitrary: fc.constantFrom('m'.repeat(256), `a/${'m'.repeat(300)}`) },
);

const TIMES = [
  0n,
  -1n,
  -500_000_000n,
  -2_000_000_000_000_000_000n,
  1_600_000_000_123_456_789n,
  2_240_524_800_000_000_001n,
  15_000_000_000_999_999_999n,
];
const OWNERS = [0, 1000, 65534, 4_294_967_294] as const;

/** `struct posix_acl_xattr_header` and entries (tag, permissions, id): what setfacl writes. */
function acl(...entries: readonly (readonly [number, number, number])[]): string {
  const buffer = Buffer.alloc(4 + entries.length * 8);
  buffer.writeUInt32LE(2, 0);
  for (const [i, [tag, permissions, id]] of entries.entries()) {
    buffer.writeUInt16LE(tag, 4 + i * 8);
    buffer.writeUInt16LE(permissions, 6 + i * 8);
    buffer.writeUInt32LE(id, 8 + i * 8);
  }
  return buffer.toString('latin1');
}
const NOBODY = 0xffff_ffff;
const ACL = acl([1, 6, NOBODY], [2, 4, 1000], [4, 5, NOBODY], [16, 7, NOBODY], [32, 0, NOBODY]);
const CAPABILITY = '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0';

/** Attributes that are none of the overlay's marks, or only look like one. */
const ORDINARY: readonly (readonly [string, string])[] = [
  ['user.a', 'b'],
  ['user.empty', ''],
  ['trusted.a', '\0\xff'],
  ['trusted.overlay', 'y'],
  ['trusted.overlayfoo', 'y'],
  ['trusted.overlay.overlay.opaque', 'y'],
  ['trusted.overlay.overlay.overlay.whiteout', ''],
  ['user.overlay.overlay.redirect', 'a'],
  ['user.fuseoverlayfs.opaque', 'y'],
  ['user.containers.override_stat', '0:0:755'],
  ['system.posix_acl_access', ACL],
];
const OPAQUE = ['y', 'y', 'y', 'x', 'x', 'yes', 'Y', '1', ''];
const SOUND_REDIRECT = [
  ...['a', 'b', 'c', '/a', '/b', '/c'],
  ...['a', 'b', 'c', '/a', '/b', '/c', '/a/b', '/b/a', '/b/c', '/c/a', '/a/c'],
  ...['/a/a', '/c/a/b', 'none', '/a/none'],
];
const REDIRECT = [
  ...SOUND_REDIRECT,
  ...SOUND_REDIRECT,
  ...['', 'a/b', '/', '/a//b', '/a/', '.', '..', '/a/../b', '/a/./b', 'a\0b', '/..'],
];
const SOUND_METACOPY = ['', '', '', '', '\0\x04\0\0', '\0\x04\0\0', `\0\x24\0\x01${'h'.repeat(32)}`];
const METACOPY = [...SOUND_METACOPY, ...SOUND_METACOPY, '\0\x04\x01\0', 'x', 'xxx', '\x05'];
/** Marks of a writable overlay that mean little or nothing to a read-only one. */
const IGNORED = ['impure', 'nlink', 'upper', 'uuid', 'protattr', 'verity', 'unknown', 'whiteouts'];

type Xattr = readonly [string, string];

function anyOf<T>(weight: number, values: readonly T[]): { weight: number; arbitrary: fc.Arbitrary<T> } {
  return { weight, arbitrary: fc.constantFrom(...values) };
}

function mark(prefix: string, names: readonly string[], values: readonly string[]): fc.Arbitrary<Xattr> {
  const prefixes = [prefix, prefix, prefix, prefix, prefix, 'trusted', 'user'];
  return fc
    .tuple(fc.constantFrom(...prefixes), fc.constantFrom(...names), fc.constantFrom(...values))
    .map(([namespace, mark, value]) => [`${namespace}.overlay.${mark}`, value]);
}

/** Attributes of the kernel's view; `marks` are added to the ordinary ones. Few steps have many. */
function attributes(marks: readonly { weight: number; arbitrary: fc.Arbitrary<Xattr> }[]) {
  const xattr = fc.oneof(anyOf(2, ORDINARY), ...marks);
  const rarely = <T>(values: readonly T[]) =>
    fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });
  return fc
    .record({
      mode: rarely([0, 0o644, 0o755, 0o1777, 0o6755, 0o200]),
      owner: rarely(OWNERS.map((uid, i) => [uid, OWNERS[3 - i] ?? 0] as const)),
      mtime: rarely(TIMES.map(String)),
      xattrs: fc.array(xattr, { maxLength: 3, size: 'max' }),
    })
    .map(({ xattrs, ...rest }) => {
      const present = Object.entries(rest).filter(([, value]) => value !== undefined);
      const distinct = [...new Map(xattrs).entries()];
      return { ...Object.fromEntries(present), ...(distinct.length > 0 ? { xattrs: distinct } : {}) };
    });
}

const contents = fc.constantFrom<Pick<Step, 'data' | 'size'>>(
  { data: [] },
  { data: [] },
  { data: [[0, 'x']] },
  {
    data: [
      [0, 'head'],
      [4999, 'y'],
    ],
  },
  { size: 300_000, data: [[70_000, 'z']] },
  { size: 1 << 20 },
);

function stepOf(prefix: string): fc.Arbitrary<StackStep> {
  const opaque = { weight: 5, arbitrary: mark(prefix, ['opaque'], OPAQUE) };
  const redirect = { weight: 3, arbitrary: mark(prefix, ['redirect'], REDIRECT) };
  const metacopy = { weight: 2, arbitrary: mark(prefix, ['metacopy'], METACOPY) };
  const whiteoutMark = { weight: 2, arbitrary: mark(prefix, ['whiteout'], ['', 'y']) };
  const ignored = { weight: 1, arbitrary: mark(prefix, IGNORED, ['', 'y']) };
  const origin = { weight: 1, arbitrary: mark(prefix, ['origin'], ['', 'x']) };
  const directory = fc
    .tuple(path, attributes([opaque, redirect, ignored, origin]))
    .map(([path, rest]): StackStep => ({ kind: 'directory', path, ...rest }));
  const file = fc
    .tuple(path, contents, attributes([metacopy, redirect, whiteoutMark, ignored]))
    .map(([path, data, rest]): StackStep => ({ kind: 'file', path, ...data, ...rest }));
  const stub = fc
    .tuple(
      path,
      contents,
      fc.option(fc.constantFrom(...REDIRECT), { nil: undefined }),
      fc.constantFrom(...METACOPY),
    )
    .map(([path, data, to, value]): StackStep => {
      const marks: Xattr[] = [[`${prefix}.overlay.metacopy`, value]];
      if (to !== undefined) marks.push([`${prefix}.overlay.redirect`, to]);
      return { kind: 'file', path, ...data, xattrs: marks };
    });
  const other = fc
    .tuple(path, fc.constantFrom('fifo', 'socket', 'symlink'), attributes([]))
    .map(([path, kind, { xattrs, ...rest }]): StackStep => {
      // The kernel keeps user.* off everything but files and directories, and ACLs off links.
      const own = xattrs?.filter(([name]) => name.startsWith('trusted.'));
      const target = kind === 'symlink' ? { target: path.length % 2 === 0 ? 'a' : '/b/../c\xff' } : {};
      return { kind: kind as 'fifo', path, ...target, ...rest, ...(own?.length ? { xattrs: own } : {}) };
    });
  const whiteout = path.map((path): StackStep => ({ kind: 'char', path, major: 0, minor: 0 }));
  const device = fc
    .tuple(path, fc.constantFrom('char', 'block'), fc.constantFrom([0, 0], [0, 1], [1, 0], [511, 1_048_575]))
    .map(([path, kind, [major = 0, minor = 0]]): StackStep => ({ kind: kind as 'char', path, major, minor }));
  const link = fc
    .tuple(path, fc.oneof(name, name, path), fc.constantFrom(0, 0, 1, 2))
    .map(([path, to, below]): StackStep => ({ kind: 'link', path, to, ...(below > 0 ? { below } : {}) }));
  const xattrWhiteout = path.map(
    (path): StackStep => ({ kind: 'file', path, data: [], xattrs: [[`${prefix}.overlay.whiteout`, '']] }),
  );
  const root = attributes([opaque, redirect, ignored, origin]).map(
    (rest): StackStep => ({ kind: 'change', path: '.', ...rest }),
  );
  const capability = path.map(
    (path): StackStep => ({
      kind: 'file',
      path,
      data: [[0, 'x']],
      mode: 0o755,
      xattrs: [['security.capability', CAPABILITY]],
    }),
  );
  return fc.oneof(
    { weight: 12, arbitrary: directory },
    { weight: 7, arbitrary: file },
    { weight: 4, arbitrary: stub },
    { weight: 3, arbitrary: other },
    { weight: 4, arbitrary: whiteout },
    { weight: 1, arbitrary: device },
    { weight: 5, arbitrary: link },
    { weight: 2, arbitrary: xattrWhiteout },
    { weight: 1, arbitrary: root },
    { weight: 1, arbitrary: capability },
  );
}

const variant = fc.constantFrom<Variant>(
  ...(['plain', 'plain', 'plain', 'metacopy=on', 'metacopy=on'] as const),
  ...(['redirect_dir=nofollow', 'redirect_dir=on', 'userxattr', 'data-only'] as const),
);

export const randomStack: fc.Arbitrary<RandomStack> = variant.chain((variant) => {
  const layer = fc.array(stepOf(variant === 'userxattr' ? 'user' : 'trusted'), {
    maxLength: 22,
    size: 'max',
  });
  const layers = fc.array(layer, { minLength: variant === 'data-only' ? 2 : 1, maxLength: 8, size: 'max' });
  const lookups = fc.array(sought, { maxLength: 32, size: 'max' });
  return fc.record({ variant: fc.constant(variant), layers, lookups });
});

/** A stack as one line a step, top first. */
export function stackText({ variant, layers, lookups }: RandomStack): string {
  const lines = layers.flatMap((steps, layer) => [
    `layer ${layer}${layer === 0 ? ', top' : ''}`,
    ...steps.map((step) => `  ${JSON.stringify(step)}`),
  ]);
  return [
    `mounted ${variant}`,
    ...lines,
    `looked up first: ${lookups.map((path) => JSON.stringify(path)).join(' ')}`,
  ].join('\n');
}

/** The steps of one layer as the oracle carries them out; `directories` are the layers', top first. */
export function writable(steps: readonly StackStep[], layer: number, directories: readonly string[]): Step[] {
  return steps.map(({ below, ...step }) => {
    const other =
      below === undefined ? undefined : directories[Math.min(layer + below, directories.length - 1)];
    return other === undefined ? step : { ...step, in: other };
  });
}
