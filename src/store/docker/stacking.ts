// What the daemon stacks, which it does not ask layerdb for: a directory's file `lower` lists those below it by their short
// links, top first, and a directory that is made on top takes its short link from the file `link` (moby
// daemon/graphdriver/overlay2/overlay.go: getLower, Get; fuse-overlayfs's driver is the same).
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { StoreFiles } from '../files.ts';
import { quoted } from '../formats/json.ts';
import type { DockerRoot } from './driver.ts';
import { directoryOfTarget, shortLinks, shortLinkTargets } from './driver-directories.ts';

/** Where short links lead. */
export interface ShortLinks {
  /** Name → directory, of those that lead to one. */
  readonly directories: ReadonlyMap<string, string>;
  /** Name → directory, of those that lead to one of which nothing is there: they are among the broken ones too. */
  readonly gone: ReadonlyMap<string, string>;
  /** Name → why it leads to none, as the end of a sentence. */
  readonly broken: ReadonlyMap<ByteString, string>;
}

/** Throws Trouble where they cannot be listed. */
export function readShortLinks(root: DockerRoot): ShortLinks {
  const { files, driver } = root;
  const directories = new Map<string, string>();
  const gone = new Map<string, string>();
  const broken = new Map<ByteString, string>();
  for (const [name, target] of shortLinkTargets(root, shortLinks(root))) {
    if (target instanceof Trouble) broken.set(name, target.message);
    else if (target === undefined) broken.set(name, 'not a symbolic link');
    else {
      const directory = directoryOfTarget(target);
      if (directory === undefined) broken.set(name, `it leads to "${shownBytes(target)}", which is no layer`);
      else {
        const kind = attempt(() => files.kindOf(`${driver.home}/${directory}/diff`));
        if (kind === 'directory') directories.set(name, directory);
        else broken.set(name, `it leads to "${shownBytes(target)}", which is not there`);
        if (kind === undefined) gone.set(name, directory);
      }
    }
  }
  return { directories, gone, broken };
}

/** How the daemon's way differs from the recorded one: it stacks another directory, or cannot mount what is listed. */
export type StackDifference = {
  /** The file in the directory. */
  readonly file: 'link' | 'lower';
  /** As the end of a sentence. */
  readonly state: string;
} & (
  | {
      readonly kind: 'other';
      /** Which of those below it, or itself. */
      readonly which: string;
      /** Directories. */
      readonly expected: string;
      readonly found: string;
    }
  | { readonly kind: 'broken' }
);

/** Whether the driver has such files. */
export function hasShortLinks({ driver }: DockerRoot): boolean {
  return driver.hasLinks === true;
}

/** The daemon takes each byte for a part of a name, white space included. */
function readAsIs(files: StoreFiles, path: string): string | undefined {
  return files.readIfPresent(path)?.toString('latin1');
}

export function linkDifference(
  { files, driver }: DockerRoot,
  { directories, gone }: ShortLinks,
  directory: string,
): StackDifference | undefined {
  const broken = (state: string): StackDifference => ({ file: 'link', kind: 'broken', state });
  const link = attempt(() => readAsIs(files, `${driver.home}/${directory}/link`));
  if (link instanceof Trouble) return broken(link.message);
  if (link === undefined || link === '') return broken('no file "link", or nothing in it');
  const found = directories.get(link);
  if (found === directory) return undefined;
  const name = `its short link "${driver.home}/l/${link}"`;
  if (gone.get(link) === directory) return broken(`${name} leads to its "diff", which is not there`);
  if (found === undefined) return broken(`${name} leads to no layer`);
  const state = `${name} leads to "${found}"`;
  return { file: 'link', kind: 'other', state, which: 'itself', expected: directory, found };
}

/** An entry of a file `lower`. */
const SHORT_LINK = /^l\/[A-Z0-9]{26}$/;

/** `below` are the directories below it, top first, as layerdb tells; undefined for one that is not known. */
export function lowerDifference(
  { files, driver }: DockerRoot,
  { directories, gone }: ShortLinks,
  directory: string,
  below: readonly (string | undefined)[],
): StackDifference | undefined {
  const broken = (state: string): StackDifference => ({ file: 'lower', kind: 'broken', state });
  const lower = attempt(() => readAsIs(files, `${driver.home}/${directory}/lower`));
  if (lower instanceof Trouble) return broken(lower.message);
  const listed = lower?.split(':') ?? [];
  const names = listed.map((entry) => /^l\/(.*)$/.exec(entry)?.[1] ?? '');
  const stacked = names.map((name) => directories.get(name) ?? gone.get(name));
  const isSame = (recorded: string | undefined, i: number) =>
    recorded === undefined || recorded === stacked[i];
  if (stacked.length === below.length && below.every(isSame)) {
    const lost = names.findIndex((name) => gone.has(name));
    if (lost === -1) return undefined;
    // Nobody wrote another list: the directory that the right one leads to is lost, and its own layer tells of it.
    return broken(
      `${quoted(listed[lost] ?? '')} leads to layer ${lost + 1} below it, "${stacked[lost]}", which is not there`,
    );
  }
  const state = lower === undefined ? 'no file "lower"' : `its file "lower" lists ${listed.length} layers`;
  const entry = listed[stacked.indexOf(undefined)];
  if (entry !== undefined) {
    // What is no short link, and a link to elsewhere, a daemon mounts; only what is not there stops it.
    const isThere =
      !SHORT_LINK.test(entry) || attempt(() => files.kindOf(`${driver.home}/${entry}`)) !== undefined;
    const words = `${state}; ${quoted(entry)} leads to no layer; its record has ${below.length}`;
    if (!isThere) return broken(words);
    const at = stacked.indexOf(undefined);
    const expected = below[at] ?? 'none';
    return {
      file: 'lower',
      kind: 'other',
      state: words,
      which: `layer ${at + 1} below it`,
      expected,
      found: entry,
    };
  }
  const at = [...below, 'none'].findIndex((recorded, i) => !isSame(recorded, i));
  const [found, expected] = [stacked[at] ?? 'none', below[at] ?? 'none'];
  const which = `layer ${at + 1} below it`;
  const words = `${state}; ${which} is ${found}, by its record ${expected}`;
  return { file: 'lower', kind: 'other', state: words, which, expected, found };
}
