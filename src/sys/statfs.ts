// `struct statfs` of 64-bit Linux (asm-generic and x86): 64-bit fields, by their offsets.

export const STATFS = {
  bsize: 8,
  blocks: 16,
  bfree: 24,
  bavail: 32,
  files: 40,
  ffree: 48,
  frsize: 72,
  size: 120,
} as const;
