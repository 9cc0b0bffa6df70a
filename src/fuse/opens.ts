// OPEN and OPENDIR: chooses how the kernel reads a file, and tells it to stop asking where it need not ask.
import { E } from '../sys/errors.ts';
import { FOPEN, STRUCT } from './abi.ts';
import type { FileSystem } from './filesystem.ts';
import { type Frame, HEADER, PAYLOAD, PAYLOAD_WORD } from './frame.ts';
import { type Agreement, NOTHING_AGREED } from './init.ts';
import { type BackingDevice, BackingFiles } from './passthrough.ts';

const OPEN_FLAGS = (PAYLOAD + STRUCT.fuse_open_out.open_flags) >> 2;
const BACKING_ID = (PAYLOAD + STRUCT.fuse_open_out.backing_id) >> 2;

export class Opens {
  readonly #fs: FileSystem;
  readonly #backing: BackingFiles | undefined;
  #agreement: Agreement = NOTHING_AGREED;

  /** Without a `device` all files are read the cached way. */
  constructor(fs: FileSystem, device: BackingDevice | undefined) {
    this.#fs = fs;
    this.#backing = device === undefined ? undefined : new BackingFiles(device);
  }

  get wantsPassthrough(): boolean {
    return this.#backing !== undefined;
  }

  /** How files are read, in words. */
  get mode(): string {
    if (this.#backing === undefined) return 'cached';
    if (!this.#agreement.passthrough) return 'cached (the kernel offers no passthrough)';
    return this.#backing.refused === 0 ? 'passthrough' : 'cached (the kernel refuses passthrough)';
  }

  agree(agreement: Agreement): void {
    this.#agreement = agreement;
  }

  open(node: number, length: number, reply: Frame): number {
    if (length < HEADER + STRUCT.fuse_open_in.sizeof) return -E.EINVAL;
    const backing = this.#agreement.passthrough ? this.#backing : undefined;
    if (backing === undefined) return this.#openCached(node, reply);
    const fd = backing.needsDescriptor(node) ? this.#fs.dataDescriptor(node) : -1;
    const id = backing.open(node, fd);
    if (id !== 0) return answer(reply, FOPEN.FOPEN_PASSTHROUGH, id);
    // ENOSYS ends the question for all files, so it may be said only where none was passed through.
    if (backing.refused !== 0 && !backing.used) return this.#openCached(node, reply);
    return answer(reply, FOPEN.FOPEN_KEEP_CACHE, 0);
  }

  release(node: number): void {
    this.#backing?.release(node);
  }

  #openCached(node: number, reply: Frame): number {
    if (this.#fs.open !== undefined) {
      // Cached pages end at the size; past it, and up to the end of shorter data, only a direct read tells the truth.
      const isCacheable = this.#fs.open(node);
      return answer(reply, isCacheable ? FOPEN.FOPEN_KEEP_CACHE : FOPEN.FOPEN_DIRECT_IO, 0);
    }
    return this.#agreement.noOpen ? -E.ENOSYS : answer(reply, FOPEN.FOPEN_KEEP_CACHE, 0);
  }

  /** After ENOSYS the kernel opens directories by itself, and keeps their entries. */
  openDirectory(reply: Frame): number {
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
