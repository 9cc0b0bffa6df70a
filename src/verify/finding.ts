// What a verification can say: one difference between a layer's record and what lies on disk, or why there is no telling.
import type { ByteString } from '../sys/bytes.ts';

/**
 * content: bytes of a file; missing: recorded, not on disk; extra: on disk, not recorded; whiteout: a mark that hides
 * what lies below is lost or planted; type: another kind of file; mode, owner, link (a symlink's target, or a hard link
 * that leads elsewhere), device, xattr, mtime: as they are named; tar-split: the record itself; chain: the files of
 * layerdb; config, manifest, index: an image's; ambiguous: a file of JSON that engines read in one way and others in
 * another; stack: what leads a daemon from a layer to those below it;
 * repository: a name of an image.
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
  | 'stack'
  | 'blob'
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

/** What a copy that was not made for it loses: `rsync` without `-X`, a zip, another umask, anything that is not root. */
export type Losable = 'owner' | 'xattr' | 'whiteout' | 'opaque' | 'special' | 'hardlink' | 'symlink' | 'mode';

/** Files that only root can make, and many archives have no form for. */
const SPECIAL = ['character device', 'block device', 'fifo'];

/** What is expected where a mark hides all that lies below. */
export const OPAQUE_DIRECTORY = 'an opaque directory';

/** What is found where a hard link was parted from its file. */
export const ANOTHER_FILE = 'another file';

/** The kind of thing that is lost here, if nothing but a loss is told: undefined for a content that is another. */
export function lossOf({ class: kind, expected = '', found = '' }: Finding): Losable | undefined {
  if (kind === 'owner') return kind;
  if (kind === 'mode') return lacksBits(found, expected) ? kind : undefined;
  if (kind === 'link') return found === ANOTHER_FILE ? 'hardlink' : undefined;
  if ((kind === 'missing' || kind === 'type') && expected === 'symlink') return 'symlink';
  if (kind === 'missing') return SPECIAL.includes(expected) ? 'special' : undefined;
  if (kind === 'xattr') return found.startsWith('no ') ? kind : undefined;
  if (kind !== 'whiteout') return undefined;
  if (expected === OPAQUE_DIRECTORY) return 'opaque';
  return found === 'nothing' ? kind : undefined;
}

/** A mode that lacks bits and has no others: what a umask or a change of owner leaves. Both in octal. */
function lacksBits(found: string, expected: string): boolean {
  return (Number.parseInt(found, 8) & ~Number.parseInt(expected, 8)) === 0;
}

export type Report = (finding: Finding) => void;

export interface Progress {
  /** Told of bytes as they are hashed. */
  bytes(count: number): void;
}
