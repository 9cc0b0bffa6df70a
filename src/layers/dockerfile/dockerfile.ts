// The steps of an image's history as the lines of a Dockerfile that would have made them: a function of the text that
// the builders record. The classic builder writes `/bin/sh -c #(nop) CMD …`, BuildKit `RUN /bin/sh -c … # buildkit`.
// What was recorded is anybody's: a step that cannot be written as an instruction becomes a comment.
import { goList, goStringAt, goWords } from './go-syntax.ts';

/** What became of a step: an instruction; a comment where the text does not tell one. */
export type Instruction =
  | {
      readonly kind: 'instruction';
      /** One line, unless a heredoc is in it. */
      readonly text: string;
      /** What has no place in an instruction, on one line. */
      readonly note?: string;
      readonly keyword: string;
      /** What it says, one by one: `NAME=value`, words, ports; the command of RUN. */
      readonly words: readonly string[];
      /** Of RUN: values given with --build-arg, `NAME=value`. */
      readonly given?: readonly string[];
    }
  | { readonly kind: 'comment'; readonly text: string };

const DEFAULT_SHELL = '/bin/sh -c';
const INSTRUCTION =
  /^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s/;
const NO_LAYER = ' #(nop) ';
const BUILDKIT = ' # buildkit';
/** `|2 A=x B=y /bin/sh -c …`: values given with --build-arg. */
const BUILD_ARGUMENTS = /^\|(\d{1,4}) /;
/** The classic builder names what it copied by its hash, and says `in` before the place. */
const COPIED = /^((?:file|dir|multi):\S+) in (.*)$/;
/** A value that is the same with quotes and without. */
const PLAIN_VALUE = /^[\w.,:;/@%+=~*?!^(){}[\]<>|&-]*$/;

/** Names that the config in the end has: the steps do not tell where a value of several words ends. */
export interface ConfigNames {
  readonly env?: ReadonlySet<string>;
  readonly labels?: ReadonlySet<string>;
  readonly volumes?: ReadonlySet<string>;
}

/** Remembers what SHELL said last. Steps are to be given oldest first. */
export class DockerfileReader {
  readonly #known: ConfigNames;
  #shell = DEFAULT_SHELL;

  constructor(known: ConfigNames = {}) {
    this.#known = known;
  }

  /** `createdBy` as the config has it; `comment` of the same step. */
  step(createdBy: string, comment: string | undefined): Instruction {
    const recorded = createdBy.trim();
    if (recorded === '') return { kind: 'comment', text: comment || 'a step without a record' };
    const silent = this.#withoutLayer(recorded);
    if (silent !== undefined) return this.#instruction(silent);
    if (!INSTRUCTION.test(recorded)) return this.#run(recorded);
    return this.#instruction(
      recorded.endsWith(BUILDKIT) ? recorded.slice(0, -BUILDKIT.length).trimEnd() : recorded,
    );
  }

  /** What follows `/bin/sh -c #(nop) `. A command that has these words elsewhere is a command. */
  #withoutLayer(recorded: string): string | undefined {
    const at = recorded.indexOf(NO_LAYER);
    if (at < 0) return undefined;
    const isCommand = [this.#shell, DEFAULT_SHELL].some(
      (shell) => recorded.startsWith(`${shell} `) && at !== shell.length,
    );
    return isCommand ? undefined : recorded.slice(at + NO_LAYER.length).trim();
  }

  #instruction(text: string): Instruction {
    const keyword = INSTRUCTION.exec(`${text} `)?.[1];
    if (keyword === undefined) return { kind: 'comment', text };
    const rest = text.slice(keyword.length).trim();
    if (keyword === 'RUN') return this.#run(rest);
    if (keyword === 'SHELL') this.#shell = wordsOfShell(rest).join(' ');
    const said = argumentsOf(keyword, rest, this.#known);
    // A backslash at the end would take the next instruction with it, unless another is before it.
    const isLine = said?.text && !/[\n\r]/.test(said.text) && !/(?:^|[^\\])(?:\\\\)*\\$/.test(said.text);
    return isLine
      ? { kind: 'instruction', text: `${keyword} ${said.text}`, keyword, words: said.words }
      : { kind: 'comment', text: `made by: ${text}` };
  }

  #run(recorded: string): Instruction {
    const { given, command } = withoutArguments(recorded);
    const shell = [this.#shell, DEFAULT_SHELL].find((words) => command.startsWith(`${words} `));
    const text = shell === undefined ? undefined : command.slice(shell.length + 1);
    if (text === undefined) return { kind: 'comment', text: `made by: ${recorded}` };
    const note = given.length === 0 ? {} : { note: `with ${given.join(' ').replace(/[\n\r]/g, ' ')}` };
    return { kind: 'instruction', text: runText(text), ...note, keyword: 'RUN', words: [text], given };
  }
}

