// Which files the kernel reads by itself: one backing id an inode while any open of it lasts, a bounded number kept
// ready after that. Knows no device: it is given the two calls that make and end a backing id.
import { E } from '../../sys/errors.ts';

/** The ioctls of `/dev/fuse`: results of 0 or more, or negative errnos. */
export interface BackingDevice {
  /** A backing id for an open descriptor, which may be closed after. */
  open(fd: number): number;
  close(id: number): number;
}

/** Idle ids are kept open in the kernel, each with its file. */
const IDLE_LIMIT = 512;

interface BackingFile {
  /** 0 for a file that the kernel would not take: its opens are cached ones until the last is closed. */
  readonly id: number;
  opens: number;
}

/**
 * The kernel holds an inode to one way of reading while any open lasts: a second backing id gives EBUSY, a cached open
 * beside a passthrough one EIO (fs/fuse/iomode.c). Hence the count, also for files opened the cached way.
 */
export class BackingFiles {
  readonly #device: BackingDevice;
  readonly #inUse = new Map<number, BackingFile>();
  /** Oldest first. */
  readonly #idle = new Map<number, BackingFile>();
  #refused = 0;
  #made = 0;

  constructor(device: BackingDevice) {
    this.#device = device;
  }

  /** The errno that says passthrough is not to be had at all, 0 while it is. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether any backing id was ever made. */
  get used(): boolean {
    return this.#made > 0;
  }

  /** Whether any file is open. */
  get isInUse(): boolean {
    return this.#inUse.size > 0;
  }

  /** Whether the next open of this node needs a descriptor: also one kept ready, which the file may not fit any more. */
  needsDescriptor(node: number): boolean {
    return !this.#inUse.has(node) && (this.#refused === 0 || this.#idle.has(node));
  }

  /** Counts an open; answers its backing id, 0 for a cached open, which it is where `fd` is -1. */
  open(node: number, fd: number): number {
    const open = this.#inUse.get(node);
    if (open !== undefined) {
      open.opens++;
      return open.id;
    }
    const idle = this.#idle.get(node);
    if (idle !== undefined) this.#idle.delete(node);
    if (idle !== undefined && fd < 0) this.#device.close(idle.id);
    else if (idle !== undefined) {
      idle.opens = 1;
      this.#inUse.set(node, idle);
      return idle.id;
    }
    const id = this.#make(fd);
    this.#inUse.set(node, { id, opens: 1 });
    return id;
  }

  /** Counts a close. */
  release(node: number): void {
    const file = this.#inUse.get(node);
    if (file === undefined || --file.opens > 0) return;
    this.#inUse.delete(node);
    if (file.id === 0) return;
    this.#idle.set(node, file);
    if (this.#idle.size > IDLE_LIMIT) this.#closeOldest();
  }

  #make(fd: number): number {
    if (this.#refused !== 0 || fd < 0) return 0;
    const id = this.#device.open(fd);
    if (id > 0) {
      this.#made++;
      return id;
    }
    // The others speak of one file: it lies on a stacked file system, is not regular, or memory is short.
    if (id === -E.EPERM || id === -E.ENOTTY || id === -E.ENOSYS) this.#refused = -id;
    return 0;
  }

  #closeOldest(): void {
    for (const [node, file] of this.#idle) {
      this.#idle.delete(node);
      this.#device.close(file.id);
      return;
    }
  }
}
