// Calls that may be held up, handed to kernel threads of this process (io_uring), so that the caller goes on. One ring, a
// fixed number of buffers; a buffer is its caller's until it is queued, and the kernel's until its call is done.
import {
  close,
  ioUringEnter,
  ioUringRegister,
  ioUringSetup,
  MAP_SHARED_POPULATE,
  mapFile,
  PROT_READ_WRITE,
} from '../libc.ts';
import { setLong } from '../long.ts';
import { type Address, addressOf } from '../memory.ts';
import { IORING, URING_STRUCT } from './uring-abi.ts';

const { io_uring_params: PARAMS, io_sqring_offsets: SQ, io_cqring_offsets: CQ } = URING_STRUCT;
const { io_uring_sqe: SQE, io_uring_cqe: CQE } = URING_STRUCT;

/**
 * Kernel threads of this process, for regular files and directories and for all others. Of the first those that a disk keeps
 * waiting at once; of the second those that wait take no processor, and their order is of use.
 */
const WORKERS = [8, 2] as const;

/** Told of each call that is done: its result, or a negative errno. */
export type OnDone = (result: number) => void;

/** A ring and its memory, shared with the kernel. */
export interface RingMemory {
  readonly fd: number;
  readonly params: Uint32Array;
  /** The submission and completion rings, as 32-bit words, and the submissions. */
  readonly words: Int32Array;
  readonly entries: Uint32Array;
}

/** One call: what `struct io_uring_sqe` says of it. `address` is of memory that stays until the call is done. */
export interface Call {
  readonly opcode: number;
  readonly fd: number;
  readonly address: Address;
  readonly length: number;
  /** `off`, or `addr2`. */
  readonly offset: number;
}

/**
 * A ring for `count` calls at once, a power of two. Answers undefined where the kernel has no io_uring for this process: it
 * is too old, or an administrator (`kernel.io_uring_disabled`) or a container's seccomp rules forbid it.
 */
export function openRing(count: number): RingMemory | undefined {
  const params = new Uint32Array(PARAMS.sizeof >> 2);
  const fd = ioUringSetup(count, params);
  if (fd < 0) return undefined;
  const has = (feature: number) => (word(params, PARAMS.features) & feature) !== 0;
  const limit = () =>
    ioUringRegister(fd, IORING.IORING_REGISTER_IOWQ_MAX_WORKERS, new Uint32Array(WORKERS), WORKERS.length);
  if (has(IORING.IORING_FEAT_SINGLE_MMAP) && limit() === 0) {
    const map = (length: number, offset: number) =>
      mapFile(fd, length, PROT_READ_WRITE, MAP_SHARED_POPULATE, offset);
    const sqEnd = word(params, PARAMS.sq_off + SQ.array) + word(params, PARAMS.sq_entries) * 4;
    const cqEnd = word(params, PARAMS.cq_off + CQ.cqes) + word(params, PARAMS.cq_entries) * CQE.sizeof;
    const rings = map(Math.max(sqEnd, cqEnd), IORING.IORING_OFF_SQ_RING);
    const entries = map(word(params, PARAMS.sq_entries) * SQE.sizeof, IORING.IORING_OFF_SQES);
    if (rings !== undefined && entries !== undefined)
      return { fd, params, words: new Int32Array(rings), entries: new Uint32Array(entries) };
  }
  close(fd);
  return undefined;
}

export class Ring {
  /** The buffers, by number. */
  readonly buffers: readonly Buffer[];
  /** Where each lies. */
  protected readonly addresses: readonly Address[];
  readonly #memory: RingMemory;
  readonly #onDone: OnDone;
  readonly #at: {
    sqTail: number;
    sqMask: number;
    cqHead: number;
    cqTail: number;
    cqMask: number;
    cqes: number;
  };
  readonly #free: number[];
  #queued = 0;

  /** With a buffer of `size` bytes for each call. */
  constructor(memory: RingMemory, size: number, onDone: OnDone) {
    const { params, words, entries } = memory;
    const sq = (field: number) => word(params, PARAMS.sq_off + field) >> 2;
    const cq = (field: number) => word(params, PARAMS.cq_off + field) >> 2;
    this.#memory = memory;
    this.#onDone = onDone;
    // What no call uses stays 0.
    entries.fill(0);
    this.#at = {
      sqTail: sq(SQ.tail),
      sqMask: words[sq(SQ.ring_mask)] as number,
      cqHead: cq(CQ.head),
      cqTail: cq(CQ.tail),
      cqMask: words[cq(CQ.ring_mask)] as number,
      cqes: cq(CQ.cqes),
    };
    const count = word(params, PARAMS.sq_entries);
    for (let i = 0; i < count; i++) words[sq(SQ.array) + i] = i;
    // Not from the pool: its pages are used as they are touched.
    this.buffers = Array.from({ length: count }, () => Buffer.allocUnsafeSlow(size));
    this.addresses = this.buffers.map(addressOf);
    this.#free = this.buffers.map((_, number) => number);
  }

  /** The number of a buffer to fill, -1 where the kernel has them all. */
  take(): number {
    if (this.#free.length === 0) this.#reap();
    return this.#free.pop() ?? -1;
  }

  /** Gives back a buffer that is not queued after all. */
  giveBack(buffer: number): void {
    this.#free.push(buffer);
  }

  /** Queues a buffer's call. Nothing is done before `submit`. */
  protected enqueue(buffer: number, { opcode, fd, address, length, offset }: Call): void {
    const { words, entries } = this.#memory;
    const { sqTail, sqMask } = this.#at;
    const tail = words[sqTail] as number;
    const at = (tail & sqMask) * (SQE.sizeof >> 2);
    entries[at + (SQE.opcode >> 2)] = opcode | (IORING.IOSQE_ASYNC << (SQE.flags * 8));
    entries[at + (SQE.fd >> 2)] = fd;
    setLong(entries, at + (SQE.off >> 2), offset);
    setLong(entries, at + (SQE.addr >> 2), address);
    entries[at + (SQE.len >> 2)] = length;
    entries[at + (SQE.user_data >> 2)] = buffer;
    Atomics.store(words, sqTail, (tail + 1) | 0);
    this.#queued++;
  }

  /** How many calls wait for `submit`. */
  get queued(): number {
    return this.#queued;
  }

  /** Whether the kernel has nothing of ours. */
  get isIdle(): boolean {
    this.#reap();
    return this.#free.length === this.buffers.length;
  }

  /** Hands over what is queued; what the kernel does not take now stays queued. */
  submit(): void {
    this.#reap();
    const taken = ioUringEnter(this.#memory.fd, this.#queued);
    if (taken > 0) this.#queued -= taken;
  }

  #reap(): void {
    const { words } = this.#memory;
    const { cqHead, cqTail, cqMask, cqes } = this.#at;
    const tail = Atomics.load(words, cqTail);
    let head = words[cqHead] as number;
    for (; head !== tail; head = (head + 1) | 0) {
      const at = cqes + (head & cqMask) * (CQE.sizeof >> 2);
      this.#free.push(words[at + (CQE.user_data >> 2)] as number);
      this.#onDone(words[at + (CQE.res >> 2)] as number);
    }
    Atomics.store(words, cqHead, head);
  }

  /** What is under way is finished by the kernel all the same. */
  close(): void {
    close(this.#memory.fd);
  }
}

/** The word at a byte offset. */
function word(words: Uint32Array, offset: number): number {
  return words[offset >> 2] as number;
}
