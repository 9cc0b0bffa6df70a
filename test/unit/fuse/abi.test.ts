// src/fuse/abi.ts against linux/fuse.h, as the C compiler of this machine reads it.
import { describe, expect, it } from 'vitest';
import { FOPEN, INIT, INIT2, IOCTL, OPCODE, opcodeName, STRUCT } from '../../../src/fuse/abi.ts';
import { FS_IOC, FSXATTR_SIZE } from '../../../src/sys/inode-flags.ts';
import { type Fact, factText, printFacts, structFacts } from '../../support/c-facts.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

/** What came after 7.38, by the protocol's minor number: an older header is not asked for it. */
const SINCE: Readonly<Record<string, number>> = {
  FUSE_STATX: 39,
  fuse_statx_in: 39,
  fuse_statx_out: 39,
  FUSE_PASSTHROUGH: 40,
  FUSE_NO_EXPORT_SUPPORT: 40,
  FOPEN_PASSTHROUGH: 40,
  'fuse_init_out.max_stack_depth': 40,
  'fuse_open_out.backing_id': 40,
  fuse_backing_map: 40,
  FUSE_DEV_IOC_BACKING_OPEN: 40,
  FUSE_DEV_IOC_BACKING_CLOSE: 40,
};

function facts(): Fact[] {
  const all: Fact[] = [];
  for (const values of [OPCODE, INIT, FOPEN, IOCTL, FS_IOC]) {
    for (const [name, value] of Object.entries(values)) all.push({ name, value: value >>> 0, c: name });
  }
  for (const [name, value] of Object.entries(INIT2)) all.push({ name, value, c: `${name} >> 32` });
  return [...all, ...structFacts({ ...STRUCT, fsxattr: { sizeof: FSXATTR_SIZE } })];
}

function since({ name }: Fact): number {
  return SINCE[name] ?? SINCE[name.split('.')[0] ?? ''] ?? 0;
}

describeSystem('abi', ['compiler'], () => {
  const temporary = temporaryForSuite();

  it('says what the header says, for everything the header knows', () => {
    const guard = (fact: Fact, print: string) =>
      since(fact) === 0 ? print : `#if FUSE_KERNEL_MINOR_VERSION >= ${since(fact)}\n${print}\n#endif`;
    const printed = printFacts(temporary, ['linux/fuse.h', 'linux/ioctl.h', 'linux/fs.h'], facts(), guard);
    const version = { name: 'minor', value: 0, c: 'FUSE_KERNEL_MINOR_VERSION' };
    const minor = Number(printFacts(temporary, ['linux/fuse.h'], [version]).split(' ')[1]);
    expect(minor).toBeGreaterThanOrEqual(31);
    expect(factText(facts().filter((fact) => since(fact) <= minor))).toBe(printed);
  });
});

describe('opcodeName()', () => {
  it('leaves the prefix out, and shows a number it does not know', () => {
    expect([opcodeName(1), opcodeName(44), opcodeName(999)]).toEqual(['LOOKUP', 'READDIRPLUS', 'opcode 999']);
  });
});
