// What the shell's Tab key asks for: from commander's own table and the words so far to what may stand next. Knows no store.
import type { Argument, Command, Option } from 'commander';
import { TOPICS } from '../topics.ts';

export interface Completion {
  readonly word: string;
  readonly meaning: string;
}

/** What may stand in the place of the last word. */
export type Wanted =
  | { readonly kind: 'words'; readonly words: readonly Completion[] }
  | { readonly kind: 'reference' }
  /** A path inside the image that `reference` means. */
  | { readonly kind: 'path'; readonly reference: string; readonly orFile?: true }
  | { readonly kind: 'file' | 'directory' };

export interface Line {
  readonly wanted: Wanted;
  /** The text to complete: the last word, or what stands behind `--option=` in it, which is then `before`. */
  readonly text: string;
  readonly before: string;
  /** The options of the whole program in it, with their values, as commander takes them. */
  readonly globals: readonly string[];
}

/** The words so far, as far as they are whole. */
interface Read {
  readonly command: Command;
  readonly operands: readonly string[];
  readonly globals: readonly string[];
  /** Whose value the next word is. */
  readonly pending: Option | undefined;
  /** Behind `--`. */
  readonly isOver: boolean;
  /** Its own options that were given, by their long names without dashes. */
  readonly given: ReadonlySet<string>;
}

/** `words` without the name of the program; the last one is to be completed. `program` has the command in question. */
export function readLine(program: Command, words: readonly string[]): Line {
  const last = words.at(-1) ?? '';
  const read = readWords(program, words.slice(0, -1));
  const { command, globals, operands } = read;
  const whole = { text: last, before: '', globals };
  if (read.pending !== undefined) return { ...whole, wanted: wantedValue(read.pending, operands) };
  if (!read.isOver && last.startsWith('-')) {
    const equals = last.indexOf('=');
    if (equals < 0) return { ...whole, wanted: { kind: 'words', words: optionWords(command) } };
    const option = findOption(command, last.slice(0, equals));
    const wanted: Wanted = option === undefined ? NOTHING : wantedValue(option, operands);
    return { wanted, text: last.slice(equals + 1), before: last.slice(0, equals + 1), globals };
  }
  const isWithout = command === program;
  return {
    ...whole,
    wanted: isWithout ? { kind: 'words', words: commandWords(program) } : operandOf(program, command, read),
  };
}

const NOTHING: Wanted = { kind: 'words', words: [] };

function readWords(program: Command, words: readonly string[]): Read {
  const operands: string[] = [];
  const globals: string[] = [];
  let command = program;
  let pending: Option | undefined;
  let isOver = false;
  const given = new Set<string>();
  for (const word of words) {
    if (pending !== undefined) {
      if (program.options.includes(pending)) globals.push(`${pending.long}=${word}`);
      pending = undefined;
    } else if (!isOver && word === '--') {
      isOver = true;
    } else if (!isOver && word.startsWith('-') && word !== '-') {
      const option = word.startsWith('--') ? findOption(command, word) : lastOfCluster(command, word);
      if (option?.required) pending = option;
      if (option !== undefined) given.add(option.name());
      const known = findOption(program, word.replace(/=.*/s, ''));
      if (known !== undefined && word.includes('=')) globals.push(word);
    } else if (command === program) {
      command = findCommand(program, word) ?? program;
    } else {
      operands.push(word);
    }
  }
  return { command, operands, globals, pending, isOver, given };
}

/** Where the operands of a command are among `words`, from `start` on. */
export function operandPlaces(command: Command, words: readonly string[], start: number): number[] {
  const places: number[] = [];
  let isValue = false;
  let isOver = false;
  for (let at = start; at < words.length; at++) {
    const word = words[at] ?? '';
    if (isValue) isValue = false;
    else if (isOver) places.push(at);
    else if (word === '--') isOver = true;
    else if (!word.startsWith('-') || word === '-') places.push(at);
    else {
      const option = word.startsWith('--') ? findOption(command, word) : lastOfCluster(command, word);
      isValue = option?.required === true;
    }
  }
  return places;
}

function findCommand(program: Command, word: string): Command | undefined {
  return helpOf(program)
    .visibleCommands(program)
    .find((each) => each.name() === word || each.aliases().includes(word));
}

function findOption(command: Command, word: string): Option | undefined {
  return optionsOf(command).find(({ long, short }) => long === word || short === word);
}

/** `-rd` waits for the value of `-d`, `-d2` has it. */
function lastOfCluster(command: Command, word: string): Option | undefined {
  for (let at = 1; at < word.length; at++) {
    const option = findOption(command, `-${word[at]}`);
    if (option?.required) return at === word.length - 1 ? option : undefined;
  }
  return undefined;
}

/** Its own, and those of the whole program. */
export function optionsOf(command: Command): Option[] {
  const help = helpOf(command);
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

function helpOf(command: Command): ReturnType<Command['createHelp']> {
  return command.createHelp();
}

function optionWords(command: Command): Completion[] {
  return optionsOf(command).flatMap(({ long, short, description }) =>
    [long, short].flatMap((word) => (word === undefined ? [] : [{ word, meaning: description }])),
  );
}

function commandWords(program: Command): Completion[] {
  const help = helpOf(program);
  return help.visibleCommands(program).map((command) => ({
    word: command.name(),
    meaning: help.subcommandDescription(command),
  }));
}

/** The word in the angle brackets of an option says what its value is: `<dir>`, `<file>`, `<path>`. */
function wantedValue(option: Option, operands: readonly string[]): Wanted {
  if (option.argChoices !== undefined) return choices(option.argChoices);
  const name = /[<[]([\w-]+)/.exec(option.flags)?.[1];
  if (name === 'dir') return { kind: 'directory' };
  if (name === 'file') return { kind: 'file' };
  if (name === 'ref') return { kind: 'reference' };
  const [reference] = operands;
  return name === 'path' && reference !== undefined ? { kind: 'path', reference } : NOTHING;
}

function operandOf(program: Command, command: Command, { operands, given }: Read): Wanted {
  const declared = command.registeredArguments;
  // The whole store takes the place of a reference.
  const skipped = command.name() === 'mount' && given.has('all') ? 1 : 0;
  const argument = declared[operands.length + skipped] ?? declared.findLast(({ variadic }) => variadic);
  if (argument === undefined) return NOTHING;
  if (argument.argChoices !== undefined) return choices(argument.argChoices);
  if (argument.name() !== 'command') {
    const wanted = operandOfName(argument, operands);
    // The last of several words is DEST where no -o says where to.
    const mayBeDest = command.name() === 'extract' && operands.length > 1 && !given.has('output');
    return mayBeDest && wanted.kind === 'path' ? { ...wanted, orFile: true } : wanted;
  }
  const topics = [...TOPICS].map(([word, { title }]) => ({ word, meaning: title }));
  return { kind: 'words', words: [...commandWords(program), ...topics] };
}

function operandOfName(argument: Argument, [reference]: readonly string[]): Wanted {
  switch (argument.name()) {
    case 'ref':
    case 'a':
    case 'b':
    case 'path-or-id':
      return { kind: 'reference' };
    case 'path':
      return reference === undefined ? NOTHING : { kind: 'path', reference };
    case 'dir':
      return { kind: 'directory' };
    default:
      return NOTHING;
  }
}

function choices(words: readonly string[]): Wanted {
  return { kind: 'words', words: words.map((word) => ({ word, meaning: '' })) };
}
