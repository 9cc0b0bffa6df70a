// The one argument libfuse 2 is given: mount options, and how long the kernel may believe what it is told.
import type { Validity } from '../fuse/entry.ts';
import { type MountOptions, optionWords } from '../fuse/options.ts';
import { MOUNT_TYPE } from '../fuse/type.ts';

const SUBTYPE = MOUNT_TYPE.slice('fuse.'.length);
/** The binding cuts a longer argument off. */
const LINE_MAX = 1023;

export interface Keeping {
  readonly validity: Validity;
  /** Whether files may change: then their pages are kept only while time and size are the same. */
  readonly isLive: boolean;
}

/** `source` is what /proc/mounts is to show. */
export function optionLine(options: MountOptions, source: string, { validity, isLive }: Keeping): string {
  const seconds = validity.seconds + validity.nanoseconds / 1e9;
  const words = [
    ...optionWords(options),
    'default_permissions',
    // A mount hides what lies in the directory, with this driver as with the other.
    'nonempty',
    'use_ino',
    isLive ? 'auto_cache' : 'kernel_cache',
    `entry_timeout=${seconds}`,
    `attr_timeout=${seconds}`,
    `negative_timeout=${seconds}`,
    `subtype=${SUBTYPE}`,
  ];
  const line = `-o${words.join(',')}`;
  const named = `${line},fsname=${source.replace(/[\\,]/g, '\\$&')}`;
  return Buffer.byteLength(named) <= LINE_MAX ? named : `${line},fsname=${SUBTYPE}`;
}
