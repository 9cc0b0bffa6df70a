// overlayfs's own words on the command line, and which of them cannot go together.
import { describe, expect, it } from 'vitest';
import { partOverlayWords, semanticsOf } from '../../../src/open/overlay-words.ts';
import type { LayerStack } from '../../../src/store/layer-stack.ts';

describe('semanticsOf()', () => {
  it.each<[lists: readonly string[], expected: Partial<LayerStack>]>([
    [[], {}],
    [['userxattr'], { dialect: 'user' }],
    [['userxattr,trustedxattr'], { dialect: 'trusted' }],
    [['metacopy=on'], { metacopy: true }],
    [['metacopy=on,metacopy=off'], { metacopy: false }],
    [['redirect_dir=nofollow', 'redirect_dir=on'], { redirect: 'follow' }],
    [['userxattr,redirect_dir=nofollow', ''], { dialect: 'user', redirect: 'nofollow' }],
  ])('reads %j', (lists, expected) => {
    expect(semanticsOf(lists)).toEqual(expected);
  });

  const known = 'not known; known are userxattr, trustedxattr, metacopy=on|off, redirect_dir=follow|nofollow';
  it.each<[lists: readonly string[], message: string]>([
    [['nfs_export=on'], `Cannot use overlay option "nfs_export=on": ${known}`],
    [['metacopy'], `Cannot use overlay option "metacopy": ${known}`],
    [['metacopy=yes'], `Cannot use overlay option "metacopy=yes": ${known}`],
    [['constructor'], `Cannot use overlay option "constructor": ${known}`],
    [['userxattr', 'metacopy=on'], 'Cannot use overlay option "metacopy=on": it conflicts with "userxattr"'],
    [
      ['metacopy=on,redirect_dir=nofollow'],
      'Cannot use overlay option "metacopy=on": it conflicts with "redirect_dir=nofollow"',
    ],
    [
      ['userxattr,redirect_dir=on'],
      'Cannot use overlay option "redirect_dir=follow": it conflicts with "userxattr"',
    ],
  ])('refuses %j', (lists, message) => {
    expect(() => semanticsOf(lists)).toThrow(message);
  });
});

describe('partOverlayWords()', () => {
  it("parts overlayfs's words from mount's", () => {
    expect(partOverlayWords(['ro,userxattr', 'metacopy=on,suid', 'metacopyx,'])).toEqual({
      overlay: ['userxattr', 'metacopy=on'],
      others: ['ro', 'suid', 'metacopyx'],
    });
  });
});
