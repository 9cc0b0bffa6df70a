// The kernel's end of the protocol: /dev/fuse. Opens it, and carries requests to a session and replies back,
// one system call for each. Keeps nothing outside its arguments, so that several threads may serve clones of one device.
import koffi from 'koffi';
import { asBytes, cString } from '../sys/bytes.ts';
import { E, errnoName, Trouble } from '../sys/errors.ts';
import * as libc from '../sys/libc.ts';
import { type Address, addressOf } from '../sys/memory.ts';
import { IOCTL, STRUCT } from './abi.ts';
import type { Frame } from './frame.ts';
import type { BackingDevice } from './opens/passthrough.ts';
import type { Session } from './session.ts';
import { Spin } from './spin.ts';

const DEVICE = '/dev/fuse';

/** Requests served before the event loop gets its turn: signals and timers must not starve under load. */
const BURST = 1024;

/** A non-blocking descriptor of `/dev/fuse`. */
export function openDevice(): number {
  const { RDWR, NONBLOCK, CLOEXEC } = libc.O;
  const fd = libc.open(cString(asBytes(DEVICE)), RDWR | NONBLOCK | CLOEXEC);
  if (fd >= 0) return fd;
  const what = `Cannot open "${DEVICE}"`;
  switch (-fd) {
    case E.ENOENT:
    case E.ENODEV:
    case E.ENXIO:
      throw new Trouble(
        'mount',
        `${what}: FUSE is not there; load it with "modprobe fuse" (in a container: --device ${DEVICE})`,
      );
    case E.EACCES:
    case E.EPERM:
      throw new Trouble(
        'mount',
        `${what}: permission denied; run as root, or let root "chmod 0666 ${DEVICE}"`,
      );
    default:
      throw new Trouble('mount', `${what}: ${errnoName(-fd)}`);
  }
}

/** Has the kernel take a message that answers no request, of `length` bytes; answers them, or a negative errno. */
export function sendNotice(fd: number, message: Frame, length: number): number {
  return libc.write(fd, message.bytes, length);
}

/** The ioctls of passthrough, on an open device. */
export function backingDevice(fd: number): BackingDevice {
  const map = new Uint32Array(STRUCT.fuse_backing_map.sizeof >> 2);
  const id = new Uint32Array(1);
  return {
    open(backing: number): number {
      map[STRUCT.fuse_backing_map.fd >> 2] = backing;
      return libc.ioctl(fd, IOCTL.FUSE_DEV_IOC_BACKING_OPEN, map);
    },
    close(backingId: number): number {
      id[0] = backingId;
      return libc.ioctl(fd, IOCTL.FUSE_DEV_IOC_BACKING_CLOSE, id);
    },
  };
}

/** What a burst of requests ended with. */
type Pause = 'idle' | 'more' | 'unmounted';

/**
 * Serves until the file system is unmounted. The thread waits in Node's own event loop: `poll(2)` beside it would cost the
 * same (measured), but sleep through a signal that comes between two calls and through asynchronous work that ends.
 */
export function serve(fd: number, session: Session): Promise<void> {
  return new Promise((resolve, reject) => {
    const spin = new Spin();
    let over = false;
    // koffi runs the callback outside a callback scope: promises settled in it would wait for the next timer.
    const end = (settle: () => void): void => {
      over = true;
      handle.close();
      setImmediate(settle);
    };
    const onReadable = (): void => {
      if (over) return;
      try {
        spin.woke();
        const pause = serveBurst(fd, session, spin);
        if (pause === 'unmounted') end(resolve);
        else spin.sleeps();
      } catch (error) {
        end(() => reject(error));
      }
    };
    session.onReady = (request, length) => {
      if (!over) answer(fd, session, addressOf(session.reply.bytes), request, length);
    };
    const handle = koffi.node.poll(fd, { readable: true }, onReadable);
  });
}

function serveBurst(fd: number, session: Session, spin: Spin): Pause {
  const { request, reply } = session;
  const size = request.bytes.length;
  const requestAt = addressOf(request.bytes);
  const replyAt = addressOf(reply.bytes);
  let tries = spin.budget;
  for (let served = 0; served < BURST; ) {
    const length = libc.readAt(fd, requestAt, size);
    if (length > 0) {
      if (tries < spin.budget) spin.won();
      answer(fd, session, replyAt, request, length);
      tries = spin.budget;
      served++;
    } else if (length === -E.EAGAIN) {
      if (session.useIdleMoment()) continue;
      if (tries-- > 0) continue;
      if (spin.budget > 0) spin.lost();
      return 'idle';
    } else if (length === -E.ENODEV) {
      return 'unmounted';
    } else if (length !== -E.EINTR && length !== -E.ENOENT) {
      // ENOENT: the request was interrupted before it could be read.
      throw new Error(`read ${DEVICE}: ${errnoName(-length)}`);
    }
  }
  return 'more';
}

/** `replyAt` is the address of the session's reply. */
function answer(fd: number, session: Session, replyAt: Address, request: Frame, length: number): void {
  const replied = session.handle(request, length);
  if (replied === 0) return;
  const written = libc.writeAt(fd, replyAt, replied);
  if (written < 0) notTaken(fd, session, request, -written);
}

/** A caller waits for ever for a reply that the kernel would not take, so it gets an error instead. */
function notTaken(fd: number, session: Session, request: Frame, errno: number): void {
  session.unanswered(request);
  // The caller has gone, or the mount has.
  if (errno === E.ENOENT || errno === E.ENODEV) return;
  libc.write(fd, session.reply.bytes, session.refuse(request, errno));
}
