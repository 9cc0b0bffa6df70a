import { describe, expect, it } from 'vitest';
import type { BackingDevice } from '../../../src/fuse/opens/passthrough.ts';
import { Session } from '../../../src/fuse/session.ts';
import { E } from '../../../src/sys/errors.ts';
import { errnoOf, exchange, initIn, payloadOf, request, words } from './messages.ts';
import { SmallTree } from './smallTree.ts';

/** With FOPEN_NOFLUSH. */
const KEEP_CACHE = 2 | 32;
const PASSTHROUGH = 128 | 32;

/** Hands out ids from 1 on, or a negative errno; `calls` is what it was asked. */
class FakeDevice implements BackingDevice {
  readonly calls: string[] = [];
  answer: (fd: number) => number;
  #last = 0;

  constructor(answer?: (fd: number) => number) {
    this.answer = answer ?? (() => ++this.#last);
  }

  open(fd: number): number {
    this.calls.push(`open ${fd}`);
    return this.answer(fd);
  }

  close(id: number): number {
    this.calls.push(`close ${id}`);
    return 0;
  }
}

interface Opener {
  readonly session: Session;
  readonly tree: SmallTree;
  readonly device: FakeDevice;
  /** `flags id`, or `errno N`. */
  open(node: number): string;
  release(node: number): void;
}

function opener(device = new FakeDevice(), tree = new SmallTree()): Opener {
  const session = new Session(tree, { data: 'passthrough', backing: device, onBug: () => {} });
  exchange(session, request('FUSE_INIT', initIn()));
  return {
    session,
    tree,
    device,
    open(node) {
      const reply = exchange(session, request('FUSE_OPEN', words(0, 0), { node }));
      if (errnoOf(reply) !== 0) return `errno ${errnoOf(reply)}`;
      return `${payloadOf(reply).readUInt32LE(8)} ${payloadOf(reply).readUInt32LE(12)}`;
    },
    release(node) {
      exchange(session, request('FUSE_RELEASE', words(0, 0, 0, 0, 0, 0), { node }));
    },
  };
}

describe('OPEN with passthrough', () => {
  it('gives all opens of a node one backing id, while any lasts', () => {
    const { open, release, device } = opener();
    const before = [open(3), open(3)];
    release(3);
    expect([...before, open(3)]).toEqual([`${PASSTHROUGH} 1`, `${PASSTHROUGH} 1`, `${PASSTHROUGH} 1`]);
    expect(device.calls).toEqual(['open 103']);
  });

  it('keeps an id ready after the last close, for a file that is as long as it was', () => {
    const { open, release, device, tree } = opener();
    open(3);
    release(3);
    expect([open(3), device.calls]).toEqual([`${PASSTHROUGH} 1`, ['open 103']]);
    release(3);
    tree.dataDescriptor = () => -1;
    expect([open(3), device.calls]).toEqual([`${KEEP_CACHE} 0`, ['open 103', 'close 1']]);
    // Until the last close there is one way of reading.
    tree.dataDescriptor = () => 103;
    expect([open(3), device.calls.length]).toEqual([`${KEEP_CACHE} 0`, 2]);
  });

  it('closes the id that was idle longest where there are too many', () => {
    const tree = new SmallTree();
    tree.has = () => true;
    tree.sizeOf = () => 10;
    const { open, release, device } = opener(new FakeDevice(), tree);
    open(1);
    for (let node = 10; node < 524; node++) {
      open(node);
      release(node);
    }
    expect(device.calls.filter((call) => call.startsWith('close'))).toEqual(['close 2', 'close 3']);
  });

  it('opens a file the cached way where its layer lies too deep, and keeps to it until the last close', () => {
    const device = new FakeDevice(() => -E.ELOOP);
    const { open, release } = opener(device);
    const first = open(3);
    device.answer = () => 9;
    const second = open(3);
    release(3);
    release(3);
    expect([first, second, open(3)]).toEqual([`${KEEP_CACHE} 0`, `${KEEP_CACHE} 0`, `${PASSTHROUGH} 9`]);
  });

  it('ends all opens where the kernel refuses passthrough from the start', () => {
    const { open, session } = opener(new FakeDevice(() => -E.EPERM));
    expect([open(3), session.dataMode]).toEqual([
      `errno ${E.ENOSYS}`,
      'cached (the kernel refuses passthrough)',
    ]);
  });

  it('cannot end them once a file was passed through', () => {
    const device = new FakeDevice();
    const { open } = opener(device);
    open(3);
    device.answer = () => -E.EPERM;
    expect([open(6), open(3)]).toEqual([`${KEEP_CACHE} 0`, `${PASSTHROUGH} 1`]);
  });

  it("answers with the file's own error where it cannot be opened", () => {
    const { open, device } = opener();
    expect([open(7), device.calls]).toEqual([`errno ${E.EACCES}`, []]);
  });

  it('takes back an open whose reply the kernel did not take', () => {
    const { open, release, session, device } = opener();
    open(3);
    session.unanswered(session.request);
    release(3);
    open(3);
    release(3);
    expect(device.calls).toEqual(['open 103']);
  });

  it('reads the cached way where the kernel offers no passthrough', () => {
    const session = new Session(new SmallTree(), {
      data: 'passthrough',
      backing: new FakeDevice(),
      onBug: () => {},
    });
    exchange(session, request('FUSE_INIT', words(7, 38, 0, 0x4002_0000, 0)));
    const reply = exchange(session, request('FUSE_OPEN', words(0, 0), { node: 3 }));
    expect([errnoOf(reply), session.dataMode]).toEqual([
      E.ENOSYS,
      'cached (the kernel offers no passthrough)',
    ]);
  });
});

describe('OPEN with data "auto"', () => {
  /** Node 3 is small, 6 as large as is told; `opened` is what the file system was told of. */
  function automatic(data: 'auto' | 'large', large: number) {
    const tree = new SmallTree();
    const opened: number[] = [];
    const served = Object.assign(tree, {
      sizeOf: (node: number) => (node === 6 ? large : 1),
      opened: (node: number) => opened.push(node),
    });
    const session = new Session(served, { data, backing: new FakeDevice(), onBug: () => {} });
    exchange(session, request('FUSE_INIT', initIn()));
    const open = (node: number) => {
      const reply = exchange(session, request('FUSE_OPEN', words(0, 0), { node }));
      return errnoOf(reply) === 0 ? String(payloadOf(reply).readUInt32LE(8)) : `errno ${errnoOf(reply)}`;
    };
    const opens = (node: number, count: number) => [
      ...new Set(Array.from({ length: count }, () => open(node))),
    ];
    const release = (node: number) =>
      exchange(session, request('FUSE_RELEASE', words(0, 0, 0, 0, 0, 0), { node }));
    return { session, opened, open, opens, release };
  }

  it('tells the file system of the first open of a small file, and of no other', () => {
    const { opened, opens } = automatic('auto', 1 << 20);
    expect([opens(3, 3), opens(6, 1), opened]).toEqual([[`${KEEP_CACHE}`], [`${PASSTHROUGH}`], [3]]);
  });

  it('ends the opens when small files are opened again and again', () => {
    const { opens, session } = automatic('auto', 1 << 20);
    expect([opens(3, 32), session.dataMode]).toEqual([[`${KEEP_CACHE}`], 'passthrough for large files']);
    expect([opens(3, 2), opens(6, 1), session.dataMode]).toEqual([
      [`errno ${E.ENOSYS}`],
      [`errno ${E.ENOSYS}`],
      'cached (small files were opened again and again)',
    ]);
  });

  it('does not end them while a large file is open', () => {
    const { opens, release } = automatic('auto', 1 << 20);
    expect([opens(6, 1), opens(3, 100)]).toEqual([[`${PASSTHROUGH}`], [`${KEEP_CACHE}`]]);
    release(6);
    expect(opens(3, 1)).toEqual([`errno ${E.ENOSYS}`]);
  });

  it('never ends them with "large"', () => {
    const { opens } = automatic('large', 1 << 20);
    expect([opens(3, 10_000), opens(6, 1)]).toEqual([[`${KEEP_CACHE}`], [`${PASSTHROUGH}`]]);
  });
});
