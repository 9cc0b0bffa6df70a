// Mounting without privilege: fusermount3, which is setuid root, opens /dev/fuse, mounts, and sends the descriptor over a
// socket whose number it finds in _FUSE_COMMFD. Its protocol is libfuse's (lib/mount.c, util/fusermount.c).
import { spawn } from 'node:child_process';
import { type ByteString, bufferOf, textOf } from '../sys/bytes.ts';
import { E, Trouble } from '../sys/errors.ts';
import * as libc from '../sys/libc.ts';
import { writeAddress } from '../sys/memory.ts';
import { type MountOptions, optionWords } from './options.ts';

const PROGRAMS = ['fusermount3', 'fusermount'];
const COMMFD = 3;

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | libc.O.CLOEXEC;
const SCM_RIGHTS = 1;
const SOL_SOCKET = 1;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const MSG_DONTWAIT = 0x40;

/**
 * `struct msghdr`, `struct iovec` and `struct cmsghdr` of 64-bit Linux. musl declares some lengths as 32 bits and padding
 * where glibc has 64: little-endian and zeroed, that is the same memory.
 */
const MSGHDR = { sizeof: 56, iov: 16, iovlen: 24, control: 32, controllen: 40 } as const;
const IOVEC = { sizeof: 16, base: 0, len: 8 } as const;
const CMSGHDR = { len: 0, level: 8, type: 12, data: 16, space: 24 } as const;

interface Result {
  /** -1 where the program could not be started. */
  readonly code: number;
  readonly stderr: string;
}

/** Answers the descriptor of `/dev/fuse`. Blocking, until something polls it. */
export async function fusermountMount(
  point: ByteString,
  source: string,
  subtype: string,
  maxRead: number,
  options: MountOptions,
): Promise<number> {
  const escaped = source.replace(/[\\,]/g, '\\$&');
  const words = [
    ...optionWords(options),
    'default_permissions',
    `max_read=${maxRead}`,
    `subtype=${subtype}`,
    `fsname=${escaped}`,
  ];
  const pair = new Uint32Array(new ArrayBuffer(8));
  const failed = libc.socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, pair);
  const [ours = -1, theirs = -1] = pair;
  if (failed < 0) throw new Trouble('mount', 'Cannot talk to fusermount3: no socket to be had');
  try {
    const result = await run(['-o', words.join(','), '--'], point, theirs);
    if (result.code === 0) return receiveDescriptor(ours);
    throw new Trouble('mount', `Cannot mount on "${bufferOf(point).toString()}": ${reason(result)}`);
  } finally {
    libc.close(ours);
    libc.close(theirs);
  }
}

/** 0, or a negative errno as near as its exit code tells. */
export async function fusermountUnmount(point: ByteString, detach: boolean): Promise<number> {
  const { code, stderr } = await run(detach ? ['-u', '-z', '--'] : ['-u', '--'], point, undefined);
  if (code === 0) return 0;
  return /busy/i.test(stderr) ? -E.EBUSY : -E.EPERM;
}

function reason({ code, stderr }: Result): string {
  if (code === -1)
    return 'not root, and fusermount3 is not there; install it (Debian: apt install fuse3), or run as root';
  const text = stderr
    .trim()
    .replace(/^fusermount3?: /gm, '')
    .replaceAll('\n', '; ');
  if (text.includes('user_allow_other')) {
    return '"allow_other" is for root only here; let root put "user_allow_other" in /etc/fuse.conf';
  }
  if (text.includes('/dev/fuse') && /permission denied/i.test(text)) {
    return 'permission denied on /dev/fuse; run as root, or let root "chmod 0666 /dev/fuse"';
  }
  return text === '' ? `fusermount3 ended with ${code}` : text;
}

async function run(words: readonly string[], point: ByteString, commfd: number | undefined): Promise<Result> {
  let result: Result = { code: -1, stderr: '' };
  for (const program of PROGRAMS) {
    result = await runProgram(program, words, point, commfd);
    if (result.code !== -1) break;
  }
  return result;
}

/** Becomes the program that its words name but for the first, which is the last one, escaped for `printf %b`. */
const WITH_BYTES = `path=$(printf '%b.' "$1"); shift; exec "$@" "\${path%.}"`;
/** As a shell says that there is no such program. */
const NOT_FOUND = 127;

/** Node's arguments for another program are text, so that a shell hands a path on that is none. */
function commandLine(program: string, words: readonly string[], point: ByteString): string[] {
  const text = textOf(point);
  if (text !== undefined) return [program, ...words, text];
  return ['/bin/sh', '-c', WITH_BYTES, 'sh', escapeForPrintf(point), program, ...words];
}

/** POSIX printf: `%b` takes `\0` and up to three octal digits. */
function escapeForPrintf(bytes: ByteString): string {
  return bytes.replace(
    /[^A-Za-z0-9/._-]/g,
    (byte) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}

function runProgram(
  name: string,
  words: readonly string[],
  point: ByteString,
  commfd: number | undefined,
): Promise<Result> {
  const [program = name, ...args] = commandLine(name, words, point);
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C', ...(commfd === undefined ? {} : { _FUSE_COMMFD: String(COMMFD) }) },
      stdio: ['ignore', 'ignore', 'pipe', commfd ?? 'ignore'],
    });
    let stderr = '';
    child.stderr?.on('data', (block: Buffer) => {
      stderr += block.toString();
    });
    child.on('error', () => resolve({ code: -1, stderr }));
    child.on('close', (code) => {
      const isMissing = program !== name && code === NOT_FOUND;
      resolve({ code: isMissing ? -1 : (code ?? 1), stderr });
    });
  });
}

/** Takes the descriptor out of the one message that fusermount3 sent before it ended. */
function receiveDescriptor(socket: number): number {
  const memory = Buffer.from(new ArrayBuffer(256));
  const at = { message: 0, vector: 64, byte: 96, control: 128 };
  writeAddress(memory.subarray(at.vector), memory, at.message + MSGHDR.iov);
  memory.writeUInt32LE(1, at.message + MSGHDR.iovlen);
  writeAddress(memory.subarray(at.control), memory, at.message + MSGHDR.control);
  memory.writeUInt32LE(CMSGHDR.space, at.message + MSGHDR.controllen);
  writeAddress(memory.subarray(at.byte), memory, at.vector + IOVEC.base);
  memory.writeUInt32LE(1, at.vector + IOVEC.len);

  const result = libc.recvmsg(socket, memory, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  const isDescriptor =
    result > 0 &&
    memory.readUInt32LE(at.control + CMSGHDR.level) === SOL_SOCKET &&
    memory.readUInt32LE(at.control + CMSGHDR.type) === SCM_RIGHTS;
  if (!isDescriptor)
    throw new Trouble('mount', 'Cannot take the mount from fusermount3: it sent no descriptor');
  return memory.readInt32LE(at.control + CMSGHDR.data);
}
