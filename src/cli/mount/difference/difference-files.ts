// What `stratafs diff` and `stratafs diff --json` print of a comparison, as files of a mount of it.
import { tmpdir } from 'node:os';
import type { Change, Sink, Summary } from '../../../diff/change.ts';
import type { Side } from '../../../diff/item.ts';
import type { SideLabel } from '../../../open/sides.ts';
import type { Kept } from '../../../sys/kept.ts';
import { type CompareSettings, toldTo } from '../../diff/compare.ts';
import { openPrinter } from '../../diff/forms.ts';
import type { DiffOptions, Form } from '../../diff/options.ts';
import type { DiffContext, Printer } from '../../diff/printer.ts';
import { beginJson } from '../../json/stream.ts';
import { KeptOutput } from '../../print/kept-output.ts';
import { TextOutput } from '../../print/output.ts';
import { Terminal } from '../../print/terminal.ts';

export interface DifferenceFilesOptions {
  readonly labels: readonly [a: SideLabel, b: SideLabel];
  readonly sides: readonly [a: Side, b: Side];
  readonly sharedLayers: number;
  /** With `json`. */
  readonly options: DiffOptions;
  readonly settings: CompareSettings;
  readonly note: (message: string) => void;
  /** Where nothing is written. */
  readonly kept: readonly Kept[];
}

/** A form of output that is kept. */
interface KeptForm {
  readonly terminal: Terminal;
  readonly out: KeptOutput;
  readonly printer: Printer;
  readonly context: DiffContext;
}

/** Takes a comparison, and answers what is printed of it. */
export class DifferenceFiles {
  /** For both at once: which layers set what differs is asked for once. */
  readonly sink: Sink;
  readonly #json: KeptForm;
  readonly #text: KeptForm;
  readonly #finish: () => void;

  static async open(given: DifferenceFilesOptions): Promise<DifferenceFiles> {
    const { options } = given;
    const { json: _, ...asText } = options;
    return new DifferenceFiles(
      await keptForm('json', given, options),
      await keptForm(undefined, given, asText),
      given,
    );
  }

  private constructor(json: KeptForm, text: KeptForm, { options, settings }: DifferenceFilesOptions) {
    this.#json = json;
    this.#text = text;
    const grouped = toldTo(text.printer, text.context, undefined, options, {});
    const both: Printer = {
      change(change: Change) {
        json.printer.change(change);
        grouped.sink.change(change);
      },
      error: (error) => json.printer.error?.(error),
      end() {},
    };
    const told = toldTo(both, json.context, 'json', options, settings);
    this.sink = told.sink;
    this.#finish = () => {
      told.finish();
      grouped.finish();
    };
    for (const { printer } of [json, text]) printer.begin?.();
  }

  /** `exit` is the exit code that the command would have had. */
  end(summary: Summary, exit: number): readonly [json: KeptOutput, text: KeptOutput] {
    this.#finish();
    for (const { printer, terminal, out } of [this.#json, this.#text]) {
      printer.end(summary);
      terminal.exitWith(exit);
      terminal.complete();
      out.flush();
    }
    return [this.#json.out, this.#text.out];
  }
}

async function keptForm(
  form: Form | undefined,
  { labels: [a, b], sides, sharedLayers, note, kept }: DifferenceFilesOptions,
  options: DiffOptions,
): Promise<KeptForm> {
  const out = new KeptOutput(tmpdir(), kept);
  const terminal = new Terminal(out, new TextOutput());
  const context: DiffContext = {
    ...{ out, a, b, sharedLayers, note },
    color: false,
    beginJson: (more) => beginJson(terminal, 'diff', {}, more),
  };
  return { terminal, out, context, printer: await openPrinter(form, context, options, sides) };
}
