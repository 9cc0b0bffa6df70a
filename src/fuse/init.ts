// The first exchange: what the kernel offers, what we take of it, and what both then rely on.
import { E } from '../sys/errors.ts';
import { FUSE_KERNEL_MINOR_VERSION, FUSE_KERNEL_VERSION, INIT, INIT2, STRUCT } from './abi.ts';
import type { Frame } from './frame.ts';

const IN = STRUCT.fuse_init_in;
const OUT = STRUCT.fuse_init_out;
const HEADER = STRUCT.fuse_in_header.sizeof;

/** The kernel's pages a request, and so the largest READ, are counted in these. */
const PAGE = 4096;
const MAX_PAGES = 256;
/** Bytes of the largest READ or READDIR reply the kernel will ask for. */
export const MAX_READ = MAX_PAGES * PAGE;
/** 7.23 is the first to read a whole `fuse_init_out` (Linux 3.15). */
const OLDEST_MINOR = 23;
const MAX_READAHEAD = 16 << 20;
const MAX_BACKGROUND = 64;

const WANTED =
  INIT.FUSE_ASYNC_READ |
  INIT.FUSE_DO_READDIRPLUS |
  INIT.FUSE_PARALLEL_DIROPS |
  INIT.FUSE_MAX_PAGES |
  INIT.FUSE_CACHE_SYMLINKS |
  INIT.FUSE_NO_OPEN_SUPPORT |
  INIT.FUSE_NO_OPENDIR_SUPPORT |
  INIT.FUSE_POSIX_ACL |
  INIT.FUSE_INIT_EXT;

export interface Wish {
  /** Reads go to the layer's own file, where the kernel can do that. */
  readonly passthrough: boolean;
  /** Files may change: cached pages are dropped where size or time of change moved. */
  readonly live: boolean;
}

/** What was agreed. */
export interface Agreement {
  readonly minor: number;
  /** ENOSYS to OPEN, or OPENDIR, means "never ask again". */
  readonly noOpen: boolean;
  readonly noOpendir: boolean;
  readonly passthrough: boolean;
}

export const NOTHING_AGREED: Agreement = { minor: 0, noOpen: false, noOpendir: false, passthrough: false };

/**
 * Writes a `fuse_init_out` at byte `start` of `reply`. Answers what was agreed; a number where the two cannot talk: the
 * payload to send, or a negative errno.
 */
export function negotiate(
  request: Frame,
  length: number,
  wish: Wish,
  reply: Frame,
  start: number,
): Agreement | number {
  const major = word(request, HEADER + IN.major, length);
  const minor = word(request, HEADER + IN.minor, length);
  const out = reply.bytes;
  out.fill(0, start, start + OUT.sizeof);
  out.writeUInt32LE(FUSE_KERNEL_VERSION, start + OUT.major);
  // A newer kernel asks again with our major number; an older one cannot be served.
  if (major > FUSE_KERNEL_VERSION) return OUT.sizeof;
  if (major < FUSE_KERNEL_VERSION || minor < OLDEST_MINOR) return -E.EPROTO;

  const offered = word(request, HEADER + IN.flags, length);
  const offered2 = (offered & INIT.FUSE_INIT_EXT) !== 0 ? word(request, HEADER + IN.flags2, length) : 0;
  const flags = offered & (WANTED | (wish.live ? INIT.FUSE_AUTO_INVAL_DATA : 0));
  const flags2 = offered2 & (INIT2.FUSE_NO_EXPORT_SUPPORT | (wish.passthrough ? INIT2.FUSE_PASSTHROUGH : 0));
  const passthrough = (flags2 & INIT2.FUSE_PASSTHROUGH) !== 0;

  out.writeUInt32LE(Math.min(minor, FUSE_KERNEL_MINOR_VERSION), start + OUT.minor);
  out.writeUInt32LE(MAX_READAHEAD, start + OUT.max_readahead);
  out.writeUInt32LE(flags >>> 0, start + OUT.flags);
  out.writeUInt16LE(MAX_BACKGROUND, start + OUT.max_background);
  out.writeUInt16LE((MAX_BACKGROUND * 3) / 4, start + OUT.congestion_threshold);
  out.writeUInt32LE(PAGE, start + OUT.max_write);
  out.writeUInt32LE(1, start + OUT.time_gran);
  out.writeUInt16LE(MAX_PAGES, start + OUT.max_pages);
  out.writeUInt32LE(flags2 >>> 0, start + OUT.flags2);
  // 1: what lies below may be a plain file system, and an overlay may still be stacked on us.
  out.writeUInt32LE(passthrough ? 1 : 0, start + OUT.max_stack_depth);
  return {
    minor,
    noOpen: (flags & INIT.FUSE_NO_OPEN_SUPPORT) !== 0,
    noOpendir: (flags & INIT.FUSE_NO_OPENDIR_SUPPORT) !== 0,
    passthrough,
  };
}

/** A field of the request, 0 where it is too short to hold it: older kernels send a shorter `fuse_init_in`. */
function word(request: Frame, offset: number, length: number): number {
  return offset + 4 <= length ? request.bytes.readUInt32LE(offset) : 0;
}
