import { describe, expect, it } from 'vitest';
import { aclText, capabilityText } from '../../../src/diff/attributes.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('capabilityText()', () => {
  // Values as setcap(8) of libcap 2.66 writes them.
  it.each([
    ['one, effective', '01000002 00200000 00000000 00000000 00000000', 'cap_net_raw=ep'],
    ['not effective', '00000002 00200000 00000000 00000000 00000000', 'cap_net_raw=p'],
    ['two kinds', '00000002 00200000 00040000 00000000 00000000', 'cap_net_bind_service=i cap_net_raw=p'],
    ['of the second word', '01000002 00000000 00000000 80000000 00000000', 'cap_bpf=ep'],
    ['unknown', '01000002 00000000 00000000 00000080 00000000', 'cap_63=ep'],
    [
      'of a namespace',
      '01000003 00200000 00000000 00000000 00000000 e8030000',
      'cap_net_raw=ep [rootid=1000]',
    ],
    ['none', '00000002 00000000 00000000 00000000 00000000', '='],
    ['too short', '01000002 0020', '0x010000020020'],
  ])('tells %s', (_, value, expected) => {
    expect(capabilityText(hex(value))).toBe(expected);
  });
});

describe('aclText()', () => {
  it.each([
    [
      'named users and a mask',
      '02000000 0100 0600 ffffffff 0200 0500 e8030000 0400 0400 ffffffff 1000 0700 ffffffff 2000 0000 ffffffff',
      'u::rw-,u:1000:r-x,g::r--,m::rwx,o::---',
    ],
    ['another version as it is', '01000000', '0x01000000'],
    ['an unknown tag as it is', '02000000 4000 0600 ffffffff', '0x0200000040000600ffffffff'],
  ])('tells %s', (_, value, expected) => {
    expect(aclText(hex(value))).toBe(expected);
  });
});
