// `stratafs diff --html`: a page about what differs, put together when all of it is known.
import type { Change, PathError, Summary } from '../../../diff/change.ts';
import type { ConfigChange } from '../../../diff/explain/config.ts';
import { type ExplainableChange, explain, type PackageReport } from '../../../diff/explain/packages.ts';
import { type Item, type Side, typeBits } from '../../../diff/item.ts';
import type { StackGrowth } from '../../../layers/survey/growth.ts';
import { type ChangesDocumentOptions, changesDocument } from '../../../report/changes/document.ts';
import type { ChangesReport, ReportVerdict } from '../../../report/changes/record.ts';
import { errnoWords } from '../../../sys/errors.ts';
import { STATX } from '../../../sys/statx.ts';
import { escapeBytes, escapeText } from '../../../told/escape.ts';
import { humanSize } from '../../print/size.ts';
import type { PageOutput } from '../../report/page-output.ts';
import { growthWords } from '../layers/growth-words.ts';
import { LayerCounts } from '../layers/layer-totals.ts';
import {
  type DiffContext,
  type GateVerdict,
  outcomeOf,
  type Printer,
  sideLine,
  summaryWords,
} from '../printer.ts';
import { type ToldLine, ToldLines } from '../told-lines.ts';
import { configurationRows, explainedRows, packageRows } from './explained.ts';
import { HeaviestLines } from './lines.ts';
import { heaviestRows, RowCollector } from './rows.ts';
import { firstLooks, firstUnexplained, knowsPackages, signalsOf } from './signals.ts';
import { mayHaveText, textDifferences } from './texts.ts';

export interface HtmlOptions {
  readonly page: PageOutput;
  readonly document: ChangesDocumentOptions;
  /** Rows that the page may have. */
  readonly mostRows: number;
  /** The options that narrow or widen what is compared, as they were given; empty where that is all. */
  readonly compared: string;
  /** Whether only a part of both trees is looked at. */
  readonly isFiltered: boolean;
  /** Whether values of environment variables are told. */
  readonly withEnv: boolean;
  /** Whether text differences are told. */
  readonly withTexts: boolean;
  /** False where a side has no contents, and so no package databases, to read. */
  readonly readsPackages: boolean;
  /** Whether a directory that only one side has is told with what it holds. */
  readonly folds: boolean;
}

export class HtmlPrinter implements Printer {
  readonly #context: DiffContext;
  readonly #sides: readonly [Side, Side];
  readonly #options: HtmlOptions;
  readonly #counts: LayerCounts;
  readonly #rows: RowCollector;
  readonly #lines = new HeaviestLines();
  readonly #told: ToldLines;
  readonly #all: ExplainableChange[] = [];
  /** Those that may have a text difference, by their rows, where these are wanted. */
  readonly #textual = new Map<number, Change>();
  readonly #errors: string[] = [];
  #configuration: readonly ConfigChange[] | undefined;
  #growth: string | undefined;
  #verdict: GateVerdict | undefined;

  constructor(context: DiffContext, sides: readonly [Side, Side], options: HtmlOptions) {
    this.#context = context;
    this.#sides = sides;
    this.#options = options;
    this.#counts = new LayerCounts(context);
    this.#rows = new RowCollector(context);
    const tell = (line: ToldLine) => {
      this.#rows.fold(line.change);
      this.#lines.add(line);
    };
    this.#told = new ToldLines(context, tell, options);
  }

