// What a store keeps of a layer's tar: where the truth about the layer is, and by what rules its files were made of it.
import type { ByteString, ReadSome } from '../sys/bytes.ts';
import type { OpenFile } from './files.ts';
import type { OwnerIds } from './owner.ts';

/** How a layer's tar became the files of its directory. */
export interface UnpackRules {
  /** Whose code did it. */
  readonly engine: 'moby' | 'containerd' | 'containers-storage';
  /** Whether a build step wrote the files where they lie, and the tar was made from them. */
  readonly inPlace: boolean;
  /** Whether extended attributes but capabilities were lost where the tree of the layers below was copied. */
  readonly losesXattrs?: boolean;
  /** Whether it was done without the right to make devices. */
  readonly withoutDevices: boolean;
  /** What root of the containers is on disk; 0:0 but for user namespaces. */
  readonly root: OwnerIds;
  /** Whether all other owners are moved by as much as root; else where they begin is learnt from the first of them. */
  readonly isOneRange: boolean;
}

/** Where the truth about a layer is: the tar its diff ID is the hash of, or what tells everything of it but contents. */
export interface TarRecord {
  readonly form: 'tar-split' | 'tar' | 'tar+gzip' | 'tar+zstd';
  /** Absolute path of the file that holds it. */
  readonly path: ByteString;
  /** The digest that names the record itself, `sha256:…`; absent where nothing does (tar-split). */
  readonly digest?: string;
  readonly rules: UnpackRules;
  /** At its beginning: confined to the store, no link followed, no access time changed. Throws Trouble. */
  readonly open: () => OpenFile;
}

/** Gives the record to `use`, at its beginning, and closes it after. Throws Trouble where it cannot be opened. */
export async function withRecord<T>(
  record: Pick<TarRecord, 'open'>,
  use: (read: ReadSome) => Promise<T>,
): Promise<T> {
  const file = record.open();
  try {
    return await use(file.readNext);
  } finally {
    file.close();
  }
}
