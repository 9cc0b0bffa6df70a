// The parts of the npm package fuse-native 2.2.6 that are used here; it has no types of its own.

declare module 'fuse-native' {
  namespace Fuse {
    interface Stat {
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly size: number;
      readonly nlink: number;
      readonly ino: number;
      readonly rdev: number;
      readonly blksize: number;
      readonly blocks: number;
      /** Milliseconds since 1970. */
      readonly atime: number;
      readonly mtime: number;
      readonly ctime: number;
    }

    interface Statfs {
      readonly bsize: number;
      readonly frsize: number;
      readonly blocks: number;
      readonly bfree: number;
      readonly bavail: number;
      readonly files: number;
      readonly ffree: number;
      readonly namemax: number;
    }

    type Reply<T extends unknown[]> = (status: number, ...values: Partial<T>) => void;

    /** A status is 0 or a negative errno, but of `read` the number of bytes. */
    interface Handlers {
      getattr(path: string, reply: Reply<[Stat]>): void;
      readdir(path: string, reply: Reply<[string[], Stat[]]>): void;
      readlink(path: string, reply: Reply<[string]>): void;
      open?(path: string, flags: number, reply: Reply<[number]>): void;
      read(path: string, fd: number, buffer: Buffer, length: number, offset: number, reply: Reply<[]>): void;
      statfs(path: string, reply: Reply<[Statfs]>): void;
      /** Only that it is there is looked at, where `_op_getxattr` is overridden; likewise `listxattr`. */
      getxattr: unknown;
      listxattr: unknown;
    }

    /** Answers a request: a result or negative errno, and the buffer that was written to, which is detached. */
    type Signal = (result: number, buffer: ArrayBufferLike) => void;
  }

  class Fuse {
    constructor(directory: string, handlers: Fuse.Handlers, options: { readonly timeout: false });
    /** Calls back when the kernel's first request is served, or when it cannot be mounted. */
    mount(done: (error: Error | null) => void): void;
    /** The one argument libfuse is given. */
    protected _fuseOptions(): string;
    protected _op_getxattr(signal: Fuse.Signal, path: string, name: string, value: Buffer): void;
    protected _op_listxattr(signal: Fuse.Signal, path: string, list: Buffer): void;
  }

  export = Fuse;
}