/** What is told of a step, line by line. */
export function dockerfileLines(instruction: Instruction): string[] {
  if (instruction.kind === 'comment') return instruction.text.split(/\r\n?|\n/).map((line) => `# ${line}`);
  const { text, note } = instruction;
  const lines = (text.includes('\n') ? text : foldInstruction(text)).split('\n');
  return note === undefined ? lines : [`# ${note}`, ...lines];
}

/** A command of several lines was a heredoc; BuildKit records what was in it. */
function runText(command: string): string {
  if (!/[\n\r]/.test(command) && !command.endsWith('\\')) return `RUN ${command}`;
  const lines = command.split('\n');
  let end = 'EOF';
  while (lines.includes(end)) end += '_';
  const last = command.endsWith('\n') ? '' : '\n';
  return `RUN <<${end}\n${command}${last}${end}`;
}

/** Values hold no spaces here, or it cannot be told where they end; then all of it is the command. */
function withoutArguments(recorded: string): { given: string[]; command: string } {
  const count = BUILD_ARGUMENTS.exec(recorded)?.[1];
  if (count === undefined) return { given: [], command: recorded };
  const words = recorded.split(' ');
  const given = words.slice(1, 1 + Number(count));
  if (!given.every((word) => /^\w+=/.test(word))) return { given: [], command: recorded };
  return { given, command: words.slice(1 + Number(count)).join(' ') };
}

interface Said {
  readonly text: string;
  readonly words: readonly string[];
}

const said = (words: readonly string[], text = words.join(' ')): Said => ({ text, words });

/** What follows an instruction, from the form that Go prints its values in. Undefined where it cannot be understood. */
function argumentsOf(keyword: string, rest: string, known: ConfigNames): Said | undefined {
  switch (keyword) {
    case 'ADD':
    case 'COPY': {
      const [, hash, place] = COPIED.exec(rest) ?? [];
      return said([hash === undefined ? rest : `${hash} ${place?.trim()}`]);
    }
    case 'ARG':
      return pairs(rest, undefined);
    case 'ENV':
      return pairs(rest, known.env);
    case 'LABEL':
      return pairs(rest, known.labels);
    case 'CMD':
    case 'ENTRYPOINT': {
      const words = goList(rest) ?? goWords(rest);
      return words === undefined ? said([rest]) : said(words, jsonWords(words));
    }
    case 'EXPOSE': {
      const ports = goWords(rest) ?? rest.split(' ');
      return said(ports, ports.map(escaped).join(' '));
    }
    case 'HEALTHCHECK':
      return rest.startsWith('&{') ? healthCheck(rest) : said([rest]);
    case 'SHELL': {
      const words = wordsOfShell(rest);
      return said(words, JSON.stringify(words));
    }
    case 'STOPSIGNAL':
    case 'USER':
    case 'WORKDIR':
      return said([rest], escaped(rest));
    case 'VOLUME': {
      const words = goList(rest) ?? joined(goWords(rest), known.volumes);
      return words === undefined ? said([rest]) : said(words, JSON.stringify(words.map(escaped)));
    }
    default:
      return said([rest]);
  }
}