  change(change: Change): void {
    if (this.#options.withTexts && mayHaveText(change)) this.#textual.set(this.#all.length, change);
    this.#all.push(explainable(change));
    this.#rows.add(change, this.#counts.count(change));
    this.#told.change(change);
  }

  error({ path, side, errno, doing }: PathError): void {
    this.#errors.push(`${side.toUpperCase()} ${escapeBytes(path)}  cannot ${doing}: ${errnoWords(errno)}`);
  }

  configuration(changes: readonly ConfigChange[]): void {
    this.#configuration = changes;
  }

  growth(growth: StackGrowth): void {
    this.#counts.growth(growth);
    this.#growth = growthWords(growth, this.#context);
  }

  verdict(verdict: GateVerdict): void {
    this.#verdict = verdict;
  }

  end(summary: Summary): void {
    this.#told.finish();
    const { page, document } = this.#options;
    page.write(changesDocument(this.#report(summary), document));
  }

  close(): void {
    this.#options.page.close();
  }

  #report(summary: Summary): ChangesReport {
    const { a, b } = this.#context;
    const packages = this.#explain();
    const texts = this.#addTexts();
    const { rows } = this.#rows;
    const kept = heaviestRows(rows, this.#options.mostRows);
    const configuration = this.#configuration;
    const { withEnv, withTexts } = this.#options;
    const looks = firstLooks(rows);
    const verdict = this.#reportVerdict();
    return {
      title: `${escapeText(a.reference)} → ${escapeText(b.reference)}`,
      facts: this.#facts(summary),
      ...(verdict === undefined ? {} : { verdict }),
      signals: signalsOf(rows, { packages, configuration, errors: this.#errors.length }),
      ...looks,
      steps: this.#counts.rows().map(({ totals: { growth: size, ...counts }, ...step }) => ({
        ...step,
        counts,
        size,
      })),
      ...configurationRows(configuration, withEnv),
      unexplained: firstUnexplained(rows),
      packages: packages === undefined ? [] : packageRows(packages),
      explained: packages === undefined ? [] : explainedRows(packages),
      errors: this.#errors,
      lines: this.#lines.lines,
      linesLeftOut: this.#lines.leftOut,
      rows: kept,
      leftOut: rows.length - kept.length,
      hasTexts: withTexts,
      textsLeftOut: texts,
    };
  }

  #facts(summary: Summary): [string, string][] {
    const { a, b, sharedLayers } = this.#context;
    const { bytes } = summary;
    const { compared } = this.#options;
    return [
      ['A', sideLine(a, escapeText)],
      ['B', sideLine(b, escapeText)],
      ...(sharedLayers === 0 ? [] : [['Layers that both share', String(sharedLayers)] as [string, string]]),
      ['Changes', summaryWords(summary)],
      ['Files', `${humanSize(bytes.added)} added, ${humanSize(bytes.removed)} removed`],
      ...(this.#growth === undefined ? [] : [['Growth', this.#growth] as [string, string]]),
      ...(compared === '' ? [] : [['Compared with', compared] as [string, string]]),
    ];
  }

  #reportVerdict(): ReportVerdict | undefined {
    const verdict = this.#verdict;
    if (verdict?.policy === undefined) return undefined;
    return { policy: escapeText(verdict.policy), outcome: outcomeOf(verdict), reasons: verdict.reasons };
  }

  #explain(): PackageReport<ExplainableChange> | undefined {
    if (!this.#options.readsPackages) return undefined;
    const [a, b] = this.#sides;
    const report = explain(this.#all, { a, b }, this.#options);
    this.#rows.explain(report.explanations.values(), knowsPackages(report));
    return report;
  }

  /** Answers how many have none for want of room. */
  #addTexts(): number {
    const { texts, leftOut } = textDifferences(this.#textual);
    for (const [at, text] of texts) {
      const row = this.#rows.rows[at];
      if (row !== undefined) row.text = text;
    }
    return leftOut;
  }
}

/** What an item is, by the type bits of its mode. */
const TYPES = new Map<number, Pick<Item, 'status'>>();

/** What packages are asked by: of many changes no more is kept. */
function explainable({ path, op, what, noise, from, a, b }: Change): ExplainableChange {
  return {
    ...{ path, op, what },
    ...(noise === undefined ? {} : { noise }),
    ...(from === undefined ? {} : { from }),
    ...(a === undefined ? {} : { a: typeOnly(a) }),
    ...(b === undefined ? {} : { b: typeOnly(b) }),
  };
}

function typeOnly(item: Item): Pick<Item, 'status'> {
  const type = typeBits(item);
  const known = TYPES.get(type) ?? { status: new Uint32Array(item.status.length) };
  known.status[STATX.mode] = type;
  TYPES.set(type, known);
  return known;
}
