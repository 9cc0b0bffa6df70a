// The steps of an image's history as the lines of a Dockerfile that would have made them: a function of the text that
// the builders record. The classic builder writes `/bin/sh -c #(nop) CMD …`, BuildKit `RUN /bin/sh -c … # buildkit`.

/** What became of a step: an instruction; a comment where the text does not tell one. */
export type Instruction =
  | { readonly kind: 'instruction'; readonly text: string }
  | { readonly kind: 'comment'; readonly text: string };

const DEFAULT_SHELL = '/bin/sh -c';
const INSTRUCTION =
  /^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s/;
const NO_LAYER = /^.*? #\(nop\)\s+/s;
const BUILDKIT = / # buildkit$/;
/** `|2 A=x B=y /bin/sh -c …`: values given with --build-arg. */
const BUILD_ARGUMENTS = /^\|(\d{1,4}) /;
/** The classic builder names what it copied by its hash, and says `in` before the place. */
const COPIED = /^(ADD|COPY) ((?:file|dir|multi):\S+) in (.*?)\s*$/s;

/** The classic builder writes words as Go prints a list of strings: without commas. */
const WORD_LIST = /^(CMD|ENTRYPOINT) \[((?:"(?:[^"\\]|\\.)*" ?)+)\]$/s;
const GO_STRING = /"(?:[^"\\]|\\.)*"/gs;

/** Remembers what SHELL said last. Steps are to be given oldest first. */
export class DockerfileReader {
  #shell = DEFAULT_SHELL;

  /** `createdBy` as the config has it; `comment` of the same step. */
  step(createdBy: string, comment: string | undefined): Instruction {
    const recorded = createdBy.trim();
    if (recorded === '') return { kind: 'comment', text: comment || 'a step without a record' };
    if (NO_LAYER.test(recorded)) return this.#instruction(recorded.replace(NO_LAYER, ''));
    if (INSTRUCTION.test(recorded)) return this.#instruction(recorded.replace(BUILDKIT, ''));
    return this.#run(recorded);
  }

  #instruction(text: string): Instruction {
    if (text.startsWith('RUN ')) return this.#run(text.slice('RUN '.length));
    const shell = /^SHELL \[(.*)\]$/s.exec(text)?.[1];
    if (shell !== undefined) {
      const words = shellWords(shell);
      this.#shell = words.join(' ');
      return { kind: 'instruction', text: `SHELL ${JSON.stringify(words)}` };
    }
    const list = WORD_LIST.exec(text);
    if (list !== null) {
      const [, instruction, words = ''] = list;
      return { kind: 'instruction', text: `${instruction} [${words.match(GO_STRING)?.join(', ')}]` };
    }
    const copied = COPIED.exec(text);
    if (copied !== null) {
      const [, instruction, hash, place] = copied;
      return { kind: 'instruction', text: `${instruction} ${hash} ${place}` };
    }
    return INSTRUCTION.test(`${text} `) ? { kind: 'instruction', text } : { kind: 'comment', text };
  }

  #run(recorded: string): Instruction {
    const { given, command } = withoutArguments(recorded);
    const shell = [this.#shell, DEFAULT_SHELL].find((words) => command.startsWith(`${words} `));
    const text = shell === undefined ? undefined : command.slice(shell.length + 1);
    if (text === undefined) return { kind: 'comment', text: `made by: ${recorded}` };
    const note = given.length === 0 ? '' : `# with ${given.join(' ')}\n`;
    return { kind: 'instruction', text: `${note}RUN ${text}` };
  }
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

/** `"/bin/bash", "-c"` as it was written, or `/bin/bash -c` as both builders record it. */
function shellWords(list: string): string[] {
  return list.split(/[\s,]+/).flatMap((word) => word.replace(/^"(.*)"$/, '$1') || []);
}

/**
 * A long instruction as the lines it was written in: a continued line leaves a run of white space behind. Joined again,
 * they are the same text.
 */
export function foldInstruction(text: string): string {
  return text.replace(/(\S ?)((?:\t| {3})[\t ]*)(?=\S)/g, '$1\\\n$2');
}
