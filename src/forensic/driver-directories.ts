// The directories of the graph driver overlay2, as they lie there: `overlay2/<id>/{diff,link,lower}` and the short links
// `overlay2/l/<NAME>` that Docker mounts by.
import type { DockerRoot } from '../store/docker/driver.ts';
import { type Kind, trouble } from '../store/files.ts';
import { openBeneath } from '../sys/beneath.ts';
import { type ByteString, bytesOf, cString } from '../sys/bytes.ts';
import { E, errnoName } from '../sys/errors.ts';
import { close, O, open, readlinkat } from '../sys/libc.ts';

/** Names of `overlay2` that are no layer's: the links, and what the driver uses for quotas. */
const NOT_LAYERS: readonly string[] = ['l', 'backingFsBlockDev'];

export interface DriverDirectory {
  readonly name: ByteString;
  readonly kind: Kind | undefined;
}

/** All names in the driver's directory but those that are no layer's, sorted. Throws Trouble. */
export function driverDirectories({ files, driver }: DockerRoot): DriverDirectory[] {
  const names = files.namesIfPresent(driver.name) ?? [];
  return names
    .filter((name) => !NOT_LAYERS.includes(name))
    .map((name) => ({ name, kind: files.kindOf(`${driver.name}/${name}`) }));
}

/** Names of the short links, sorted. Throws Trouble. */
export function shortLinks({ files, driver }: DockerRoot): readonly ByteString[] {
  return files.namesIfPresent(`${driver.name}/l`) ?? [];
}

/** Where a short link leads, as it is written in it; undefined where it is no link. Throws Trouble. */
export function shortLinkTarget({ files, driver }: DockerRoot, name: ByteString): ByteString | undefined {
  const path = `${driver.name}/l/${name}`;
  const root = open(cString(files.directory), O.PATH | O.DIRECTORY | O.CLOEXEC);
  if (root < 0) throw trouble('open', files.directory, errnoName(-root));
  const link = openBeneath(root, path as ByteString, O.PATH | O.NOFOLLOW);
  close(root);
  if (link < 0) throw trouble('read', files.pathOf(path), errnoName(-link));
  const target = Buffer.alloc(4096);
  const length = readlinkat(link, cString('' as ByteString), target, target.length);
  close(link);
  // What is no link answers ENOENT to an empty path.
  if (length === -E.ENOENT || length === -E.EINVAL) return undefined;
  if (length < 0) throw trouble('read', files.pathOf(path), errnoName(-length));
  return bytesOf(target, 0, length);
}

/** The layer directory that a short link's target names, `../<id>/diff`; undefined where it has another form. */
export function directoryOfTarget(target: ByteString): string | undefined {
  return /^\.\.\/([0-9a-z-]+)\/diff$/.exec(target)?.[1];
}
