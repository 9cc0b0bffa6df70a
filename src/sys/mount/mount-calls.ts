// System calls about mounts, as `libc.ts` has the others: one declaration a function, no policy; each answers a result of 0
// or more, or the negative errno. A file of its own, because most commands make no mount.
import koffi from 'koffi';
import { declared } from '../declared.ts';
import type { Pointer } from '../libc.ts';

const SYS = {
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  mount_setattr: 442,
  statmount: 457,
} as const;

const c = {
  mount: declared('int mount(void *source, void *target, void *type, unsigned long flags, void *data)'),
  umount2: declared('int umount2(void *target, int flags)'),
  open_tree: declared('long syscall(long n, int dirfd, void *path, unsigned int flags)'),
  move_mount: declared(
    'long syscall(long n, int fromDir, void *from, int toDir, void *to, unsigned int flags)',
  ),
  fsopen: declared('long syscall(long n, void *name, unsigned int flags)'),
  fsconfig: declared('long syscall(long n, int fd, unsigned int command, void *key, void *value, int aux)'),
  fsmount: declared('long syscall(long n, int fd, unsigned int flags, unsigned int attributes)'),
  mount_setattr: declared(
    'long syscall(long n, int dirfd, void *path, unsigned int flags, void *attr, uint64_t size)',
  ),
  statmount: declared('long syscall(long n, void *request, void *out, uint64_t size, unsigned int flags)'),
};

const CLOEXEC = 1;

function answer(result: number): number {
  return result < 0 ? -koffi.errno() : result;
}

/** Paths and names are NUL-terminated bytes throughout (`bytes.ts` cString). */
export function mountCall(
  source: Pointer,
  target: Pointer,
  type: Pointer,
  flags: number,
  data: Pointer,
): number {
  return answer(c.mount(source, target, type, flags, data));
}
export function umount2(target: Pointer, flags: number): number {
  return answer(c.umount2(target, flags));
}
/** The same on another thread, so that the caller's thread can go on serving the mount it undoes. */
export function umount2Aside(target: Pointer, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    c.umount2.async(target, flags, (error: Error | null, result: number) => {
      if (error) reject(error);
      else resolve(result < 0 ? -koffi.errno() : result);
    });
  });
}
export function openTreeCall(dirfd: number, path: Pointer, flags: number): number {
  return answer(c.open_tree(SYS.open_tree, dirfd, path, flags >>> 0));
}
export function moveMount(fromDir: number, from: Pointer, toDir: number, to: Pointer, flags: number): number {
  return answer(c.move_mount(SYS.move_mount, fromDir, from, toDir, to, flags));
}
export function fsopen(name: Pointer): number {
  return answer(c.fsopen(SYS.fsopen, name, CLOEXEC));
}
export function fsconfig(fd: number, command: number, key: Pointer, value: Pointer): number {
  return answer(c.fsconfig(SYS.fsconfig, fd, command, key, value, 0));
}
export function fsmount(fd: number, attributes: number): number {
  return answer(c.fsmount(SYS.fsmount, fd, CLOEXEC, attributes));
}
/** `attr` is a 32-byte `struct mount_attr`. */
export function mountSetattr(dirfd: number, path: Pointer, flags: number, attr: Pointer): number {
  return answer(c.mount_setattr(SYS.mount_setattr, dirfd, path, flags, attr, 32));
}
/** `request` is a 24-byte `struct mnt_id_req`, `out` a `struct statmount` and the strings after it. Linux 6.8. */
export function statmount(request: Pointer, out: Uint8Array): number {
  return answer(c.statmount(SYS.statmount, request, out, out.length, 0));
}
