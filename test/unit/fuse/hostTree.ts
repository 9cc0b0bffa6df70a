// A FileSystem that shows one directory of this machine, read with plain node:fs: enough to try a real mount with.
import * as fs from 'node:fs';
import type { FileSystem } from '../../../src/fuse/filesystem.ts';
import { E, Errno } from '../../../src/sys/errors.ts';

interface Entry {
  /** Bytes as latin1. */
  readonly path: string;
  readonly name: string;
  readonly parent: number;
  readonly stat: fs.BigIntStats;
  children?: { readonly first: number; readonly count: number; readonly byName: Map<string, number> };
}

function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

export class HostTree implements FileSystem {
  readonly #entries: Entry[] = [];
  readonly #open = new Map<number, number>();

  constructor(root: string) {
    const path = Buffer.from(root).toString('latin1');
    const entry = { path, name: '', parent: 1, stat: fs.lstatSync(bytes(path), { bigint: true }) };
    this.#entries.push(entry, entry);
  }

  #entry(number: number): Entry {
    const entry = this.#entries[number];
    if (entry === undefined || number === 0) throw new Error(`no entry ${number}`);
    return entry;
  }

  #children(directory: number): NonNullable<Entry['children']> {
    const entry = this.#entry(directory);
    if (entry.children !== undefined) return entry.children;
    const names = fs.readdirSync(bytes(entry.path), { encoding: 'latin1' }).sort();
    const first = this.#entries.length;
    const byName = new Map<string, number>();
    for (const name of names) {
      const path = `${entry.path}/${name}`;
      byName.set(name, this.#entries.length);
      this.#entries.push({
        path,
        name,
        parent: directory,
        stat: fs.lstatSync(bytes(path), { bigint: true }),
      });
    }
    entry.children = { first, count: names.length, byName };
    return entry.children;
  }

  has(number: number): boolean {
    return number > 0 && number < this.#entries.length;
  }

  lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    const name = Buffer.from(from.subarray(start, end)).toString('latin1');
    return this.#children(directory).byName.get(name) ?? 0;
  }

  nodeOf(entry: number): number {
    return entry;
  }

  parentOf(node: number): number {
    return this.#entry(node).parent;
  }

  copyAttributes(number: number, out: Uint32Array, at: number): void {
    const { stat } = this.#entry(number);
    let word = at;
    for (const value of [stat.ino, stat.size, stat.blocks]) {
      out[word++] = Number(value & 0xffff_ffffn);
      out[word++] = Number(value >> 32n);
    }
    const times = [stat.atimeNs, stat.mtimeNs, stat.ctimeNs];
    for (const time of times) {
      const seconds = BigInt.asUintN(
        64,
        (time - (((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)) / 1_000_000_000n,
      );
      out[word++] = Number(seconds & 0xffff_ffffn);
      out[word++] = Number(seconds >> 32n);
    }
    for (const time of times)
      out[word++] = Number(((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n);
    for (const value of [stat.mode, stat.nlink, stat.uid, stat.gid, stat.rdev, stat.blksize])
      out[word++] = Number(value);
    out[word] = 0;
  }

  errnoOf(): number {
    return 0;
  }

  firstEntry(directory: number): number {
    return this.#children(directory).first;
  }

  entryCount(directory: number): number {
    return this.#children(directory).count;
  }

  nameLength(entry: number): number {
    return this.#entry(entry).name.length;
  }

  copyName(entry: number, out: Uint8Array, at: number): void {
    out.set(bytes(this.#entry(entry).name), at);
  }

  inodeLow(entry: number): number {
    return Number(this.#entry(entry).stat.ino & 0xffff_ffffn);
  }

  inodeHigh(entry: number): number {
    return Number(this.#entry(entry).stat.ino >> 32n);
  }

  typeOf(entry: number): number {
    return Number(this.#entry(entry).stat.mode) & 0o170000;
  }

  sizeOf(node: number): number {
    return Number(this.#entry(node).stat.size);
  }

  readLink(node: number, out: Uint8Array, at: number): number {
    const target = fs.readlinkSync(bytes(this.#entry(node).path), { encoding: 'buffer' });
    out.set(target, at);
    return target.length;
  }

  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    return fs.readSync(this.dataDescriptor(node), out, at, size, offset);
  }

  seek(node: number, offset: number, whence: number): number {
    const { size } = this.#entry(node).stat;
    if (offset >= Number(size)) return -E.ENXIO;
    return whence === 3 ? offset : Number(size);
  }

  dataDescriptor(node: number): number {
    const fd = this.#open.get(node) ?? fs.openSync(bytes(this.#entry(node).path), 'r');
    this.#open.set(node, fd);
    if (this.#open.size > 256) {
      for (const [oldest, old] of this.#open) {
        fs.closeSync(old);
        this.#open.delete(oldest);
        break;
      }
    }
    return fd;
  }

  getXattr(): number {
    return -E.ENODATA;
  }

  listXattr(): number {
    return 0;
  }

  statfs(out: Buffer, at: number): void {
    out.fill(0, at, at + 80);
    out.writeUInt32LE(4096, at + 40);
    out.writeUInt32LE(255, at + 44);
    out.writeUInt32LE(4096, at + 48);
  }

  birthTime(node: number): { seconds: bigint; nanoseconds: number } | undefined {
    const { birthtimeNs } = this.#entry(node).stat;
    if (birthtimeNs === 0n) throw new Errno(E.ENODATA, 'birth time');
    return { seconds: birthtimeNs / 1_000_000_000n, nanoseconds: Number(birthtimeNs % 1_000_000_000n) };
  }
}
