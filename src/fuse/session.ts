// The FUSE protocol without a device: a request's bytes in, a reply's bytes out. Nothing is allocated on the way of the
// requests that come by the thousand, and nothing a request may hold can make it throw.
import { E, Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../sys/statx.ts';
import { OPCODE, OPCODE_LIMIT, STRUCT } from './abi.ts';
import { isDamage } from './damage.ts';
import { bounded, readFile, seekFile } from './data.ts';
import {
  fileSizeIn,
  nodeInDirectory,
  putAttributes,
  putEntry,
  type Validity,
  validityOf,
  validityOfNames,
} from './entry.ts';
import { type FileSystem, NotYet } from './filesystem.ts';
import { forgetNodes, forgetReply } from './forget.ts';
import {
  type Frame,
  HEADER,
  LEN,
  NODEID,
  newFrame,
  OPCODE_AT,
  OUT_ERROR,
  OUT_LEN,
  OUT_UNIQUE,
  PAYLOAD,
  PAYLOAD_WORD,
  READ_OFFSET,
  READ_SIZE,
  UNIQUE,
} from './frame.ts';
import { MAX_READ, negotiate } from './init.ts';
import { answerIoctl } from './ioctl.ts';
import { type DataMode, Opens } from './opens/opens.ts';
import type { BackingDevice } from './opens/passthrough.ts';
import { DirectoryReply } from './readdir.ts';
import { putStatx } from './stat.ts';
import { getXattr, listXattr } from './xattr.ts';

const NAME_MAX = 255;
/** A link target of this many bytes fills the kernel's page but for its NUL. */
const LINK_MAX = 4095;
const DOT = 0x2e;
/** The kernel takes no error beyond this (fs/fuse/dev.c). */
const ERRNO_MAX = 511;

/** No payload, and no reply either. */
const NO_REPLY = -0x1_0000;

/** Requests are small; a large buffer only lets one BATCH_FORGET say more. */
const REQUEST_SIZE = 64 << 10;

export interface SessionOptions {
  readonly data: DataMode;
  /** Whether what is served may change: the kernel then drops pages of a file whose size or time of change moved. */
  readonly isLive?: boolean;
  /** How long names and attributes hold; for ever where it is not given. */
  readonly timeoutSeconds?: number;
  /** Needed for passthrough; without it all files are cached. */
  readonly backing?: BackingDevice;
  /** Told of every throw that is not an `Errno`; the request is answered with EIO. */
  readonly onBug: (error: unknown, opcode: number) => void;
  /** Told of every failure of the file system itself that is no ordinary answer. */
  readonly onDamage?: (error: Errno, opcode: number) => void;
  /** Told of every request once it is answered; `replyLength` 0 where there is no reply. */
  readonly trace?: (request: Frame, length: number, reply: Frame, replyLength: number) => void;
}

export class Session {
  /** Buffers for a device that serves with one thread: requests are read to `request`, `handle` writes `reply`. */
  readonly request = newFrame(REQUEST_SIZE);
  readonly reply = newFrame(PAYLOAD + MAX_READ);
  /** Requests seen, by opcode; those of unknown ones at 0. */
  readonly counts = new Uint32Array(OPCODE_LIMIT);

  readonly #fs: FileSystem;
  readonly #options: SessionOptions;
  readonly #validity: Validity;
  readonly #opens: Opens;
  readonly #directories: DirectoryReply;
  readonly #trace: SessionOptions['trace'];
  #started = false;
  /** Has a request that waited answered: handles it once more and sends the reply. */
  onReady: (request: Frame, length: number) => void = () => {};

  constructor(fs: FileSystem, options: SessionOptions) {
    this.#fs = fs;
    this.#options = options;
    this.#validity = validityOf(options.timeoutSeconds);
    this.#trace = options.trace;
    this.#opens = new Opens(fs, options.data, options.backing);
    this.#directories = new DirectoryReply(fs, this.reply, (node, size) => this.#opens.shown(node, size));
  }

  /** Whether the first exchange is done. */
  get started(): boolean {
    return this.#started;
  }

  /** How files are read, in words; for `--debug`. */
  get dataMode(): string {
    return this.#opens.mode;
  }

  /** Serves the request in `request`, `length` bytes as read from the device; answers the length of `reply`, 0 for none. */
  handle(request: Frame, length: number): number {
    const { words } = request;
    if (length < HEADER) return 0;
    const opcode = words[OPCODE_AT] as number;
    const slot = opcode < OPCODE_LIMIT ? opcode : 0;
    this.counts[slot] = (this.counts[slot] as number) + 1;

    let payload: number;
    try {
      payload = words[LEN] === length ? this.#serve(opcode, request, length) : -E.EIO;
    } catch (error) {
      if (error instanceof NotYet) {
        this.#postpone(request, length, error.ready);
        return 0;
      }
      payload = this.#failure(error, opcode);
    }
    const replied = payload === NO_REPLY ? 0 : this.#finish(words, payload);
    if (this.#trace !== undefined) this.#trace(request, length, this.reply, replied);
    return replied;
  }

  /** The request's buffer is used for the next one meanwhile. */
  #postpone(request: Frame, length: number, ready: Promise<void>): void {
    const kept = newFrame(length);
    request.bytes.copy(kept.bytes, 0, 0, length);
    // What was begun while a request was served goes on only with the event loop's next turn (device.ts).
    setImmediate(() => void ready.then(() => this.onReady(kept, length)));
  }

  /** Uses a moment without requests; false where there is nothing to use it for. */
  useIdleMoment(): boolean {
    try {
      return this.#fs.loadAhead?.() ?? false;
    } catch (error) {
      // No request failed, so none is answered: the next request for the same directory is told.
      this.#options.onBug(error, 0);
      return false;
    }
  }

  /** To be told where the kernel would not take the reply to `request`: an open that did not happen is not closed. */
  unanswered(request: Frame): void {
    forgetReply(this.#fs, request, this.reply);
    const opened = request.words[OPCODE_AT] === OPCODE.FUSE_OPEN && this.reply.words[OUT_ERROR] === 0;
    if (opened) this.#opens.release(request.words[NODEID] as number);
  }

  /** Makes `reply` say that the request failed; answers its length. */
  refuse(request: Frame, errno: number): number {
    return this.#finish(request.words, -errno);
  }

  /** The one place that makes a reply header. `payload` is its length, or a negative errno. */
  #finish(words: Uint32Array, payload: number): number {
    const reply = this.reply.words;
    const error = payload >= 0 ? 0 : payload >= -ERRNO_MAX ? payload : -E.EIO;
    const size = error === 0 ? payload : 0;
    reply[OUT_LEN] = PAYLOAD + size;
    reply[OUT_ERROR] = error;
    reply[OUT_UNIQUE] = words[UNIQUE] as number;
    reply[OUT_UNIQUE + 1] = words[UNIQUE + 1] as number;
    return PAYLOAD + size;
  }

  /** The one place that turns a throw into a negative errno. */
  #failure(error: unknown, opcode: number): number {
    if (error instanceof Errno && error.errno > 0) {
      if (isDamage(error)) this.#options.onDamage?.(error, opcode);
      return -error.errno;
    }
    this.#options.onBug(error, opcode);
    return -E.EIO;
  }

  /** Length of the payload, or a negative errno, or NO_REPLY. */
  #serve(opcode: number, request: Frame, length: number): number {
    switch (opcode) {
      case OPCODE.FUSE_FORGET:
      case OPCODE.FUSE_BATCH_FORGET:
        forgetNodes(this.#fs, request, length);
        return NO_REPLY;
      case OPCODE.FUSE_NOTIFY_REPLY:
        return NO_REPLY;
      case OPCODE.FUSE_INIT:
        return this.#init(request, length);
      case OPCODE.FUSE_DESTROY:
        return 0;
      // ENOSYS is remembered by the kernel: it does not ask again. For INTERRUPT that means requests are let finish,
      // for ACCESS that default_permissions rules, for the others that there is nothing to do.
      case OPCODE.FUSE_INTERRUPT:
      case OPCODE.FUSE_ACCESS:
      case OPCODE.FUSE_FLUSH:
      case OPCODE.FUSE_FSYNC:
      case OPCODE.FUSE_FSYNCDIR:
      case OPCODE.FUSE_POLL:
        return -E.ENOSYS;
      // The mount is read-only, so the kernel answers these before they come here.
      case OPCODE.FUSE_SETATTR:
      case OPCODE.FUSE_SYMLINK:
      case OPCODE.FUSE_MKNOD:
      case OPCODE.FUSE_MKDIR:
      case OPCODE.FUSE_UNLINK:
      case OPCODE.FUSE_RMDIR:
      case OPCODE.FUSE_RENAME:
      case OPCODE.FUSE_RENAME2:
      case OPCODE.FUSE_LINK:
      case OPCODE.FUSE_WRITE:
      case OPCODE.FUSE_SETXATTR:
      case OPCODE.FUSE_REMOVEXATTR:
      case OPCODE.FUSE_CREATE:
      case OPCODE.FUSE_TMPFILE:
      case OPCODE.FUSE_FALLOCATE:
      case OPCODE.FUSE_COPY_FILE_RANGE:
        return -E.EROFS;
    }

    const { words } = request;
    const node = words[NODEID] as number;
    if (words[NODEID + 1] !== 0 || !this.#fs.has(node)) return -E.EIO;
    switch (opcode) {
      case OPCODE.FUSE_LOOKUP:
        return this.#lookup(node, request.bytes, length);
      case OPCODE.FUSE_GETATTR:
        this.#fs.freshen?.(node);
        putAttributes(this.#fs, node, this.reply.words, PAYLOAD_WORD, this.#validity);
        return STRUCT.fuse_attr_out.sizeof;
      case OPCODE.FUSE_READDIRPLUS:
        return this.#readDirectory(node, words, length, this.#validity);
      case OPCODE.FUSE_READDIR:
        return this.#readDirectory(node, words, length, undefined);
      case OPCODE.FUSE_READ:
        return readFile(this.#fs, node, words, length, this.reply);
      case OPCODE.FUSE_OPEN:
        return this.#opens.open(node, length, this.reply);
      case OPCODE.FUSE_RELEASE:
        this.#opens.release(node);
        return 0;
      case OPCODE.FUSE_OPENDIR:
        return this.#opens.openDirectory(node, this.reply);
      case OPCODE.FUSE_RELEASEDIR:
        return 0;
      case OPCODE.FUSE_READLINK:
        return this.#readLink(node);
      case OPCODE.FUSE_GETXATTR:
        return getXattr(this.#fs, node, request, length, this.reply);
      case OPCODE.FUSE_LISTXATTR:
        return listXattr(this.#fs, node, words, length, this.reply);
      case OPCODE.FUSE_LSEEK:
        return seekFile(this.#fs, node, words, length, this.reply);
      case OPCODE.FUSE_IOCTL:
        return answerIoctl(this.#fs, node, words, length, this.reply);
      case OPCODE.FUSE_STATFS:
        this.#fs.statfs(this.reply.bytes, PAYLOAD);
        return STRUCT.fuse_kstatfs.sizeof;
      case OPCODE.FUSE_STATX:
        putStatx(this.#fs, node, this.reply.words, PAYLOAD_WORD, this.#validity);
        return STRUCT.fuse_statx_out.sizeof;
      default:
        return -E.ENOSYS;
    }
  }

  #init(request: Frame, length: number): number {
    const wish = { passthrough: this.#opens.wantsPassthrough, live: this.#options.isLive === true };
    const agreed = negotiate(request, length, wish, this.reply, PAYLOAD);
    if (typeof agreed === 'number') return agreed;
    this.#started = true;
    this.#opens.agree(agreed);
    return STRUCT.fuse_init_out.sizeof;
  }

  #isType(node: number, type: number): boolean {
    return (this.#fs.typeOf(node) & S_IFMT) === type;
  }

  #lookup(directory: number, bytes: Buffer, length: number): number {
    const end = length - 1;
    const size = end - HEADER;
    if (size < 1 || bytes[end] !== 0) return -E.EINVAL;
    if (size > NAME_MAX) return -E.ENAMETOOLONG;
    if (!this.#isType(directory, S_IFDIR)) return -E.ENOTDIR;
    const fs = this.#fs;
    let found: number;
    if (bytes[HEADER] === DOT && (size === 1 || (size === 2 && bytes[HEADER + 1] === DOT))) {
      found = size === 1 ? directory : fs.parentOf(directory);
    } else {
      const entry = fs.lookup(directory, bytes, HEADER, end);
      const errno = entry === 0 ? 0 : fs.errnoOf(entry);
      if (errno !== 0) return -errno;
      found = entry === 0 ? 0 : nodeInDirectory(fs, entry, directory);
    }
    const named = validityOfNames(fs, directory, this.#validity);
    putEntry(fs, found, this.reply.words, PAYLOAD_WORD, named, this.#validity);
    this.#opens.shown(found, fileSizeIn(this.reply.words, PAYLOAD_WORD));
    return STRUCT.fuse_entry_out.sizeof;
  }

  #readDirectory(node: number, words: Uint32Array, length: number, plus: Validity | undefined): number {
    if (length < HEADER + STRUCT.fuse_read_in.sizeof) return -E.EINVAL;
    if (!this.#isType(node, S_IFDIR)) return -E.ENOTDIR;
    if (words[READ_OFFSET + 1] !== 0) return 0;
    const size = Math.min(words[READ_SIZE] as number, MAX_READ);
    return this.#directories.put(node, words[READ_OFFSET] as number, size, plus);
  }

  #readLink(node: number): number {
    if (!this.#isType(node, S_IFLNK)) return -E.EINVAL;
    return bounded(this.#fs.readLink(node, this.reply.bytes, PAYLOAD, LINK_MAX), LINK_MAX);
  }
}
