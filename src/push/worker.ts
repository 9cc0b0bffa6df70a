// A thread that reads small files before a reader asks for them, and puts their contents into the kernel's page cache.
// It must be a thread of its own: see `sealStore`.
import { workerData } from 'node:worker_threads';
import { CONTENTS, isFinal, newStoreFrame, sealStore } from '../fuse/store-notify.ts';
import { Tree } from '../overlay/tree.ts';
import { Errno } from '../sys/errors.ts';
import { write } from '../sys/libc.ts';
import { S_IFMT, S_IFREG } from '../sys/statx.ts';
import type { PushOrder } from './push.ts';
import { RingReader } from './ring.ts';
import { Streams } from './streams.ts';

const { stack, memory, ring, device, largest } = workerData as PushOrder;
const tree = new Tree(stack, { memory });
const reads = new RingReader(ring);
const frame = newStoreFrame(largest);
const streams = new Streams({
  parentOf: (node) => tree.parentOf(node),
  endOf: (directory) => tree.firstEntry(directory) + tree.entryCount(directory),
});

for (;;) {
  reads.wait();
  let entry = 0;
  do {
    for (let node = reads.take(); node !== undefined; node = reads.take()) streams.read(node);
    entry = streams.take();
    if (entry !== 0) push(entry);
  } while (entry !== 0);
}

/** Errors are left for whoever reads the file. */
function push(entry: number): void {
  const { mode, size } = tree.status(entry);
  if ((mode & S_IFMT) !== S_IFREG || size === 0 || size > largest || tree.errnoOf(entry) !== 0) return;
  const node = tree.nodeOf(entry);
  try {
    if (tree.read(node, 0, frame.bytes, CONTENTS, size) !== size) return;
  } catch (error) {
    if (error instanceof Errno) return;
    throw error;
  }
  if (isFinal(write(device, frame.bytes, sealStore(frame, node, size)))) process.exit();
}
