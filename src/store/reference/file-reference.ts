// What a reference means where it names a file: an archive of images, and an image in it. No store is looked at.
//
//   ./app.tar   app.tar   /x/app.tar.gz         the only image of a file, by a path or by what archives are called
//   app.tar:demo:1   app.tar@sha256:…           one of its images
//   oci:DIR   oci:DIR:1.2   dir:DIR             a directory that is an OCI layout, or one that skopeo's `dir:` wrote
//   oci-archive:FILE:1.2   docker-archive:FILE:demo:1   docker-archive:FILE:@0      a file, in skopeo's words
//
// Behind the path comes the image, after a colon or as `@sha256:…`. Where several paths are there, the longest is meant.
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import type { FileKind } from '../file-state.ts';

export interface FileReference {
  readonly path: ByteString;
  /** What follows the path, without the colon; empty where nothing does. */
  readonly image: string;
  /** Whether a store may have something of the same name: the words do not say that a file is meant. */
  readonly mayBeName: boolean;
}

type KindAt = (path: ByteString) => FileKind | undefined;

const TRANSPORT = /^(oci|oci-archive|docker-archive|dir):(?!\/\/)(.*)$/s;
/** Of files: of what engines and people write. */
const SUFFIX = /\.(?:tar|tgz|tzst|oci)$|\.(?:tar|oci)\.(?:gz|zst|zstd)$/i;
/** What no name in a store begins with; a single name after one slash is a container. */
const PLAIN_PATH = /^(?:\.{1,2}\/|\/[^/]*\/|~\/)/;

/** Undefined where no file is meant. `bytes` are the words as they were written. Throws Trouble where one is, but is not there. */
export function parseFileReference(bytes: ByteString, kindAt: KindAt): FileReference | undefined {
  const [, transport, rest = ''] = TRANSPORT.exec(bytes) ?? [];
  if (transport !== undefined) return named(transport, rest, kindAt);
  if (/^(?:image|container|lowerdir)[:=]/.test(bytes)) return undefined;
  for (const [path, image] of splits(bytes)) {
    if (kindAt(path) !== 'file') continue;
    if (PLAIN_PATH.test(path)) return { path, image, mayBeName: false };
    if (path.includes('/') || SUFFIX.test(path)) return { path, image, mayBeName: true };
  }
  const path = pathPart(bytes);
  if (!PLAIN_PATH.test(bytes)) return undefined;
  throw missing(path, kindAt(path));
}

/** Whether words say that a file is meant, whatever is there. */
export function meansFile(words: string): boolean {
  return TRANSPORT.test(words) || PLAIN_PATH.test(words);
}

/** Whether a path is one that archives have. */
export function isArchiveName(path: string): boolean {
  return SUFFIX.test(path);
}

/** A name without anything that says that a file is meant, but there is one: how the file would be written. */
export function fileOfName(bytes: ByteString, kindAt: KindAt): string | undefined {
  for (const [path] of splits(bytes)) {
    if (!path.startsWith('/') && kindAt(path) === 'file') return `./${shownBytes(bytes)}`;
  }
  return undefined;
}

/** The path in words that are called as archives are, though nothing is there. */
export function absentFile(bytes: ByteString, kindAt: KindAt): ByteString | undefined {
  const found = [...splits(bytes)].find(([path]) => SUFFIX.test(path));
  return found !== undefined && kindAt(found[0]) === undefined ? found[0] : undefined;
}

function named(transport: string, rest: string, kindAt: KindAt): FileReference | undefined {
  const wanted = transport === 'oci' || transport === 'dir' ? 'directory' : 'file';
  if (rest === '') {
    const state = `a ${wanted} is to follow: "${transport}:${wanted === 'file' ? 'FILE' : 'DIR'}"`;
    throw new Trouble('usage', `Cannot open archive "${transport}:": ${state}`);
  }
  for (const [path, image] of splits(rest)) {
    if (kindAt(path) === wanted) return { path, image, mayBeName: false };
  }
  const path = pathPart(rest);
  const other = wanted === 'file' ? 'directory' : 'file';
  if (kindAt(path) === other) {
    const word = other === 'file' ? 'oci-archive:' : 'oci:';
    const state = `it is a ${other}: write "${word}${shownBytes(path)}"`;
    throw new Trouble('reference', `Cannot open archive "${shownBytes(path)}": ${state}`);
  }
  throw missing(path, undefined);
}

/** The longest first: `a:b:c` is the file `a:b:c`, `a:b` with the image `c`, or `a` with `b:c`. */
function* splits(words: string): Generator<readonly [path: ByteString, image: string]> {
  yield [words as ByteString, ''];
  for (let at = words.length - 1; at > 0; at--) {
    if (words[at] !== ':' && words[at] !== '@') continue;
    const image = words.slice(words[at] === '@' ? at : at + 1);
    yield [words.slice(0, at) as ByteString, Buffer.from(image, 'latin1').toString('utf8')];
  }
}

/** What is most likely the path where nothing is there. */
function pathPart(words: string): ByteString {
  const [path = ''] = words.split(/@sha256:|:/, 1);
  return path as ByteString;
}

function missing(path: ByteString, kind: FileKind | undefined): Trouble {
  const state =
    kind === 'directory'
      ? `it is a directory: write "oci:${shownBytes(path)}" for an OCI layout, "--root ${shownBytes(path)}" for a store, or "lowerdir=" for plain directories`
      : kind === undefined
        ? 'no such file'
        : 'it is not a regular file';
  return new Trouble('store', `Cannot open archive "${shownBytes(path)}": ${state}`);
}
