// What a reference that names a file may go on with as it is typed: the names of this machine behind `oci:`, `docker-archive:` or
// `lowerdir=`, where a shell would not look for any, and the images of an archive behind its colon.
import { readdirSync } from 'node:fs';
import { kindAtPath } from '../../store/named.ts';
import { bytesOfText } from '../../sys/bytes.ts';
import type { Completion } from './line.ts';

/** What follows is a path; of the directories' words none of a file. */
const BEFORE_PATH = /^(?:(oci|dir):|(?:oci-archive|docker-archive):|(lowerdir)=(?:.*:)?)/s;
const PATH = /^(?:\.{0,2}\/|~)/;

/** The archive that a reference begins with, and all that stands before the name of an image in it. */
export interface ArchiveWords {
  readonly path: string;
  readonly before: string;
}

/** Undefined where no archive is there, or it has no colon yet. */
export function archiveWords(text: string): ArchiveWords | undefined {
  const [transport = ''] = /^(?:oci|oci-archive|docker-archive):/.exec(text) ?? [];
  if (transport === '' && !PATH.test(text)) return undefined;
  const wanted = transport === 'oci:' ? 'directory' : 'file';
  for (let at = text.lastIndexOf(':'); at >= transport.length; at = text.lastIndexOf(':', at - 1)) {
    const path = text.slice(transport.length, at);
    if (path !== '' && kindAtPath(bytesOfText(path)) === wanted)
      return { path, before: text.slice(0, at + 1) };
  }
  return undefined;
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
