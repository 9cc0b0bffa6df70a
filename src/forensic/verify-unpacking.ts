// How a data root's layers were unpacked, as far as its place and dialect tell.
import type { Dialect } from '../store/store.ts';
import type { ByteString } from '../sys/bytes.ts';
import type { Unpacking } from './verify-entry.ts';

/**
 * With userns-remap a data root is a directory `<uid>.<gid>`, the owner that root of the containers has outside
 * (daemon/daemon_unix.go setupDaemonRoot). What a rootless daemon adds is not told by its place.
 */
export function unpackingOf(dataRoot: ByteString, dialect: Dialect): Unpacking {
  const match = /\/(\d{1,10})\.(\d{1,10})$/.exec(dataRoot);
  const shift = { uid: Number(match?.[1] ?? 0), gid: Number(match?.[2] ?? 0) };
  return { shift, withoutDevices: shift.uid !== 0 || dialect === 'user' };
}