/** Words without quotes, put together where that gives a known one. */
function joined(
  words: readonly string[] | undefined,
  known: ReadonlySet<string> = new Set(),
): string[] | undefined {
  const all: string[] = [];
  for (let at = 0; words !== undefined && at < words.length; ) {
    let end = words.length;
    while (end > at + 1 && !known.has(words.slice(at, end).join(' '))) end--;
    all.push(words.slice(at, end).join(' '));
    at = end;
  }
  return words === undefined ? undefined : all;
}

/** As CMD and ENTRYPOINT are written. */
export function jsonWords(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;
}

/** Without what the builder would take for a variable or a quote. */
export function escaped(text: string): string {
  return text.replace(/[\\$"']/g, '\\$&');
}

/** `["/bin/bash", "-c"]` as it was written, or `[/bin/bash -c]` as both builders record it. */
function wordsOfShell(list: string): string[] {
  return goList(list) ?? goWords(list) ?? [];
}

/**
 * `A=b c D=e`: the builders record values without their quotes. Only a known name begins another value, where names are known; else
 * a word without `=` goes on the value before it.
 */
function pairs(text: string, known: ReadonlySet<string> | undefined): Said {
  const all: { readonly name: string; value: string }[] = [];
  for (const word of text.split(' ')) {
    const equals = word.indexOf('=');
    const last = all.at(-1);
    const isName =
      equals > 0 && (known === undefined || last === undefined || known.has(word.slice(0, equals)));
    if (isName) all.push({ name: word.slice(0, equals), value: word.slice(equals + 1) });
    else if (last === undefined) return said([text]);
    else last.value += ` ${word}`;
  }
  return said(
    all.map(({ name, value }) => `${name}=${value}`),
    all.map(({ name, value }) => pair(name, value)).join(' '),
  );
}

/** As ENV and LABEL are written. */
export function pair(name: string, value: string): string {
  return `${quoted(name)}=${quoted(value)}`;
}

function quoted(value: string): string {
  return PLAIN_VALUE.test(value) ? value : `"${value.replace(/[\\"$]/g, '\\$&')}"`;
}

export const HEALTH_OPTIONS = ['interval', 'timeout', 'start-period', 'start-interval'] as const;

/** `&{["CMD-SHELL" "true"] "30s" "3s" "0s" "0s" '\x03'}`: Go's container.HealthConfig; before 25.0 without the fourth time. */
function healthCheck(text: string): Said | undefined {
  const end = endOfList(text);
  const test = goList(text.slice(2, end)) ?? [];
  const [times = '', retries = ''] = text.slice(end).split(" '", 2);
  const values = times.split(' ').filter((word) => word.startsWith('"'));
  const options = HEALTH_OPTIONS.flatMap((name, index) => {
    const value = values[index]?.replaceAll('"', '') ?? '0s';
    return value === '0s' || !/^[\w.]+$/.test(value) ? [] : [`--${name}=${value}`];
  });
  const count = goStringAt(`"${retries.slice(0, retries.lastIndexOf("'"))}"`, 0)?.value.codePointAt(0) ?? 0;
  const words = healthText(test, count > 0 ? [...options, `--retries=${count}`] : options);
  return words === undefined ? undefined : said([words]);
}

/** As HEALTHCHECK is written. `test` as the config has it. */
export function healthText(test: readonly string[], options: readonly string[]): string | undefined {
  const [kind, ...command] = test;
  if (kind === 'NONE') return 'NONE';
  if (kind === 'CMD') return [...options, `CMD ${JSON.stringify(command)}`].join(' ');
  return kind === 'CMD-SHELL' ? [...options, `CMD ${command.join(' ')}`].join(' ') : undefined;
}

/** Where the list ends that begins at the third character. */
function endOfList(text: string): number {
  let at = 3;
  for (let next = goStringAt(text, at); next !== undefined; next = goStringAt(text, at)) {
    at = next.end;
    if (text[at] === ' ') at++;
  }
  return at + 1;
}

/**
 * A long instruction as the lines it was written in: a continued line leaves a run of white space behind. Joined again,
 * they are the same text: a line that began with `#` would be left out.
 */
export function foldInstruction(text: string): string {
  return text.replace(/(\S ?)((?:\t| {3})[\t ]*)(?=[^\s#])/g, '$1\\\n$2');
}
