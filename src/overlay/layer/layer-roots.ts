// The roots of layers and how they are opened: through a private clone of the layer's mount where the process may make one
// (as root), which has no devices, is read-only and leaves access times alone; else as they are, without changing access
// times where the file's owner is asked. Knows nothing of what lies below a root.
import type { LayerSource } from '../../store/source.ts';
import { type ByteString, cString, shownBytes } from '../../sys/bytes.ts';
import { E, Errno } from '../../sys/errors.ts';
import { AT_EMPTY_PATH, AT_FDCWD, close, O, open } from '../../sys/libc.ts';
import { openClone } from '../../sys/mount/clone.ts';
import { STATX, STATX_MASK, STATX_SIZE } from '../../sys/statx.ts';
import { statx } from '../../sys/statx-call.ts';

/** Where a layer's root lies and what file system it is on. */
export interface LayerRoot {
  /** Absent where the layer is a tar. */
  readonly path: Buffer | undefined;
  readonly label: string;
  /** `major:minor` and mount id; known once the root was examined. A tar has one word for the former. */
  device: string;
  mountId: number;
}

/** What stands for the file system of layers that have none. */
const TAR = 'tar';

const empty = cString('' as ByteString);
const status = new Uint32Array(STATX_SIZE / 4);

export class LayerRoots {
  /** Top first. */
  readonly all: LayerRoot[];
  /** Whether layers are read through private clones of their mounts; true until one cannot be made. */
  areCloned = true;
  readonly #onChange: () => void;

  /** `onChange` is told when clones turn out to be impossible: what was opened through one is another mount's. */
  constructor(sources: readonly LayerSource[], onChange: () => void) {
    this.#onChange = onChange;
    this.all = sources.map(rootOf);
  }

  /** One layer more; answers its index. */
  add(source: LayerSource): number {
    return this.all.push(rootOf(source)) - 1;
  }

  /** A descriptor of a layer's root, or a negative errno. Throws ENOTDIR for a tar. */
  open(layer: number): number {
    const { path, label } = this.#root(layer);
    if (path === undefined) throw new Errno(E.ENOTDIR, `open layer "${label}", which is a tar`);
    if (this.areCloned) {
      const fd = openClone(AT_FDCWD, path);
      if (fd >= 0 || fd === -E.EMFILE || fd === -E.ENFILE) return fd;
      this.#onChange();
      this.areCloned = false;
    }
    return this.withoutAtime((extra) => open(path, O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC | extra));
  }

  /** Takes what `open` answered and learns the root's device and mount. Throws Errno, with nothing left open. */
  examine(layer: number, fd: number): void {
    const root = this.#root(layer);
    if (fd < 0) throw new Errno(-fd, `open layer "${root.label}"`);
    const error = statx(fd, empty, AT_EMPTY_PATH, STATX_MASK, status);
    if (error < 0) {
      close(fd);
      throw new Errno(-error, `examine layer "${root.label}"`);
    }
    root.device = `${status[STATX.devMajor]}:${status[STATX.devMinor]}`;
    root.mountId = status[STATX.mountId] as number;
  }

  #root(layer: number): LayerRoot {
    return this.all[layer] as LayerRoot;
  }

  /** O_NOATIME is for owners and the privileged only; where it is refused, the file is opened without. */
  withoutAtime(opening: (extra: number) => number): number {
    if (this.areCloned) return opening(0);
    const fd = opening(O.NOATIME);
    return fd === -E.EPERM ? opening(0) : fd;
  }
}

function rootOf(source: LayerSource): LayerRoot {
  return source.kind === 'tar'
    ? { path: undefined, label: shownBytes(source.name), device: TAR, mountId: 0 }
    : { path: cString(source.path), label: shownBytes(source.path), device: '', mountId: 0 };
}
