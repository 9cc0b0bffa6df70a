// `stratafs diff --markdown`: the comment of a merge request. Totals, verdict and what to look at first stand open, all else
// folded, and the whole fits where comments end.
import { type Change, isEqual, type PathError, type Summary } from '../../../diff/change.ts';
import type { ConfigChange } from '../../../diff/explain/config.ts';
import { explain, type PackageReport } from '../../../diff/explain/packages.ts';
import type { Side } from '../../../diff/item.ts';
import type { StackGrowth } from '../../../layers/survey/growth.ts';
import { asBytes } from '../../../sys/bytes.ts';
import { errnoWords } from '../../../sys/errors.ts';
import { escapeBytes, escapeText } from '../../../told/escape.ts';
import { colors } from '../../print/colors.ts';
import { counted } from '../../print/count.ts';
import { humanSize } from '../../print/size.ts';
import { configLine, withoutValues } from '../config-words.ts';
import { eyesOf } from '../eyes.ts';
import { LayerPrinter } from '../layers/by-layer.ts';
import { growthWords } from '../layers/growth-words.ts';
import { packageLine } from '../packages.ts';
import {
  type DiffContext,
  type GateVerdict,
  outcomeOf,
  type Printer,
  sideLine,
  summaryWords,
} from '../printer.ts';
import { type ToldLine, ToldLines } from '../told-lines.ts';
import { differenceWords, letterOf, shownPath } from '../words.ts';
import { codeSpan, fitSections, fittedLine, type SectionPlan } from './sections.ts';

/** GitHub's; GitLab's is 1,000,000. */
export const MOST_CHARACTERS = 65_536;
/** For the last line, which names what was cut. */
const CUT_RESERVE = 1000;
const PLAIN = colors(false);

export interface MarkdownOptions {
  /** Whether only a part of both trees is looked at. */
  readonly isFiltered: boolean;
  /** Whether values of environment variables are told. */
  readonly withEnv: boolean;
  /** False where a side has no contents, and so no package databases, to read. */
  readonly readsPackages: boolean;
  /** Whether a directory that only one side has is told with what it holds. */
  readonly folds: boolean;
}

/** The first lines of a list that may be long. */
class FirstLines {
  readonly lines: string[] = [];
  #characters = 0;
  count = 0;

  add(line: string): void {
    this.count++;
    // What comes after one that is left out is left out as well: the list ends there.
    if (this.#characters > MOST_CHARACTERS) return;
    this.#characters += line.length;
    this.lines.push(line);
  }
}

export class MarkdownPrinter implements Printer {
  readonly #context: DiffContext;
  readonly #sides: readonly [Side, Side];
  readonly #options: MarkdownOptions;
  readonly #layers: LayerPrinter;
  readonly #all: Change[] = [];
  readonly #lines = new FirstLines();
  readonly #eyes = new FirstLines();
  readonly #errors = new FirstLines();
  readonly #told: ToldLines;
  #configuration: readonly ConfigChange[] | undefined;
  #growth: string | undefined;
  #verdict: GateVerdict | undefined;

  constructor(context: DiffContext, sides: readonly [Side, Side], options: MarkdownOptions) {
    this.#context = context;
    this.#sides = sides;
    this.#options = options;
    this.#layers = new LayerPrinter(context);
    this.#told = new ToldLines(context, (line) => this.#tell(line), options);
  }

  change(change: Change): void {
    this.#all.push(change);
    this.#layers.change(change);
    this.#told.change(change);
    const words = eyesOf(change).join(', ');
    if (words !== '') this.#eyes.add(`${letterOf(change)} ${escapeBytes(change.path)}  ${words}`);
  }

  error({ path, side, errno, doing }: PathError): void {
    this.#errors.add(`${side.toUpperCase()} ${escapeBytes(path)}  cannot ${doing}: ${errnoWords(errno)}`);
  }

  configuration(changes: readonly ConfigChange[]): void {
    this.#configuration = changes;
  }

  growth(growth: StackGrowth): void {
    this.#layers.growth(growth);
    this.#growth = growthWords(growth, this.#context);
  }

  verdict(verdict: GateVerdict): void {
    this.#verdict = verdict;
  }

