// Serves one stack after another over FUSE, in one process: a mount without the 0.3 s that starting the command takes.
// Run as `node --expose-gc server.mjs DIST`; one JSON request a line on stdin, answered by one line when the mount is there; it then
// serves until it is unmounted from outside. Plain JavaScript, because it runs on the built modules.
import { readSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const load = (name) => import(new URL(name, pathToFileURL(`${process.argv[2]}/`)).href);
const { View } = await load('view.js');
const { Tree } = await load('overlay/tree.js');
const { Session } = await load('fuse/session.js');
const libc = await load('sys/libc.js');
const { mountCall } = await load('sys/mount/mount-calls.js');
const { E } = await load('sys/errors.js');

const text = (value) => Buffer.from(`${value}\0`, 'latin1');
const layer = (path) => ({ source: { kind: 'directory', path }, role: 'plain' });

/** Blocks until a whole line is there; undefined at the end. */
const input = { buffer: Buffer.alloc(1 << 22), length: 0 };
function nextLine() {
  for (;;) {
    const end = input.buffer.subarray(0, input.length).indexOf(10);
    if (end >= 0) {
      const line = input.buffer.toString('utf8', 0, end);
      input.buffer.copy(input.buffer, 0, end + 1, input.length);
      input.length -= end + 1;
      return line;
    }
    const count = readSync(0, input.buffer, input.length, input.buffer.length - input.length);
    if (count === 0) return undefined;
    input.length += count;
  }
}

function answer(value) {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

let served = 0;
function serve({ target, layers, dataLayers, dialect, options }) {
  const stack = {
    label: 'test',
    kind: 'lowerdir',
    layers: layers.map(layer),
    dataLayers: dataLayers.map(layer),
    dialect,
    ...options,
  };
  const tree = new Tree(stack);
  const fd = libc.open(text('/dev/fuse'), libc.O.RDWR);
  const words = `fd=${fd},rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other`;
  const error = mountCall(text('test'), text(target), text('fuse.stratafs'), 1, text(words));
  if (error < 0) throw new Error(`mount: errno ${-error}`);
  const bugs = [];
  const session = new Session(new View(tree), {
    data: 'cached',
    onBug: (bug) => bugs.push(String(bug?.stack ?? bug)),
  });
  answer({ mounted: true });
  for (;;) {
    const length = libc.read(fd, session.request.bytes, session.request.bytes.length);
    if (length === -E.ENODEV) break;
    if (length < 0) continue;
    const reply = session.handle(session.request, length);
    if (reply > 0) libc.write(fd, session.reply.bytes, reply);
  }
  libc.close(fd);
  tree.close();
  // A tree's memory is reserved, so that the engine takes it for nothing and is in no hurry to give it back.
  served += 1;
  if (served % 100 === 0) globalThis.gc();
  answer({ bugs });
}

for (let line = nextLine(); line !== undefined; line = nextLine()) {
  try {
    serve(JSON.parse(line));
  } catch (error) {
    answer({ error: String(error?.stack ?? error) });
  }
}
