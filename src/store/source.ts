// What a layer is made of: a directory on disk, or a tar that nobody unpacked; and what is asked of either alike.
import type { OpenBlob } from '../blob/blob.ts';
import { type ByteString, shownBytes } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import type { UnpackRules } from './record.ts';

/** What a layer is made of. */
export type LayerSource = DirectorySource | TarSource;

export interface DirectorySource {
  readonly kind: 'directory';
  /** Absolute, as bytes: Docker's `diff`, containerd's `fs`. */
  readonly path: ByteString;
  /**
   * Present where it holds contents alone, under other names (composefs): by a regular file's name in the tar, the path below
   * the directory. All else is told by the layer's record. Throws Trouble.
   */
  readonly objects?: () => ReadonlyMap<string, ByteString>;
}

/** A layer that nobody unpacked: its tar, as it is or compressed with gzip or zstd, which its first bytes tell. */
export interface TarSource {
  readonly kind: 'tar';
  /** What it is called where it is told of, as bytes: its absolute path; of an archive's member `PATH:member`. */
  readonly name: ByteString;
  /** The digest that names the blob as it lies there, `sha256:…`; absent where nothing does. */
  readonly digest?: string;
  /** Of the blob, bytes. */
  readonly size: number;
  /** By whose rules it is unpacked. */
  readonly engine: UnpackRules['engine'];
  /** The layer that it is unpacked on, where that is a tar too, whether or not it is in the stack; absent for the lowest. */
  readonly below?: TarSource;
  /** Opens it anew each time. Throws Trouble. */
  readonly open: () => OpenBlob;
}

/** What it is called where it is told of. */
export function sourceName(source: LayerSource): ByteString {
  return source.kind === 'directory' ? source.path : source.name;
}

/** The path of a directory; `does` says what is done with it: `examine`. Throws Trouble for a tar. */
export function directoryOf(source: LayerSource, does: string): ByteString {
  if (source.kind === 'directory') return source.path;
  throw new Trouble(
    'store',
    `Cannot ${does} "${shownBytes(source.name)}": the layer is a tar that was never unpacked`,
  );
}
