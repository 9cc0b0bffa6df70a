// Archives of images that a person names: as a reference, or as the root. Each is opened once, as long as it is
// the same on disk: who uses the library may ask for years.

import type { OpenOptions } from '../store/kind.ts';
import { kindAtPath, versionAtPath } from '../store/named.ts';
import {
  absentFile,
  type FileReference,
  fileOfName,
  parseFileReference,
} from '../store/reference/file-reference.ts';
import { NoSuchReference } from '../store/reference/reference.ts';
import type { Store } from '../store/store.ts';
import { type ByteString, bytesOfText, shownBytes } from '../sys/bytes.ts';
import { attempt, Trouble } from '../sys/errors.ts';
import type { TarReading } from './tars.ts';

const opened = new Map<string, Promise<Store>>();

export interface ArchiveOptions extends OpenOptions {
  /** Says how far a compressed one is read. */
  readonly tars?: TarReading;
}

/** Throws Trouble where there is no image in it. */
export async function openArchiveOnce(path: ByteString, options: ArchiveOptions): Promise<Store> {
  const key = JSON.stringify([path, options.platform, ...versionsOf(path)]);
  const known = opened.get(key);
  const store = known ?? open(path, options);
  opened.set(key, store);
  try {
    return await store;
  } catch (error) {
    // What could not be opened may be mended when it is asked for again.
    if (opened.get(key) === store) opened.delete(key);
    // Who began to read it may have given up, which is no answer for others.
    if (known !== undefined && !(error instanceof Trouble)) return openArchiveOnce(path, options);
    throw error;
  }
}

/** Of a directory its index says which images it has, whose blobs are named by their hashes. */
function versionsOf(path: ByteString): (string | undefined)[] {
  return ['', '/index.json', '/manifest.json'].map((name) => versionAtPath(`${path}${name}` as ByteString));
}

async function open(path: ByteString, { tars, ...options }: ArchiveOptions): Promise<Store> {
  const { openArchiveStore } = await import('../store/open.ts');
  const line = tars?.watch('the archive');
  try {
    return await openArchiveStore(path, { ...options, progress: (done, all) => line?.show(done, all) });
  } finally {
    line?.clear();
  }
}

/** The root as an archive: one that is a file. */
export function archiveRoot(root: string): ByteString | undefined {
  const path = bytesOfText(root);
  return kindAtPath(path) === 'file' ? path : undefined;
}

/** A reference, and the bytes that it was given as: it may be a path. */
export interface GivenReference {
  readonly reference: string;
  readonly bytes: ByteString;
}

/**
 * What a reference means where that is a file. Throws Trouble where the words may as well mean something in a store that
 * `isInStore` knows.
 */
export async function fileReferenceOf(
  { reference, bytes }: GivenReference,
  isInStore: () => Promise<boolean>,
): Promise<FileReference | undefined> {
  const found = parseFileReference(bytes, kindAtPath);
  if (found?.mayBeName !== true || !(await isInStore())) return found;
  throw new Trouble(
    'reference',
    `Cannot tell what "${reference}" means: "${shownBytes(found.path)}" is a file here, and the store has something of this name; ` +
      `write "./${reference}" or "image:${reference}"`,
  );
}

/** What `find` answers; where that is nothing, but a file is called so, or would be, that is said too. */
export function orFile<T>(given: GivenReference, find: () => T): T {
  const answer = attempt(find);
  if (!(answer instanceof Trouble)) return answer;
  if (answer.kind !== 'reference') throw answer;
  const file = answer instanceof NoSuchReference ? fileOfName(given.bytes, kindAtPath) : undefined;
  if (file === undefined) throw withAbsentFile(answer, given);
  throw new Trouble('reference', `${answer.message} ("${file}" is a file here)`, { cause: answer });
}

/** A store that cannot be opened is half of the answer where the words are called as archives are, and no file is. */
export function withAbsentFile(trouble: Trouble, { bytes }: GivenReference): Trouble {
  const path = absentFile(bytes, kindAtPath);
  if (path === undefined) return trouble;
  const message = `${trouble.message} (and there is no file "${shownBytes(path)}" here)`;
  return new Trouble(trouble.kind, message, { cause: trouble });
}
