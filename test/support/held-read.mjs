// @ts-check
// A server in the worst state to be killed in: it answers all but READ, and a kernel thread of its own waits for the page
// that the READ holds. `node held-read.mjs DIST LAYER POINT`; says `held` once it is there. Its watcher is the real one.
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const [, , dist = '', layer = '', point = ''] = process.argv;
/** @param {string} text */
const bytes = (text) => /** @type {import('../../src/sys/bytes.ts').ByteString} */ (text);
/** @param {string} path */
const load = (path) => import(pathToFileURL(`${dist}/${path}`).href);
/** @type {typeof import('../../src/fuse/mount.ts')} */
const { mount } = await load('fuse/mount.js');
/** @type {typeof import('../../src/fuse/mountpoint.ts')} */
const { openMountPoint } = await load('fuse/mountpoint.js');
/** @type {typeof import('../../src/fuse/watcher.ts')} */
const { busyLine, guardLine, watcherCommand } = await load('fuse/watcher.js');
/** @type {typeof import('../../src/fuse/session.ts')} */
const { Session } = await load('fuse/session.js');
/** @type {typeof import('../../src/fuse/abi.ts')} */
const { OPCODE } = await load('fuse/abi.js');
/** @type {typeof import('../../src/fuse/frame.ts')} */
const { frameOf, NODEID, OPCODE_AT } = await load('fuse/frame.js');
/** @type {typeof import('../../src/fuse/notify/store.ts')} */
const { CONTENTS, sealStore } = await load('fuse/notify/store.js');
/** @type {typeof import('../../src/store/reference/lowerdir.ts')} */
const { stackOfLowerdir } = await load('store/reference/lowerdir.js');
/** @type {typeof import('../../src/sys/uring/async-writes.ts')} */
const { AsyncWrites } = await load('sys/uring/async-writes.js');
/** @type {typeof import('../../src/sys/libc.ts')} */
const { close, read, write } = await load('sys/libc.js');
/** @type {typeof import('../../src/overlay/tree.ts')} */
const { Tree } = await load('overlay/tree.js');
/** @type {typeof import('../../src/view.ts')} */
const { View } = await load('view.js');

const SIZE = 4096;
const [program, ...args] = watcherCommand(process.execPath, `${dist}/fuse/free.js`);
const watcher = spawn(program, args, { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
watcher.unref();
const place = await openMountPoint(bytes(point), [], console.error);
const mounted = await mount({ point: place, label: 'held', options: { flags: 0, allowOther: false } });
close(place.descriptor);
watcher.stdin.write(guardLine(mounted));
watcher.stdin.write(busyLine(process.pid));

const session = new Session(new View(new Tree(stackOfLowerdir(bytes(layer)))), {
  data: 'cached',
  onBug: console.error,
});
const writes = AsyncWrites.open(4, CONTENTS + SIZE, () => {});
if (writes === undefined) throw new Error('no io_uring here');
const { request, reply } = session;
for (;;) {
  const length = read(mounted.fd, request.bytes, request.bytes.length);
  if (length < 0) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  } else if (request.words[OPCODE_AT] === OPCODE.FUSE_READ) {
    const buffer = writes.take();
    const frame = frameOf(writes.buffers[buffer] ?? Buffer.alloc(0));
    writes.queue(buffer, mounted.fd, sealStore(frame, request.words[NODEID] ?? 0, SIZE));
    writes.submit();
    console.log('held');
  } else {
    const replied = session.handle(request, length);
    if (replied > 0) write(mounted.fd, reply.bytes, replied);
  }
}
