// Results on their way to a terminal, plainly or through a pager. They are held until they are more than the screen holds, or
// the command ends: what fits needs no pager, and lines that pass are shown meanwhile.
import { escapeText } from '../../../told/escape.ts';
import { type DescriptorOutput, type Output, OutputClosed } from '../output.ts';
import type { PagingRule, TerminalOutputs } from '../terminal.ts';
import { choosePager } from './choose-pager.ts';
import { isInPath, PagerProcess } from './pager-process.ts';
import { ScreenLines } from './screen.ts';

/** Whoever read the results has seen enough, which is no failure. */
class PagerLeft extends OutputClosed {
  override readonly isWanted = true;
}

interface Piece {
  readonly to: DescriptorOutput;
  readonly content: string | Uint8Array;
}

/**
 * So much is written before it is known that the pager is one: more than a pipe takes without a reader. Until then all is kept, to be
 * written plainly should it be none.
 */
const PROVEN = 256 << 10;
const CLEAR_LINE = '\r\x1b[K';

/**
 * `held`: not yet more than a screen; `paged`: a pager has the terminal; `plain`: there is no pager after all, or no need for
 * one any more; `left`: the reader has gone, messages are still told.
 */
type State = 'held' | 'paged' | 'plain' | 'left';

export class Paging implements TerminalOutputs {
  readonly out: Output;
  readonly err: Output;
  readonly passing: Output;
  readonly #results: DescriptorOutput;
  readonly #messages: DescriptorOutput;
  readonly #commandLine: string;
  readonly #rule: PagingRule;
  readonly #lines: ScreenLines;
  #state: State = 'held';
  /** In the order in which they came; empty once the pager is known to be one. */
  #kept: Piece[] = [];
  #keptSize = 0;
  #isProven = false;
  #pager: PagerProcess | undefined;
  #hasPassing = false;

  private constructor(
    results: DescriptorOutput,
    messages: DescriptorOutput,
    { commandLine, rule }: { readonly commandLine: string; readonly rule: PagingRule },
  ) {
    this.#results = results;
    this.#messages = messages;
    this.#commandLine = commandLine;
    this.#rule = rule;
    this.#lines = new ScreenLines(results.columns ?? 80);
    this.out = this.#outputTo(results);
    // Messages of the same terminal stand between the results that they came between.
    this.err = messages.columns === undefined ? messages : this.#outputTo(messages);
    this.passing = this.#passingLines();
  }

  /** Undefined where no pager is to be had, or none is wanted. `results` are a terminal. */
  static begin(results: DescriptorOutput, messages: DescriptorOutput, rule: PagingRule): Paging | undefined {
    const commandLine = choosePager(process.env, isInPath);
    return commandLine === undefined ? undefined : new Paging(results, messages, { commandLine, rule });
  }

  /** Writes what is held, or waits for the end of the pager. */
  end(): void {
    if (this.#state === 'held') this.#writePlainly();
    if (this.#state === 'paged') this.#flushToPager();
    const ending = this.#pager?.end();
    this.#pager = undefined;
    if (ending?.ran === false && !this.#isProven) this.#goPlain();
    else if (this.#state === 'paged') this.#state = 'left';
  }

  #outputTo(to: DescriptorOutput): Output {
    return {
      columns: to.columns,
      write: (text) => this.#write({ to, content: text }),
      writeBytes: (bytes) => this.#write({ to, content: Uint8Array.from(bytes) }),
      flush: () => {
        if (this.#state === 'paged') this.#flushToPager();
        else if (this.#state !== 'held') to.flush();
      },
    };
  }

  /** Shown until the pager has the terminal; then each is a look whether anybody still reads. */
  #passingLines(): Output {
    const messages = this.#messages;
    const write = (text: string) => {
      if (this.#state === 'paged') {
        this.#flushToPager();
        if (this.#pager?.hasEnded) this.#lose();
      } else if (this.#state !== 'left') {
        this.#hasPassing = true;
        messages.write(text);
      }
    };
    return {
      columns: messages.columns,
      write,
      writeBytes: (bytes) => write(Buffer.from(bytes).toString('utf8')),
      flush: () => messages.flush(),
    };
  }

  #write(piece: Piece): void {
    const isMessage = piece.to === this.#messages;
    if (this.#state === 'plain' || (this.#state === 'left' && isMessage)) put(piece.to, piece);
    else if (this.#state === 'paged') {
      this.#keep(piece);
      this.#toPager(({ input }) => put(input, piece));
    } else if (this.#state === 'held') this.#hold(piece, isMessage);
    else if (!isMessage) throw new PagerLeft('The pager was left');
  }

  #hold(piece: Piece, isMessage: boolean): void {
    if (isMessage && this.#kept.length === 0) {
      put(piece.to, piece);
      piece.to.flush();
      return;
    }
    this.#keep(piece);
    const { content } = piece;
    if (typeof content === 'string') this.#lines.add(content);
    const isLong = typeof content !== 'string' || this.#lines.count >= this.#results.rows;
    if (isLong || this.#rule === 'always') this.#startPager();
  }

  #keep(piece: Piece): void {
    if (this.#isProven) return;
    this.#kept.push(piece);
    this.#keptSize += piece.content.length;
  }

  #startPager(): void {
    if (this.#hasPassing) {
      this.#messages.write(CLEAR_LINE);
      this.#messages.flush();
    }
    this.#pager = PagerProcess.start(this.#commandLine);
    if (this.#pager === undefined) {
      this.#goPlain();
      return;
    }
    this.#state = 'paged';
    this.#toPager(({ input }) => {
      for (const piece of this.#kept) put(input, piece);
      input.flush();
    });
  }

  #flushToPager(): void {
    this.#toPager(({ input }) => input.flush());
  }

  #toPager(write: (pager: PagerProcess) => void): void {
    try {
      if (this.#pager === undefined) return;
      write(this.#pager);
      this.#isProven = this.#keptSize > PROVEN;
      if (this.#isProven) this.#kept = [];
    } catch (error) {
      if (!(error instanceof OutputClosed)) throw error;
      this.#lose();
    }
  }

  /** The pager reads no more: it was left, or was none from the start. */
  #lose(): void {
    const ending = this.#pager?.end();
    this.#pager = undefined;
    if (ending?.ran === false && !this.#isProven) {
      this.#goPlain();
      return;
    }
    this.#state = 'left';
    throw new PagerLeft('The pager was left');
  }

  #goPlain(): void {
    const state = 'the output is written as it is';
    this.#messages.write(`stratafs: Cannot start the pager "${escapeText(this.#commandLine)}": ${state}\n`);
    this.#messages.flush();
    this.#writePlainly();
  }

  #writePlainly(): void {
    this.#state = 'plain';
    for (const piece of this.#kept.splice(0)) {
      if (piece.to === this.#messages) this.#results.flush();
      put(piece.to, piece);
      if (piece.to === this.#messages) piece.to.flush();
    }
    this.#results.flush();
  }
}

function put(to: DescriptorOutput, { content }: Piece): void {
  if (typeof content === 'string') to.write(content);
  else to.writeBytes(content);
}
