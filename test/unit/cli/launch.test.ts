import { describe, expect, it } from 'vitest';
import { isBackgroundMount } from '../../../src/cli/launch.ts';

describe('isBackgroundMount()', () => {
  it.each([
    ['mount nginx /mnt', true],
    ['--root /evidence mount nginx /mnt', true],
    ['--root mount ls nginx', false],
    ['--root=/evidence mount -o suid,dev --log /tmp/-f nginx /mnt', true],
    ['mount -o -f nginx /mnt', true],
    ['mount -f nginx /mnt', false],
    ['mount -fo suid nginx /mnt', false],
    ['mount nginx /mnt --foreground', false],
    ['mount --debug nginx /mnt', false],
    ['mount --help', false],
    ['-h mount', false],
    ['umount /mnt', false],
    ['ls mount', false],
    ['', false],
  ])('%s: %s', (words, expected) => {
    expect(isBackgroundMount(words.split(' '))).toBe(expected);
  });
});
