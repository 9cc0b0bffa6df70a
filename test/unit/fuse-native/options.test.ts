import { describe, expect, it } from 'vitest';
import { parseMountOptions } from '../../../src/fuse/options.ts';
import { optionLine } from '../../../src/fuse-native/options.ts';

const FOR_EVER = { validity: { seconds: 1_000_000_000, nanoseconds: 0 }, isLive: false };
const KEPT =
  'default_permissions,nonempty,use_ino,kernel_cache,' +
  'entry_timeout=1000000000,attr_timeout=1000000000,negative_timeout=1000000000,subtype=stratafs';

describe('optionLine()', () => {
  it.each([
    ['the defaults', [], 'ro,nosuid,nodev,exec'],
    [
      'what was asked for',
      ['suid,dev', 'noexec,noatime,allow_other'],
      'ro,suid,dev,noexec,noatime,allow_other',
    ],
  ])('has %s', (_name, lists, words) => {
    const line = optionLine(parseMountOptions(lists, false), 'web:1', FOR_EVER);
    expect(line).toBe(`-o${words},${KEPT},fsname=web:1`);
  });

  it('keeps names and pages of what may change only for a while', () => {
    const keeping = { validity: { seconds: 0, nanoseconds: 500_000_000 }, isLive: true };
    const line = optionLine(parseMountOptions([], false), 'web', keeping);
    expect(line).toContain(',auto_cache,entry_timeout=0.5,attr_timeout=0.5,negative_timeout=0.5,');
    expect(line).not.toContain('kernel_cache');
  });

  it('lets no comma of the source end it', () => {
    const line = optionLine(parseMountOptions([], false), 'a,suid\\b', FOR_EVER);
    expect(line.endsWith(',fsname=a\\,suid\\\\b')).toBe(true);
  });

  it('is never longer than the binding takes', () => {
    const line = optionLine(parseMountOptions([], false), '\u{1f600}'.repeat(250), FOR_EVER);
    expect(Buffer.byteLength(line)).toBeLessThan(1024);
    expect(line.endsWith(',fsname=stratafs')).toBe(true);
  });
});
