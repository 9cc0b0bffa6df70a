// Requests that no kernel sends: whatever comes, a session neither throws nor answers anything but a whole reply.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPCODE } from '../../../src/fuse/abi.ts';
import { Session } from '../../../src/fuse/session.ts';
import { tries } from '../../support/altered.ts';
import { exchange, initIn, readIn, request, words } from './messages.ts';
import { SmallTree } from './smallTree.ts';

const NAMES = ['etc\0', 'file\0', 'gone\0', '..\0', 'nosuch\0', '\0', `${'x'.repeat(300)}\0`];

const opcode = fc.constantFrom(...(Object.keys(OPCODE) as (keyof typeof OPCODE)[]));
const node = fc.oneof(fc.nat(9), fc.constantFrom(0, 0xffff_ffff));
const word = fc.oneof(fc.nat(64), fc.nat(0xffff_ffff), fc.constantFrom(4096, 1 << 20, 0x8000_0000));

const payload = fc.oneof(
  fc.constantFrom(...NAMES).map((name) => Buffer.from(name, 'latin1')),
  fc.tuple(fc.maxSafeNat(), word).map(([offset, size]) => readIn(offset, size)),
  fc.array(word, { maxLength: 20 }).map((values) => words(...values)),
  fc
    .tuple(word, fc.constantFrom(...NAMES))
    .map(([size, name]) => Buffer.concat([words(size, 0), Buffer.from(name, 'latin1')])),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(initIn()),
);

/** A request as it should be, then cut, or with bytes of it changed, its length with them or not. */
const message = fc
  .record({
    opcode,
    payload,
    node,
    cut: fc.option(fc.nat(120)),
    changes: fc.array(fc.tuple(fc.nat(160), fc.nat(255)), { maxLength: 4 }),
    honestLength: fc.boolean(),
  })
  .map(({ opcode, payload, node, cut, changes, honestLength }) => {
    const whole = request(opcode, payload, { node });
    const part = Buffer.from(cut === null ? whole : whole.subarray(0, cut));
    for (const [at, value] of changes) if (at < part.length) part[at] = value;
    if (honestLength && part.length >= 4) part.writeUInt32LE(part.length, 0);
    return part;
  });

describe('Session', { timeout: 600_000 }, () => {
  it.each(['cached', 'passthrough'] as const)('survives any request (%s)', (data) => {
    const backing = { open: (fd: number) => (fd === 103 ? 3 : -40), close: () => 0 };
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => {
        const bugs: unknown[] = [];
        const session = new Session(new SmallTree(), { data, backing, onBug: (error) => bugs.push(error) });
        exchange(session, request('FUSE_INIT', initIn()));
        for (const sent of messages) {
          const reply = exchange(session, sent);
          if (reply.length === 0) continue;
          expect(reply.readUInt32LE(0)).toBe(reply.length);
          expect(reply.subarray(8, 16)).toEqual(sent.subarray(8, 16));
          const error = reply.readInt32LE(4);
          expect(error).toBeLessThanOrEqual(0);
          expect(error).toBeGreaterThan(-512);
          if (error !== 0) expect(reply).toHaveLength(16);
        }
        expect(bugs).toEqual([]);
      }),
      { numRuns: tries(400) },
    );
  });

  it.each(['FUSE_READ', 'FUSE_READDIR', 'FUSE_READDIRPLUS', 'FUSE_GETXATTR', 'FUSE_LISTXATTR'] as const)(
    'never answers %s with more than was asked for',
    (opcode) => {
      fc.assert(
        fc.property(fc.nat(8), fc.nat(9), fc.nat(400), (node, offset, size) => {
          const session = new Session(new SmallTree(), { data: 'cached', onBug: () => {} });
          const body = opcode.endsWith('XATTR')
            ? Buffer.concat([words(size + 1, 0), Buffer.from('user.a\0')])
            : readIn(offset, size + 1);
          const reply = exchange(session, request(opcode, body, { node }));
          expect(reply.length - 16).toBeLessThanOrEqual(size + 1);
        }),
      );
    },
  );
});
