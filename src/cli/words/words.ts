// The words of a command line before commander sees them: which of them names the command, and what people type who know
// other tools. Such words are in no list: help has one word for one thing.
import { Trouble } from '../../sys/errors.ts';

/** Global options that take a value in the next word. */
const VALUE_OPTIONS = [
  '--root',
  '--host-root',
  '--additional-root',
  '--containerd-root',
  '--owners',
  '--store',
  '--namespace',
  '--platform',
  '--unpack-as',
  '--overlay',
  '--index-dir',
];

/** Other words for commands. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['ps', 'containers'],
  ['cp', 'extract'],
  ['unmount', 'umount'],
]);

/** `docker image ls`, `podman container inspect`: the second word is the command, `ls` a list of the first. */
const GROUPS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ['image', new Map([['ls', 'images'], ...same('inspect', 'history', 'diff', 'mount', 'save')])],
  ['container', new Map([['ls', 'containers'], ...same('inspect', 'diff', 'export', 'cp', 'mount', 'ps')])],
  ['system', new Map(same('df'))],
]);

const READS = 'stratafs reads what engines keep';

/** Words for what this program does not do, and how it is done. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  [
    'save',
    '"stratafs export" writes the files of an image as a tar, "stratafs export --layer N" the tar of a layer; ' +
      'an image that an engine loads is written by docker save, podman save or skopeo copy',
  ],
  ['load', `${READS}; an archive needs no loading: "stratafs ls ./app.tar"`],
  ['import', `${READS}; an archive needs no loading: "stratafs ls ./app.tar"`],
  ['find', '"stratafs ls -R REF" lists all names, "stratafs mount REF DIR" lets find(1) have them'],
  ['tree', '"stratafs ls -R REF" lists all names, "stratafs mount REF DIR" lets tree(1) have them'],
  ['grep', '"stratafs mount REF DIR" lets grep(1) have the files'],
  ['logs', '"stratafs inspect --config CONTAINER" tells which file the log is'],
  ...alike(
    `${READS}, and runs nothing; "stratafs mount REF DIR" lets any tool of this machine look`,
    'run',
    'exec',
    'sh',
    'start',
  ),
  ...alike(
    `${READS}, and changes nothing`,
    ...['rm', 'rmi', 'prune', 'commit', 'tag', 'build', 'pull', 'push', 'stop', 'kill', 'create'],
  ),
]);

function same(...words: readonly string[]): [string, string][] {
  return words.map((word) => [word, word]);
}

function alike(state: string, ...words: readonly string[]): [string, string][] {
  return words.map((word) => [word, state]);
}

/** Where the word is that names the command: the first that is neither an option nor the value of one, or the one after `help`. */
export function commandPlace(words: readonly string[]): number | undefined {
  return placeOf(words, (word) => word !== 'help');
}

export function commandWord(words: readonly string[]): string | undefined {
  const at = commandPlace(words);
  return at === undefined ? undefined : words[at];
}

/** Where `help` stands as a command; -1 where it does not: it may be the value of an option, or an operand of a command. */
export function helpPlace(words: readonly string[]): number {
  const at = placeOf(words, () => true) ?? -1;
  return words[at] === 'help' ? at : -1;
}

/** Of the first such word that is neither an option nor the value of one. */
function placeOf(words: readonly string[], isMeant: (word: string) => boolean): number | undefined {
  let isValue = false;
  for (const [at, word] of words.entries()) {
    if (isValue) isValue = false;
    else if (VALUE_OPTIONS.includes(word)) isValue = true;
    else if (!word.startsWith('-') && isMeant(word)) return at;
  }
  return undefined;
}

/** The same with the words of this program. Throws Trouble that says the right word where there is none. */
export function ownWords(words: readonly string[]): readonly string[] {
  const at = commandPlace(words);
  const word = at === undefined ? undefined : words[at];
  if (at === undefined || word === undefined) return words;
  const inGroup = GROUPS.get(word)?.get(words[at + 1] ?? '');
  if (inGroup !== undefined) return ownWords(words.toSpliced(at, 2, inGroup));
  if (word === 'version') return words.toSpliced(at, 1, '--version');
  const other = OTHERS.get(word);
  if (other !== undefined) throw new Trouble('usage', `Cannot run command "${word}": ${other}`);
  const own = ALIASES.get(word);
  return own === undefined ? words : words.toSpliced(at, 1, own);
}
