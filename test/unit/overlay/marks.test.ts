// Which extended attributes are the overlay's own, and what they say; values and lists as the file system has them.
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  hasXattrs,
  isMetacopy,
  type MarkPrefix,
  shownXattr,
  storedXattr,
  xattrAnswer,
  xattrNames,
  xattrValue,
} from '../../../src/overlay/layer/marks.ts';
import { mergeOptions } from '../../../src/overlay/options.ts';
import type { LayerStack } from '../../../src/store/layer-stack.ts';
import { asBytes, cString } from '../../../src/sys/bytes.ts';
import { E } from '../../../src/sys/errors.ts';
import { lsetxattr } from '../../../src/sys/libc.ts';

describe('shownXattr()', () => {
  it.each<[onDisk: string, prefix: MarkPrefix, shown: string | undefined]>([
    ['trusted.overlay.opaque', 'trusted.overlay.', undefined],
    ['trusted.overlay.unknown', 'trusted.overlay.', undefined],
    ['trusted.overlay.', 'trusted.overlay.', undefined],
    ['trusted.overlay', 'trusted.overlay.', 'trusted.overlay'],
    ['trusted.overlayfoo', 'trusted.overlay.', 'trusted.overlayfoo'],
    ['trusted.overlay.overlay.opaque', 'trusted.overlay.', 'trusted.overlay.opaque'],
    ['trusted.overlay.overlay.overlay.x', 'trusted.overlay.', 'trusted.overlay.overlay.x'],
    ['user.overlay.opaque', 'trusted.overlay.', 'user.overlay.opaque'],
    ['user.overlay.opaque', 'user.overlay.', undefined],
    ['user.overlay.overlay.opaque', 'user.overlay.', 'user.overlay.opaque'],
    ['trusted.overlay.opaque', 'user.overlay.', 'trusted.overlay.opaque'],
    ['user.fuseoverlayfs.opaque', 'user.overlay.', 'user.fuseoverlayfs.opaque'],
  ])('shows %s, marks being %s, as %s', (onDisk, prefix, shown) => {
    expect(shownXattr(onDisk, prefix)).toBe(shown);
    if (shown !== undefined) expect(storedXattr(shown, prefix)).toBe(onDisk);
  });
});

describe('isMetacopy()', () => {
  it.each<[value: string | undefined, is: boolean]>([
    [undefined, false],
    ['', true],
    ['\0\x04\0\0', true],
    ['anything longer', true],
  ])('of %j is %s', (value, is) => {
    expect(isMetacopy(value === undefined ? undefined : Buffer.from(value))).toBe(is);
  });

  it.each(['1', '12', '123'])('refuses %j with EIO', (value) => {
    expect(() => isMetacopy(Buffer.from(value))).toThrow(expect.objectContaining({ errno: E.EIO }));
  });
});

describe('mergeOptions()', () => {
  const stack: LayerStack = { label: '', kind: 'lowerdir', layers: [], dataLayers: [], dialect: 'trusted' };
  it.each<[what: string, stack: LayerStack, redirect: string, metacopy: boolean]>([
    ['of nothing said', stack, 'follow', false],
    ['as asked for', { ...stack, redirect: 'nofollow', metacopy: true }, 'nofollow', true],
    [
      'in the user dialect, whatever is asked for',
      { ...stack, dialect: 'user', redirect: 'follow', metacopy: true },
      'nofollow',
      false,
    ],
  ])('%s', (_what, given, redirect, metacopy) => {
    expect(mergeOptions(given)).toEqual({ redirect, metacopy, dataOnlyLayers: false });
  });
});

describe('attributes on disk', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sf-marks-'));
  const name = (text: string) => cString(asBytes(text));
  const set = (attribute: string, value: string) => {
    const path = name(join(directory, 'some'));
    expect(lsetxattr(path, name(attribute), Buffer.from(value), value.length)).toBe(0);
  };
  for (const each of ['some', 'none', '\xff'])
    writeFileSync(Buffer.from(join(directory, each), 'latin1'), '');
  set('user.a', 'b');
  set('user.empty', '');
  symlinkSync('some', join(directory, 'link'));
  const fd = openSync(directory, 'r');
  afterAll(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });

  it('are listed by name', () => {
    expect(
      xattrNames(fd, name('some'))
        .filter((each) => each.startsWith('user.'))
        .sort(),
    ).toEqual(['user.a', 'user.empty']);
  });

  it.each(['none', '\xff', 'link'])('are none of %j, and a link is not followed', (each) => {
    expect(xattrNames(fd, name(each)).filter((attribute) => attribute.startsWith('user.'))).toEqual([]);
    expect(xattrValue(fd, name(each), 'user.a')).toBeUndefined();
  });

  it('have values, which may be empty', () => {
    expect(hasXattrs(fd, name('some'))).toBe(true);
    expect(xattrValue(fd, name('some'), 'user.a')?.toString()).toBe('b');
    expect(xattrValue(fd, name('some'), 'user.empty')?.length).toBe(0);
  });

  it.each([
    ['user.none', E.ENODATA],
    ['nonsense', E.EOPNOTSUPP],
  ])('answer %s with an errno', (attribute, errno) => {
    expect(xattrAnswer(fd, name('some'), attribute)).toBe(-errno);
    expect(xattrValue(fd, name('some'), attribute)).toBeUndefined();
  });

  it('throw for a name that is not there', () => {
    expect(() => xattrNames(fd, name('missing'))).toThrow(expect.objectContaining({ errno: E.ENOENT }));
  });
});
