// OPEN and OPENDIR: chooses how the kernel reads a file, and tells it to stop asking where it need not ask.
import { E } from '../../sys/errors.ts';
import { FOPEN, STRUCT } from '../abi.ts';
import type { FileSystem } from '../filesystem.ts';
import { type Frame, HEADER, PAYLOAD, PAYLOAD_WORD } from '../frame.ts';
import { type Agreement, NOTHING_AGREED } from '../init.ts';
import { NodeSet } from '../node-set.ts';
import { type BackingDevice, BackingFiles } from './passthrough.ts';
import { Settling } from './settling.ts';

const OPEN_FLAGS = (PAYLOAD + STRUCT.fuse_open_out.open_flags) >> 2;
const BACKING_ID = (PAYLOAD + STRUCT.fuse_open_out.backing_id) >> 2;

/**
 * How the kernel reads files. It asks for each open or, once told that it need not, for none as long as the mount lasts,
 * and only an open that was asked for can be passed through.
 * large: files of `LARGE` bytes and more are passed through; each open is asked for.
 * small: reads are answered by the session and the kernel keeps the pages; after the first open none is asked for.
 * auto: as large, until opens of the same small files have cost more than large files could (`settling.ts`); then as small.
 * cached: as small. passthrough: as large, but all files are passed through.
 */
export type DataMode = 'auto' | 'large' | 'small' | 'cached' | 'passthrough';

/** Bytes from which passing a file through pays for asking at its open. */
const LARGE = 1 << 20;
/** The pages stay, and a close has nothing to write. */
const KEPT = FOPEN.FOPEN_KEEP_CACHE | FOPEN.FOPEN_NOFLUSH;

export class Opens {
  readonly #fs: FileSystem;
  readonly #backing: BackingFiles | undefined;
  /** Files smaller than this, in bytes, are read the cached way. */
  readonly #passedFrom: number;
  /** Where it may be told that no more opens are to be asked for. */
  readonly #settling: Settling | undefined;
  /** Files that were opened the cached way. */
  readonly #opened = new NodeSet();
  /** Whether the kernel was told to ask for no more opens; some may be on their way all the same. */
  #isSettled = false;
  #agreement: Agreement = NOTHING_AGREED;

  /** Without a `device` all files are read the cached way. */
  constructor(fs: FileSystem, data: DataMode, device: BackingDevice | undefined) {
    this.#fs = fs;
    this.#passedFrom = data === 'passthrough' ? 0 : LARGE;
    this.#settling = data === 'auto' && fs.open === undefined ? new Settling() : undefined;
    const isCached = data === 'cached' || data === 'small';
    this.#backing = device === undefined || isCached ? undefined : new BackingFiles(device);
  }

  get wantsPassthrough(): boolean {
    return this.#backing !== undefined;
  }

  /** How files are read, in words. */
  get mode(): string {
    if (this.#backing === undefined) return 'cached';
    if (!this.#agreement.passthrough) return 'cached (the kernel offers no passthrough)';
    if (this.#backing.refused !== 0) return 'cached (the kernel refuses passthrough)';
    if (this.#passedFrom === 0) return 'passthrough';
    return this.#isSettled
      ? 'cached (small files were opened again and again)'
      : 'passthrough for large files';
  }

  agree(agreement: Agreement): void {
    this.#agreement = agreement;
  }

  /** To be told of each file that the kernel is told of, with its size in bytes. */
  shown(node: number, size: number): void {
    if (size >= this.#passedFrom) this.#settling?.large(node, size);
  }

  open(node: number, length: number, reply: Frame): number {
    if (length < HEADER + STRUCT.fuse_open_in.sizeof) return -E.EINVAL;
    const backing = this.#agreement.passthrough ? this.#backing : undefined;
    if (backing === undefined || this.#isSettled) return this.#openCached(node, reply);
    if (this.#fs.sizeOf(node) < this.#passedFrom) return this.#openSmall(node, backing, reply);
    const fd = backing.needsDescriptor(node) ? this.#fs.dataDescriptor(node) : -1;
    const id = backing.open(node, fd);
    if (id !== 0) return answer(reply, FOPEN.FOPEN_PASSTHROUGH | FOPEN.FOPEN_NOFLUSH, id);
    // A person who asked for passthrough keeps what can be had of it: ENOSYS would end the question for all files.
    if (backing.refused !== 0 && !backing.used) return this.#openCached(node, reply);
    return answer(reply, KEPT, 0);
  }

  /**
   * While a file is passed through, the kernel would refuse (EIO) an open of it that it was not answered, so until the
   * last is closed opens go on being asked for (test/system/data-modes.test.ts).
   */
  #openSmall(node: number, backing: BackingFiles, reply: Frame): number {
    if (this.#fs.open !== undefined) return this.#openCached(node, reply);
    if (this.#opened.add(node)) {
      this.#settling?.first();
      // Nobody reads a file that nobody has opened.
      this.#fs.opened?.(node);
      return answer(reply, KEPT, 0);
    }
    if (this.#settling?.again() !== true || backing.isInUse || !this.#agreement.noOpen)
      return answer(reply, KEPT, 0);
    this.#isSettled = true;
    this.#opened.clear();
    return -E.ENOSYS;
  }

  release(node: number): void {
    this.#backing?.release(node);
  }

  #openCached(node: number, reply: Frame): number {
    if (this.#fs.open !== undefined) {
      // Cached pages end at the size; past it, and up to the end of shorter data, only a direct read tells the truth.
      const isCacheable = this.#fs.open(node);
      return answer(reply, isCacheable ? KEPT : FOPEN.FOPEN_DIRECT_IO | FOPEN.FOPEN_NOFLUSH, 0);
    }
    return this.#agreement.noOpen ? -E.ENOSYS : answer(reply, KEPT, 0);
  }

  /** After ENOSYS the kernel opens directories by itself, and keeps their entries: not where some change. */
  openDirectory(node: number, reply: Frame): number {
    const { nodesAfter, holds, open, freshen } = this.#fs;
    if (nodesAfter !== undefined) {
      // The kernel compares times before it believes the entries it keeps, as far as these tell of each change.
      const mayAll = freshen !== undefined && open === undefined;
      if (mayAll && this.#agreement.noOpendir) return -E.ENOSYS;
      const isFixed = holds?.(node) === true;
      return answer(reply, isFixed ? FOPEN.FOPEN_KEEP_CACHE | FOPEN.FOPEN_CACHE_DIR : 0, 0);
    }
    if (this.#agreement.noOpendir) return -E.ENOSYS;
    return answer(reply, FOPEN.FOPEN_KEEP_CACHE | FOPEN.FOPEN_CACHE_DIR, 0);
  }
}

function answer(reply: Frame, flags: number, backingId: number): number {
  const { words } = reply;
  words[PAYLOAD_WORD] = 0;
  words[PAYLOAD_WORD + 1] = 0;
  words[OPEN_FLAGS] = flags;
  words[BACKING_ID] = backingId;
  return STRUCT.fuse_open_out.sizeof;
}
