// The kernel's own read-only overlay mount of a list of layers: what every other view of them is measured against.
import type { DumpOptions, Oracle } from './oracle.ts';
import type { Temporary } from './temporary.ts';

export interface KernelView {
  readonly directory: string;
  /**
   * The kernel refuses a stack of one layer, so that one lies below an empty one here. Nothing below the root tells the
   * difference; the root itself is the empty one's, with other times, inode and link count, and is not to be compared.
   */
  readonly rootIsBorrowed: boolean;
  dump(options?: DumpOptions): Promise<string[]>;
  umount(): Promise<void>;
}

export interface KernelViewOptions {
  readonly dataLayers?: readonly string[];
  readonly options?: Readonly<Record<string, string | true>>;
}

let count = 0;

/** `layers` top first, one or more. Mounted with `index=off` and the module's defaults, as Docker mounts an image. */
export async function mountKernel(
  oracle: Oracle,
  temporary: Temporary,
  layers: readonly string[],
  { dataLayers = [], options = {} }: KernelViewOptions = {},
): Promise<KernelView> {
  count += 1;
  const directory = temporary.path(`kernel-${count}`);
  const rootIsBorrowed = layers.length + dataLayers.length === 1;
  const empty = temporary.path(`kernel-${count}-empty`);
  if (rootIsBorrowed) await oracle.write([{ directory: empty, steps: [] }]);
  await oracle.mount({
    target: directory,
    layers: rootIsBorrowed ? [empty, ...layers] : layers,
    dataLayers,
    options: { index: 'off', ...options },
  });
  return {
    directory,
    rootIsBorrowed,
    async dump(dumpOptions = {}) {
      const lines = await oracle.dump(directory, { omitUnlookable: true, ...dumpOptions });
      return rootIsBorrowed ? lines.filter((line) => !line.startsWith('/ ')) : lines;
    },
    umount: () => oracle.umount(directory),
  };
}
