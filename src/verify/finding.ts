// What a verification can say: one difference between a layer's record and what lies on disk, or why there is no telling.
import type { ByteString } from '../sys/bytes.ts';

/**
 * content: bytes of a file; missing: recorded, not on disk; extra: on disk, not recorded; whiteout: a mark that hides
 * what lies below is lost or planted; type: another kind of file; mode, owner, link (a symlink's target, or a hard link
 * that leads elsewhere), device, xattr, mtime: as they are named; tar-split: the record itself; chain: the files of
 * layerdb; config, manifest, index: an image's; ambiguous: a file of JSON that engines read in one way and others in
 * another; repository: a name of an image.
 */
export type FindingClass =
  | 'content'
  | 'missing'
  | 'extra'
  | 'whiteout'
  | 'type'
  | 'mode'
  | 'owner'
  | 'link'
  | 'device'
  | 'xattr'
  | 'mtime'
  | 'tar-split'
  | 'chain'
  | 'config'
  | 'manifest'
  | 'index'
  | 'ambiguous'
  | 'repository';

/**
 * tampered: what is there is not what was recorded; unverifiable: it cannot be told; known: a difference that Docker
 * itself makes; note: one that proves nothing.
 */
export type Severity = 'tampered' | 'unverifiable' | 'known' | 'note';

export interface Finding {
  readonly severity: Severity;
  readonly class: FindingClass;
  /** Relative to the layer's root, empty for the root; absent where no single file is meant. */
  readonly path?: ByteString;
  /** What was recorded, and what is there; bytes of names in them are latin1. */
  readonly expected?: string;
  readonly found?: string;
  /** In words, where the two do not say it all. */
  readonly message?: string;
}

/** What a copy that was not made for it loses: `rsync` without `-X`, a zip, anything that is not root. */
export type Losable = 'owner' | 'xattr' | 'whiteout' | 'special' | 'hardlink';

/** Files that only root can make, and many archives have no form for. */
const SPECIAL = ['character device', 'block device', 'fifo'];

/** What is found where a hard link was parted from its file. */
export const ANOTHER_FILE = 'another file';

/** The kind of thing that is lost here, if nothing but a loss is told: undefined for a content that is another. */
export function lossOf({ class: kind, expected = '', found = '' }: Finding): Losable | undefined {
  if (kind === 'owner') return kind;
  if (kind === 'link') return found === ANOTHER_FILE ? 'hardlink' : undefined;
  if (kind === 'missing') return SPECIAL.includes(expected) ? 'special' : undefined;
  if (kind === 'xattr') return found.startsWith('no ') ? kind : undefined;
  return kind === 'whiteout' && (found === 'nothing' || found === 'not opaque') ? kind : undefined;
}

export type Report = (finding: Finding) => void;

export interface Progress {
  /** Told of bytes as they are hashed. */
  bytes(count: number): void;
}
