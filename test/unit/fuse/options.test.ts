import { describe, expect, it } from 'vitest';
import { mountSourceOf } from '../../../src/fuse/label.ts';
import { optionWords, parseMountOptions } from '../../../src/fuse/options.ts';

const [RDONLY, NOSUID, NODEV, NOEXEC, NOATIME] = [1, 2, 4, 8, 1024];

describe('parseMountOptions()', () => {
  it.each([
    ['nothing', [], RDONLY | NOSUID | NODEV, false],
    ['ro', ['ro'], RDONLY | NOSUID | NODEV, false],
    ['suid,dev', ['suid,dev'], RDONLY, false],
    ['several lists', ['suid', 'noexec,,noatime'], RDONLY | NODEV | NOEXEC | NOATIME, false],
    ['the last of two that contradict', ['suid,nosuid', 'exec,noexec,exec'], RDONLY | NOSUID | NODEV, false],
    ['allow_other', ['allow_other'], RDONLY | NOSUID | NODEV, true],
  ])('takes %s', (_, lists, flags, allowOther) => {
    expect(parseMountOptions(lists, false)).toEqual({ flags, allowOther });
  });

  it('takes --allow-other for the word', () => {
    expect(parseMountOptions([], true).allowOther).toBe(true);
  });

  it.each([
    [
      'rw',
      'Cannot use mount option "rw": an image is served read-only; for a writable tree, stack an overlay on it',
    ],
    [
      'noexe',
      'Cannot use mount option "noexe": not known; known are ro, nosuid, suid, nodev, dev, noexec, exec, noatime, atime, nodiratime, diratime, relatime, norelatime, strictatime, default_permissions, allow_other',
    ],
  ])('refuses %s, and says why', (word, message) => {
    expect(() => parseMountOptions([`ro,${word}`], false)).toThrow(message);
  });
});

describe('optionWords()', () => {
  it('says for fusermount3 what the flags say for mount(2)', () => {
    const words = optionWords(parseMountOptions(['suid,noexec,noatime'], true));
    expect(words.join()).toBe('ro,suid,nodev,noexec,noatime,allow_other');
  });
});

describe('sourceOf()', () => {
  it.each([
    ['a reference', 'nginx:latest', 'nginx:latest'],
    ['what is not ASCII', 'größe', 'größe'],
    ['control characters', 'a\nb\x1b[2J\0', 'a?b?[2J?'],
    ['nothing', '', 'stratafs'],
    ['more than a line', 'x'.repeat(300), `${'x'.repeat(199)}…`],
  ])('makes %s fit to be a source', (_, label, source) => {
    expect(mountSourceOf(label)).toBe(source);
  });
});
