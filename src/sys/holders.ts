// Who uses a mount, and who serves it: told from /proc alone, without a call into the mount.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ByteString } from './bytes.ts';
import { parseMounts } from './mount/mounts.ts';

export interface Holder {
  readonly pid: number;
  /** As `ps` shows it, 15 bytes at most; text that may hold anything. */
  readonly command: string;
}

/**
 * Processes with a working directory, root, program or open file below `point`, or a mapped file of `device`. The caller is
 * not one. The server of a mount must not ask for maps: a process that waits for it may hold what reading them needs.
 */
export function holdersOf(point: ByteString, device: string | undefined): Holder[] {
  const isHolder = (pid: number) =>
    linksBelow(pid, point) || (device !== undefined && mapsDevice(pid, device));
  return processes()
    .filter((pid) => pid !== process.pid && isHolder(pid))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/comm`).trimEnd() }));
}

/** The processes that hold the FUSE connection of a device number (`0:39`); empty where the kernel does not tell. */
export function serversOf(device: string): number[] {
  const line = `fuse_connection:\t${device.split(':')[1]}\n`;
  return processes().filter((pid) =>
    names(`/proc/${pid}/fd`).some(
      (fd) =>
        link(`/proc/${pid}/fd/${fd}`) === '/dev/fuse' && read(`/proc/${pid}/fdinfo/${fd}`).includes(line),
    ),
  );
}

/** A process in another mount namespace in which a device number is mounted; undefined where none can be seen. */
export function elsewhereMountedBy(device: string): number | undefined {
  const known = new Set([link('/proc/self/ns/mnt'), '']);
  for (const pid of processes()) {
    const namespace = link(`/proc/${pid}/ns/mnt`);
    if (known.has(namespace)) continue;
    known.add(namespace);
    if (parseMounts(read(`/proc/${pid}/mountinfo`)).some((mount) => mount.device === device)) return pid;
  }
  return undefined;
}

/** Whether a process still runs: one that has ended and that its parent has not noticed yet does not. */
export function isRunning(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  // The command in parentheses may hold anything; the state follows it.
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

function processes(): number[] {
  return names('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function linksBelow(pid: number, point: ByteString): boolean {
  const isBelow = (path: string) => path === point || path.startsWith(`${point}/`);
  return (
    ['cwd', 'root', 'exe'].some((name) => isBelow(link(`/proc/${pid}/${name}`))) ||
    names(`/proc/${pid}/fd`).some((fd) => isBelow(link(`/proc/${pid}/fd/${fd}`)))
  );
}

/** /proc/PID/maps: `from-to rwxp offset major:minor inode path`, the device in hexadecimal. */
function mapsDevice(pid: number, device: string): boolean {
  const hex = device.split(':').map((part) => Number(part).toString(16).padStart(2, '0'));
  return read(`/proc/${pid}/maps`).includes(` ${hex.join(':')} `);
}

// Processes end while they are looked at, and others are not ours to see: both are as if they held nothing.

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path, 'latin1');
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
