// A server in the worst state to be killed in: it answers all but READ, and a kernel thread of its own waits for the page
// that the READ holds. `node held-read.mjs DIST LAYER POINT`; says `held` once it is there. Its watcher is the real one.
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const [, , dist, layer, point] = process.argv;
const load = (path) => import(pathToFileURL(`${dist}/${path}`).href);
const { mount } = await load('fuse/mount.js');
const { openMountPoint } = await load('fuse/mountpoint.js');
const { busyLine, guardLine, watcherCommand } = await load('fuse/watcher.js');
const { Session } = await load('fuse/session.js');
const { OPCODE } = await load('fuse/abi.js');
const { frameOf, NODEID, OPCODE_AT } = await load('fuse/frame.js');
const { CONTENTS, sealStore } = await load('fuse/store-notify.js');
const { stackOfLowerdir } = await load('store/lowerdir.js');
const { AsyncWrites } = await load('sys/uring/async-writes.js');
const { close, read, write } = await load('sys/libc.js');
const { Tree } = await load('overlay/tree.js');
const { View } = await load('view.js');

const SIZE = 4096;
const [program, ...args] = watcherCommand(process.execPath, `${dist}/fuse/free.js`);
const watcher = spawn(program, args, { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
watcher.unref();
const place = await openMountPoint(point, [], console.error);
const mounted = await mount({ point: place, label: 'held', options: { flags: 0, allowOther: false } });
close(place.descriptor);
watcher.stdin.write(guardLine(mounted));
watcher.stdin.write(busyLine(process.pid));

const session = new Session(new View(new Tree(stackOfLowerdir(layer))), {
  data: 'cached',
  onBug: console.error,
});
const writes = AsyncWrites.open(4, CONTENTS + SIZE, () => {});
const { request, reply } = session;
for (;;) {
  const length = read(mounted.fd, request.bytes, request.bytes.length);
  if (length < 0) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  } else if (request.words[OPCODE_AT] === OPCODE.FUSE_READ) {
    const buffer = writes.take();
    writes.queue(buffer, mounted.fd, sealStore(frameOf(writes.buffers[buffer]), request.words[NODEID], SIZE));
    writes.submit();
    console.log('held');
  } else {
    const replied = session.handle(request, length);
    if (replied > 0) write(mounted.fd, reply.bytes, replied);
  }
}
