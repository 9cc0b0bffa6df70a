import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readAny,
  readGoTime,
  readUvarint,
  readVarint,
  timeOfNanoseconds,
} from '../../../../src/store/containerd/values.ts';
import { any, goTime, uvarint } from '../../../support/fake-containerd.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('readUvarint()', () => {
  it.each<[string, string, number | undefined]>([
    ['one byte', '01', 1],
    ['two bytes', '8001', 128],
    ['nothing, which is no number', '', undefined],
    ['a number that is cut off', '80', undefined],
    ['a number with something after it', '0100', undefined],
    ['more than a double can hold', 'ffffffffffffffffff01', undefined],
    ['more than ten bytes', '8080808080808080808001', undefined],
  ])('reads %s', (_, bytes, expected) => expect(readUvarint(hex(bytes))).toBe(expected));

  it('reads back every number', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => readUvarint(uvarint(value)) === value));
  });
});

describe('readVarint()', () => {
  it.each<[string, string, number | undefined]>([
    ['the size of a manifest, as containerd 1.6.20 wrote it', 'c60b', 739],
    ['the version 4', '08', 4],
    ['a negative number', '03', -2],
    ['nothing, which is no number', '', undefined],
  ])('reads %s', (_, bytes, expected) => expect(readVarint(hex(bytes))).toBe(expected));
});

describe('readGoTime()', () => {
  it.each<[string, Buffer, string | undefined]>([
    ['what containerd 1.6.20 wrote', hex('010000000ee29bc0042d4a82b5ffff'), '2026-11-27T18:16:36.759857845Z'],
    ['1970', goTime(0), '1970-01-01T00:00:00.000000000Z'],
    ['a time before 1970', goTime(-1, 5), '1969-12-31T23:59:59.000000005Z'],
    ["Go's zero time, which is none", goTime(-62_135_596_800), undefined],
    ['a version that there is not', Buffer.concat([Buffer.from([9]), goTime(0).subarray(1)]), undefined],
    ['a time that is cut off', goTime(0).subarray(0, 14), undefined],
    ['nanoseconds of more than a second', goTime(0, 1e9), undefined],
    ['the year 300,000', goTime(9_400_000_000_000), undefined],
    ['seconds that are no date at all', hex('017fffffffffffffff00000000ffff'), undefined],
  ])('reads %s', (_, bytes, expected) => expect(readGoTime(bytes)).toBe(expected));
});

describe('timeOfNanoseconds()', () => {
  it('keeps every digit', () => {
    expect(timeOfNanoseconds(1_795_803_624_008_994_285n)).toBe('2026-11-27T18:20:24.008994285Z');
  });

  it('takes zero for never', () => expect(timeOfNanoseconds(0n)).toBeUndefined());
});

describe('readAny()', () => {
  it('reads type and value', () => {
    const found = readAny(any('{"a":1}', 'types/x'));
    expect([found?.typeUrl, found?.value.toString()]).toEqual(['types/x', '{"a":1}']);
  });

  it.each<[string, Buffer]>([
    ['a length past its end', Buffer.concat([hex('0aff01'), Buffer.from('x')])],
    ['a gigantic length', hex('12ffffffffffffffffff01')],
    ['a field of another form', hex('0801')],
    ['a tag without a value', hex('0a')],
  ])('refuses %s', (_, bytes) => expect(readAny(bytes)).toBeUndefined());

  it('answers whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const found = readAny(Buffer.from(bytes));
        return found === undefined || found.value.length <= bytes.length;
      }),
    );
  });
});
