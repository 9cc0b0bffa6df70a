// @ts-check
// Serves one stack after another over FUSE, in one process: a mount without the 0.3 s that starting the command takes.
// Run as `node --expose-gc server.mjs DIST`; one JSON request a line on stdin, answered by one line when the mount is there; it then
// serves until it is unmounted from outside. Plain JavaScript, because it runs on the built modules.
import { readSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** @param {string} name */
const load = (name) => import(new URL(name, pathToFileURL(`${process.argv[2]}/`)).href);
/** @type {typeof import('../../src/view.ts')} */
const { View } = await load('view.js');
/** @type {typeof import('../../src/overlay/tree.ts')} */
const { Tree } = await load('overlay/tree.js');
/** @type {typeof import('../../src/fuse/session.ts')} */
const { Session } = await load('fuse/session.js');
/** @type {typeof import('../../src/sys/libc.ts')} */
const libc = await load('sys/libc.js');
/** @type {typeof import('../../src/sys/mount/mount-calls.ts')} */
const { mountCall } = await load('sys/mount/mount-calls.js');
/** @type {typeof import('../../src/sys/errors.ts')} */
const { E } = await load('sys/errors.js');

/** @param {string} value */
const text = (value) => Buffer.from(`${value}\0`, 'latin1');
/** @type {(path: import('../../src/sys/bytes.ts').ByteString) => import('../../src/store/layer-stack.ts').Layer} */
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
    const count = readSync(0, input.buffer, input.length, input.buffer.length - input.length, null);
    if (count === 0) return undefined;
    input.length += count;
  }
}

/** @param {object} value */
function answer(value) {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

/** @param {unknown} error */
const told = (error) => String((error instanceof Error && error.stack) || error);

let served = 0;
/**
 * @param {{
 *   target: string,
 *   layers: import('../../src/sys/bytes.ts').ByteString[],
 *   dataLayers: import('../../src/sys/bytes.ts').ByteString[],
 *   dialect: import('../../src/store/layer-stack.ts').Dialect,
 *   options: object,
 * }} request
 */
function serve({ target, layers, dataLayers, dialect, options }) {
  /** @type {import('../../src/store/layer-stack.ts').LayerStack} */
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
  /** @type {string[]} */
  const bugs = [];
  const session = new Session(new View(tree), {
    data: 'cached',
    onBug: (bug) => bugs.push(told(bug)),
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
  if (served % 100 === 0) globalThis.gc?.();
  answer({ bugs });
}

for (let line = nextLine(); line !== undefined; line = nextLine()) {
  try {
    serve(JSON.parse(line));
  } catch (error) {
    answer({ error: told(error) });
  }
}
