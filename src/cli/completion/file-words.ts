// What a reference that names a file may go on with as it is typed: the names of this machine behind `oci:`, `docker-archive:` or
// `lowerdir=`, where a shell would not look for any, and the images of an archive behind its colon.
import { readdirSync } from 'node:fs';
import { kindAtPath } from '../../store/named.ts';
import { parseFileReference } from '../../store/reference/file-reference.ts';
import { bytesOfText, textOf } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Completion } from './line.ts';

/** What follows is a path; of the directories' words none of a file. */
const BEFORE_PATH = /^(?:(oci|dir):|(?:oci-archive|docker-archive):|(lowerdir)=(?:.*:)?)/s;

/** The archive that a reference begins with, and all that stands before the name of an image in it. */
export interface ArchiveWords {
  readonly path: string;
  readonly before: string;
}

/** Undefined where no archive is there, or it has no colon yet. */
export function archiveWords(text: string): ArchiveWords | undefined {
  const found = attempt(() => parseFileReference(bytesOfText(text), kindAtPath));
  if (found === undefined || found instanceof Trouble || found.mayBeName) return undefined;
  const path = textOf(found.path);
  const before = text.slice(0, text.length - found.image.length);
  return path === undefined || !before.endsWith(':') ? undefined : { path, before };
}

/** Undefined where what is typed does not begin so. */
export function fileWords(text: string): Completion[] | undefined {
  const [before, ofDirectory, lowerdir] = BEFORE_PATH.exec(text) ?? [];
  if (before === undefined) return undefined;
  const typed = text.slice(before.length);
  const parent = typed.slice(0, typed.lastIndexOf('/') + 1);
  const begin = typed.slice(parent.length);
  const isDirectoryMeant = ofDirectory !== undefined || lowerdir !== undefined;
  return namesIn(parent)
    .filter((name) => name.startsWith(begin) && (begin.startsWith('.') || !name.startsWith('.')))
    .flatMap((name) => {
      const isDirectory = kindAtPath(bytesOfText(parent + name)) === 'directory';
      if (isDirectoryMeant && !isDirectory) return [];
      return [{ word: `${before}${parent}${name}${isDirectory ? '/' : ''}`, meaning: '' }];
    });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory === '' ? '.' : directory).sort();
  } catch {
    return [];
  }
}
