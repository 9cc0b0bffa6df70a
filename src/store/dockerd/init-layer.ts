// What dockerd puts between an image and a container, its `-init` layer (moby, daemon/initlayer/setup_unix.go): mount points and
// nothing else. An image that was committed from a container, or built step by step, has such layers between its own in
// containerd's store, and no hash tells of them.
import { attempt, Trouble } from '../../sys/errors.ts';
import type { StoreFiles } from '../files.ts';

const DIRECTORIES = new Set(['dev', 'dev/pts', 'dev/shm', 'etc', 'proc', 'sys']);
/** All of them empty. */
const FILES = new Set(['.dockerenv', 'dev/console', 'etc/hostname', 'etc/hosts', 'etc/resolv.conf']);
const LINK = { path: 'etc/mtab', target: '/proc/mounts' };

/** Paths below such a layer's directory of what dockerd does not put there, sorted; not what is below one of them. Throws Trouble. */
export function foreignInInitLayer(files: StoreFiles, directory: string): string[] {
  const foreign: string[] = [];
  const waiting = [''];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const names = files.namesIfPresent(at === '' ? directory : `${directory}/${at}`) ?? [];
    for (const name of names) {
      const path = at === '' ? name : `${at}/${name}`;
      const kind = files.kindOf(`${directory}/${path}`);
      if (kind === 'directory' && DIRECTORIES.has(path)) waiting.push(path);
      else if (!isEmptyFile(files, directory, path, kind) && !isLink(files, directory, path, kind))
        foreign.push(path);
    }
  }
  return foreign.sort();
}

function isEmptyFile(files: StoreFiles, directory: string, path: string, kind: string | undefined): boolean {
  if (kind !== 'file' || !FILES.has(path)) return false;
  const file = attempt(() => files.open(`${directory}/${path}`));
  if (file instanceof Trouble) return false;
  const size = file.size();
  file.close();
  return size === 0;
}

function isLink(files: StoreFiles, directory: string, path: string, kind: string | undefined): boolean {
  return kind === 'link' && path === LINK.path && files.linkIfPresent(`${directory}/${path}`) === LINK.target;
}