  end(summary: Summary): void {
    this.#told.finish();
    const head = this.#head(summary);
    const { text, cut } = fitSections(this.#sections(), MOST_CHARACTERS - CUT_RESERVE - head.length);
    const limit = MOST_CHARACTERS.toLocaleString('en');
    const last =
      cut.length === 0 ? '' : `\n**Left out** for the limit of ${limit} characters: ${cut.join(', ')}.\n`;
    this.#context.out.write(head + text + last);
  }

  #head(summary: Summary): string {
    const { a, b, sharedLayers } = this.#context;
    const { bytes } = summary;
    const shared = sharedLayers === 0 ? '' : `, ${sharedLayers} shared`;
    const lines = [
      `### ${isEqual(summary) ? 'No difference' : 'Differences'} between two root filesystems`,
      '',
      `- **A** ${sideLine(a, shown)}`,
      `- **B** ${sideLine(b, shown)}${shared}`,
      '',
      `**${summaryWords(summary)}**; files: ${humanSize(bytes.added)} added, ${humanSize(bytes.removed)} removed`,
      ...(this.#growth === undefined ? [] : ['', codeSpan(fittedLine(this.#growth))]),
      ...this.#policy(),
    ];
    return `${lines.join('\n')}\n`;
  }

  #policy(): string[] {
    const verdict = this.#verdict;
    if (verdict?.policy === undefined) return [];
    const words = {
      failed: `❌ **failed**, ${counted(verdict.reasons.length, 'reason')}`,
      passed: '✅ **passed**',
      'not decided': '❓ **not decided**: not all could be compared',
    }[outcomeOf(verdict)];
    return ['', `Policy ${codeSpan(`--fail-on ${fittedLine(verdict.policy)}`)}: ${words}`];
  }

  #sections(): SectionPlan[] {
    return [
      ...plan('Why the policy failed', 'reasons', this.#verdict?.reasons ?? [], {
        share: 1 / 4,
        isOpen: true,
      }),
      ...kept('Not compared', 'errors', this.#errors, { share: 1 / 8, isOpen: true }),
      ...kept('Look at first', 'to look at', this.#eyes, { share: 1 / 4, isOpen: true }),
      ...this.#configurationSection(),
      ...this.#packageSections(),
      ...this.#layerSection(),
      ...kept('Changes', 'changes', this.#lines, { share: 1, language: 'diff' }),
    ];
  }

  #configurationSection(): SectionPlan[] {
    const told = this.#options.withEnv ? this.#configuration : this.#configuration?.map(withoutValues);
    const lines = (told ?? []).map((change) => configLine(change, PLAIN));
    return plan('Configuration', 'fields', lines, { share: 1 / 4 });
  }

  #packageSections(): SectionPlan[] {
    if (!this.#options.readsPackages) return [];
    const [a, b] = this.#sides;
    const report = explain(this.#all, { a, b }, this.#options);
    const width = report.packages.reduce(
      (widest, { name }) => Math.max(widest, escapeBytes(asBytes(name)).length),
      0,
    );
    const packages = report.packages.map((each) => `${each.manager.padEnd(4)}  ${packageLine(each, width)}`);
    return [
      ...plan('Packages', 'packages', packages, { share: 1 / 3 }),
      ...(report.packages.length === 0 ? [] : unexplained(report)),
    ];
  }

  #layerSection(): SectionPlan[] {
    const [heading = '', ...lines] = this.#layers.table().trimEnd().split('\n');
    return plan('By layer', 'layers', lines, { share: 1 / 4, heading: [heading] });
  }

  #tell({ letter, isFlagged, path, segments }: ToldLine): void {
    const words = segments.map((segment) => [segment.words, segment.layers].filter(Boolean).join('  '));
    this.#lines.add(`${letter}${isFlagged ? '!' : ' '} ${path}  ${words.join('   ')}`.trimEnd());
  }
}

function unexplained({ suspicious, unexplained: left }: PackageReport): SectionPlan[] {
  const line = (change: Change, more: string) =>
    `${letterOf(change)} ${shownPath(change)}  ${differenceWords(change)}${more}`.trimEnd();
  const lines = [
    ...suspicious.map(({ change, manager, name }) =>
      line(change, `  [${manager} ${escapeBytes(asBytes(name))}, one version in both]`),
    ),
    ...left.map((change) => line(change, '')),
  ];
  return plan('What no package explains', 'not explained', lines, { share: 1 / 4, language: 'diff' });
}

type PlanOptions = Omit<SectionPlan, 'title' | 'unit' | 'lines' | 'count'>;

function kept(
  title: string,
  unit: string,
  { lines, count }: FirstLines,
  options: PlanOptions,
): SectionPlan[] {
  return count === 0 ? [] : [{ title: `${title} (${count})`, unit, lines, count, ...options }];
}

function plan(title: string, unit: string, lines: readonly string[], options: PlanOptions): SectionPlan[] {
  return lines.length === 0
    ? []
    : [{ title: `${title} (${lines.length})`, unit, lines, count: lines.length, ...options }];
}

function shown(text: string): string {
  return codeSpan(fittedLine(escapeText(text)));
}
