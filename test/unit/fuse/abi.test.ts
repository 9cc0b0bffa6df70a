// src/fuse/abi.ts against linux/fuse.h, as the C compiler of this machine reads it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FOPEN, INIT, INIT2, IOCTL, OPCODE, opcodeName, STRUCT } from '../../../src/fuse/abi.ts';
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

interface Fact {
  readonly name: string;
  readonly value: number;
  /** A C expression for the same. */
  readonly c: string;
}

function facts(): Fact[] {
  const all: Fact[] = [];
  for (const values of [OPCODE, INIT, FOPEN, IOCTL]) {
    for (const [name, value] of Object.entries(values)) all.push({ name, value: value >>> 0, c: name });
  }
  for (const [name, value] of Object.entries(INIT2)) all.push({ name, value, c: `${name} >> 32` });
  for (const [struct, { sizeof, ...fields }] of Object.entries(STRUCT)) {
    all.push({ name: struct, value: sizeof, c: `sizeof(struct ${struct})` });
    for (const [field, value] of Object.entries(fields)) {
      all.push({
        name: `${struct}.${field}`,
        value: value as number,
        c: `offsetof(struct ${struct}, ${field})`,
      });
    }
  }
  return all;
}

function since({ name }: Fact): number {
  return SINCE[name] ?? SINCE[name.split('.')[0] ?? ''] ?? 0;
}

function text(all: readonly Fact[]): string {
  return all.map(({ name, value }) => `${name} ${value}\n`).join('');
}

describeSystem('abi', ['compiler'], () => {
  const temporary = temporaryForSuite();

  function compile(): { readonly minor: number; readonly text: string } {
    const source = temporary.path('abi.c');
    const program = temporary.path('abi');
    const prints = facts().map((fact) => {
      const print = `printf("%s %llu\\n", "${fact.name}", (unsigned long long)(${fact.c}));`;
      const minor = since(fact);
      return minor === 0 ? print : `#if FUSE_KERNEL_MINOR_VERSION >= ${minor}\n${print}\n#endif`;
    });
    writeFileSync(
      source,
      `#include <linux/fuse.h>\n#include <linux/ioctl.h>\n#include <stddef.h>\n#include <stdio.h>\n` +
        `int main(void) {\nfprintf(stderr, "%d", FUSE_KERNEL_MINOR_VERSION);\n${prints.join('\n')}\nreturn 0;\n}\n`,
    );
    execFileSync('cc', ['-o', program, source]);
    const minor = execFileSync('/bin/sh', ['-c', '"$0" 2>&1 >/dev/null', program], { encoding: 'utf8' });
    const out = execFileSync(program, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return { minor: Number(minor), text: out };
  }

  it('says what the header says, for everything the header knows', () => {
    const header = compile();
    expect(header.minor).toBeGreaterThanOrEqual(31);
    expect(text(facts().filter((fact) => since(fact) <= header.minor))).toBe(header.text);
  });
});

describe('opcodeName()', () => {
  it('leaves the prefix out, and shows a number it does not know', () => {
    expect([opcodeName(1), opcodeName(44), opcodeName(999)]).toEqual(['LOOKUP', 'READDIRPLUS', 'opcode 999']);
  });
});
