// The part of linux/io_uring.h that is used here: struct layouts in bytes, and constants, under the kernel's names.

export const URING_STRUCT = {
  io_uring_params: { sizeof: 120, sq_entries: 0, cq_entries: 4, features: 20, sq_off: 40, cq_off: 80 },
  io_sqring_offsets: { sizeof: 40, head: 0, tail: 4, ring_mask: 8, array: 24 },
  io_cqring_offsets: { sizeof: 40, head: 0, tail: 4, ring_mask: 8, cqes: 20 },
  io_uring_sqe: { sizeof: 64, opcode: 0, flags: 1, fd: 4, off: 8, addr: 16, len: 24, user_data: 32 },
  io_uring_cqe: { sizeof: 16, user_data: 0, res: 8 },
} as const;

export const IORING = {
  IORING_OP_WRITE: 23,
  IORING_OP_OPENAT2: 28,
  /** Never done by the thread that submits it. */
  IOSQE_ASYNC: 1 << 4,
  IORING_OFF_SQ_RING: 0,
  IORING_OFF_SQES: 0x1000_0000,
  IORING_FEAT_SINGLE_MMAP: 1,
  IORING_REGISTER_IOWQ_MAX_WORKERS: 19,
} as const;
