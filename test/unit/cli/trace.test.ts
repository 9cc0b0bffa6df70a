import { describe, expect, it } from 'vitest';
import { describe as describeRequest } from '../../../src/cli/mount/trace.ts';
import { Session } from '../../../src/fuse/session.ts';
import { exchange, initIn, readIn, request, words } from '../fuse/messages.ts';
import { SmallTree } from '../fuse/smallTree.ts';

describe('describe()', () => {
  const lines: string[] = [];
  const session = new Session(new SmallTree(), {
    data: 'cached',
    onBug: () => {},
    trace: (...exchanged) => lines.push(describeRequest(...exchanged)),
  });

  it.each([
    [request('FUSE_INIT', initIn()), 'INIT node 1 (uid 0, pid 0): 64 bytes'],
    [request('FUSE_LOOKUP', 'etc\0', { uid: 1000 }), 'LOOKUP node 1 "etc" (uid 1000, pid 0): node 2'],
    [
      request('FUSE_LOOKUP', '\x1b[2J\n\xff\0'),
      'LOOKUP node 1 "\\033[2J\\n\\377" (uid 0, pid 0): no such name',
    ],
    [request('FUSE_LOOKUP', ''), 'LOOKUP node 1 "" (uid 0, pid 0): EINVAL'],
    [request('FUSE_READ', readIn(2, 4), { node: 3 }), 'READ node 3 at 2, 4 bytes (uid 0, pid 0): 4 bytes'],
    [
      request('FUSE_GETXATTR', Buffer.concat([words(9, 0), Buffer.from('user.b\0')]), { node: 3 }),
      'GETXATTR node 3 "user.b" (uid 0, pid 0): ENODATA',
    ],
    [request('FUSE_FORGET', words(1, 0), { node: 3 }), 'FORGET node 3 (uid 0, pid 0)'],
  ])('shows a request and its answer', (message, line) => {
    lines.length = 0;
    exchange(session, message);
    expect(lines).toEqual([line]);
  });
});
