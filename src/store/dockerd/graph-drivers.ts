/**
 * Graph drivers of moby on Linux (daemon/graphdriver/register): what `Driver` of a container was before containerd's
 * snapshotters, two of which have such a name as well.
 */
export const GRAPH_DRIVERS: readonly string[] = [
  'aufs',
  'btrfs',
  'devicemapper',
  'fuse-overlayfs',
  'overlay',
  'overlay2',
  'vfs',
  'zfs',
];
