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

/** Remembers what SHELL said last. Steps are to be given oldest first. */
export class DockerfileReader {
  #shell = DEFAULT_SHELL;

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
    const words = argumentsOf(keyword, rest);
    // A backslash at the end would take the next instruction with it.
    const isLine = words !== undefined && words !== '' && !/[\n\r]/.test(words) && !words.endsWith('\\');
    return isLine
      ? { kind: 'instruction', text: `${keyword} ${words}` }
      : { kind: 'comment', text: `made by: ${text}` };
  }

  #run(recorded: string): Instruction {
    const { given, command } = withoutArguments(recorded);
    const shell = [this.#shell, DEFAULT_SHELL].find((words) => command.startsWith(`${words} `));
    const text = shell === undefined ? undefined : command.slice(shell.length + 1);
    if (text === undefined) return { kind: 'comment', text: `made by: ${recorded}` };
    const note = given.length === 0 ? {} : { note: `with ${given.join(' ').replace(/[\n\r]/g, ' ')}` };
    return { kind: 'instruction', text: runText(text), ...note };
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

/** What follows an instruction, from the form that Go prints its values in. Undefined where it cannot be understood. */
function argumentsOf(keyword: string, rest: string): string | undefined {
  switch (keyword) {
    case 'ADD':
    case 'COPY': {
      const [, hash, place] = COPIED.exec(rest) ?? [];
      return hash === undefined ? rest : `${hash} ${place?.trim()}`;
    }
    case 'ARG':
    case 'ENV':
    case 'LABEL':
      return pairs(rest);
    case 'CMD':
    case 'ENTRYPOINT': {
      const words = goList(rest) ?? goWords(rest);
      return words === undefined ? rest : `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;
    }
    case 'EXPOSE':
      return (goWords(rest) ?? [rest]).join(' ');
    case 'HEALTHCHECK':
      return rest.startsWith('&{') ? healthCheck(rest) : rest;
    case 'SHELL':
      return JSON.stringify(wordsOfShell(rest));
    case 'VOLUME': {
      const words = goList(rest) ?? goWords(rest);
      return words === undefined ? rest : JSON.stringify(words);
    }
    default:
      return rest;
  }
}

/** `["/bin/bash", "-c"]` as it was written, or `[/bin/bash -c]` as both builders record it. */
function wordsOfShell(list: string): string[] {
  return goList(list) ?? goWords(list) ?? [];
}

/** `A=b c D=e`: the builders record values without their quotes. A word without `=` goes on the value before it. */
function pairs(text: string): string {
  const all: { readonly name: string; value: string }[] = [];
  for (const word of text.split(' ')) {
    const equals = word.indexOf('=');
    const last = all.at(-1);
    if (equals > 0) all.push({ name: word.slice(0, equals), value: word.slice(equals + 1) });
    else if (last === undefined) return text;
    else last.value += ` ${word}`;
  }
  return all.map(({ name, value }) => `${name}=${quoted(value)}`).join(' ');
}

function quoted(value: string): string {
  return PLAIN_VALUE.test(value) ? value : `"${value.replace(/[\\"$]/g, '\\$&')}"`;
}

const OPTIONS = ['interval', 'timeout', 'start-period', 'start-interval'] as const;

/** `&{["CMD-SHELL" "true"] "30s" "3s" "0s" "0s" '\x03'}`: Go's container.HealthConfig; before 25.0 without the fourth time. */
function healthCheck(text: string): string | undefined {
  const end = endOfList(text);
  const [kind, ...command] = goList(text.slice(2, end)) ?? [];
  const [times = '', retries = ''] = text.slice(end).split(" '", 2);
  const values = times.split(' ').filter((word) => word.startsWith('"'));
  const options = OPTIONS.flatMap((name, index) => {
    const value = values[index]?.replaceAll('"', '') ?? '0s';
    return value === '0s' || !/^[\w.]+$/.test(value) ? [] : [`--${name}=${value}`];
  });
  const count = goStringAt(`"${retries.slice(0, retries.lastIndexOf("'"))}"`, 0)?.value.codePointAt(0) ?? 0;
  if (count > 0) options.push(`--retries=${count}`);
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
