// What `stratafs verify` prints: lines for the findings on each layer, then one for the layer, one for the image, and what it
// all comes to; or the same as JSON lines.

import { escapeJson, escapeText } from '../../told/escape.ts';
import { jsonFinding } from '../../told/finding.ts';
import type { Finding } from '../../verify/finding.ts';
import type { LayerVerdict } from '../../verify/layer.ts';
import {
  type FirstPlace,
  type LayerPlace,
  type Subject,
  severityVerdict,
  type Verdict,
  type VerifyLog,
  worse,
} from '../../verify/verdict.ts';
import { counted } from './count.ts';
import { VerifyProgress } from './progress/verify-progress.ts';
import { severalNames } from './several-names.ts';
import { humanSize } from './size.ts';
import type { Terminal } from './terminal.ts';
import { LayerFindings, VERDICT_WIDTH } from './verify-findings.ts';
import { contentsWords, describeCounts, VerifyTotals } from './verify-totals.ts';

export interface PrinterOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
}

/** Layers that were verified as those of one other image, in a row. */
interface Repeated {
  /** Printable, of that image. */
  readonly label: string;
  /** Of this subject's layers. */
  readonly platform: string | undefined;
  readonly verdict: Verdict;
  /** Of this subject, and of the other. */
  readonly numbers: { readonly here: number; readonly there: number }[];
}

const ROLE_WORDS = { engine: "the engine's own", upper: 'its own' } as const;

export class VerifyPrinter {
  readonly log: VerifyLog;
  readonly totals = new VerifyTotals();
  readonly #terminal: Terminal;
  readonly #options: PrinterOptions;
  readonly #progress: VerifyProgress;
  #subject: Subject = { label: '', kind: 'store' };
  /** On the subject as a whole, and on one of its layers. */
  #general: LayerFindings;
  #findings: LayerFindings;
  #repeated: Repeated | undefined;
  /** The worst of the subject but for a container's own layers, and how many these are. */
  #recorded: Verdict = 'verified';
  #own = 0;
  #fields: object = {};

  constructor(terminal: Terminal, options: PrinterOptions) {
    this.#terminal = terminal;
    this.#options = options;
    this.#progress = new VerifyProgress(terminal);
    this.#general = new LayerFindings(options.verbose === true);
    this.#findings = new LayerFindings(options.verbose === true);
    this.log = {
      begin: (subject) => this.#begin(subject),
      bytes: (count) => this.#progress.bytes(count, escapeText(this.#subject.label)),
      finding: (finding, layer) => this.#finding(finding, layer),
      layer: (layer, verdict, first) => {
        this.#recorded = worse(this.#recorded, verdict.verdict);
        if (first === undefined) this.#layer(layer, verdict);
        else this.#repeat(layer, verdict, first);
      },
      own: (layer, verdict) => this.#ownLayer(layer, verdict),
      end: (verdict, proven) => this.#end(verdict, proven),
    };
  }

  /** Before what is of one of several roots: its heading, and what each line of JSON has. */
  root(heading: string, fields: object): void {
    this.#fields = fields;
    if (heading !== '' && !this.#options.json && !this.#options.quiet) this.#print(heading);
  }

  /** After everything. */
  finish(): void {
    this.#progress.clear();
    this.#fields = {};
    if (this.totals.isEmpty) return;
    if (this.#options.json) this.#json({ t: 'total', ...this.totals.toJson() });
    else if (!this.#options.quiet) this.#print(`${'total'.padEnd(VERDICT_WIDTH)}${this.totals}\n`);
  }

  clear(): void {
    this.#progress.clear();
  }

  #begin(subject: Subject): void {
    this.#subject = subject;
    this.#recorded = 'verified';
    this.#own = 0;
    this.totals.subject(subject);
  }

  #finding(finding: Finding, layer: LayerPlace | undefined): void {
    this.totals.finding(finding);
    if (this.#options.json) this.#json({ t: 'finding', ...this.#about(layer), ...jsonFinding(finding) });
    else if (layer === undefined) this.#general.add(finding);
    else this.#findings.add(finding);
    if (layer === undefined) this.#recorded = worse(this.#recorded, severityVerdict(finding));
  }

  /** Tells what waits: the findings on the subject, and those on the layer. */
  #flush(layer: LayerPlace): LayerFindings {
    this.#flushGeneral();
    const findings = this.#findings;
    this.#findings = new LayerFindings(this.#options.verbose === true);
    for (const line of findings.lines(this.#place(layer))) this.#print(line);
    return findings;
  }

  #flushGeneral(): void {
    this.#flushRepeated();
    for (const line of this.#general.lines(this.#place(undefined))) this.#print(line);
    this.#general = new LayerFindings(this.#options.verbose === true);
  }

  #layer(layer: LayerPlace, verdict: LayerVerdict): void {
    this.totals.layer(verdict);
    if (this.#options.json) {
      const { kept: _, ...told } = verdict;
      this.#json({ t: 'layer', ...this.#about(layer), ...told });
      return;
    }
    const findings = this.#flush(layer);
    const counts = findings.counts();
    const words = [
      `${layer.diffId === undefined ? '' : `${layer.diffId}: `}${counted(verdict.entries, 'entry', 'entries')}, ${humanSize(verdict.bytes)}`,
      ...(verdict.verdict === 'verified' ? [] : [contentsWords(verdict.sha256)]),
      ...(counts.size === 0 ? [] : [describeCounts(counts)]),
      ...(findings.passed === 0 ? [] : [passedWords(findings.passed)]),
    ];
    this.#line(verdict.verdict, `${this.#place(layer)}  ${words.join('; ')}`);
  }

  #repeat(layer: LayerPlace, { kept: _, ...verdict }: LayerVerdict, first: FirstPlace): void {
    const { subject, number } = first;
    if (this.#options.json) {
      const again = { ref: subject.label, layer: number };
      this.#json({ t: 'layer', ...this.#about(layer), ...verdict, again });
      return;
    }
    const label = nameOf(subject, first.platform);
    const { platform } = layer;
    const known = this.#repeated;
    const last = known?.numbers.at(-1);
    const place = { here: layer.number, there: number };
    const goesOn =
      known?.label === label &&
      known.platform === platform &&
      known.verdict === verdict.verdict &&
      last?.here === place.here - 1 &&
      last.there === place.there - 1;
    if (goesOn) {
      known.numbers.push(place);
      return;
    }
    this.#flushGeneral();
    this.#repeated = { label, platform, verdict: verdict.verdict, numbers: [place] };
  }

  #flushRepeated(): void {
    const repeated = this.#repeated;
    this.#repeated = undefined;
    const [first, last] = [repeated?.numbers.at(0), repeated?.numbers.at(-1)];
    if (repeated === undefined || first === undefined || last === undefined) return;
    const range = (a: number, b: number) => (a === b ? `layer ${a}` : `layers ${a}-${b}`);
    const there = range(first.there, last.there);
    const as = first.here === first.there ? `as in ${repeated.label}` : `as ${there} of ${repeated.label}`;
    const label = nameOf(this.#subject, repeated.platform);
    this.#line(repeated.verdict, `${label} ${range(first.here, last.here)}: ${as}`);
  }

  #ownLayer(layer: LayerPlace, verdict: Verdict): void {
    this.totals.own();
    this.#own += 1;
    if (this.#options.json) {
      this.#json({ t: 'layer', ...this.#about(layer), verdict, recorded: false });
      return;
    }
    this.#flush(layer);
    const words = `${layer.role === undefined ? '' : ROLE_WORDS[layer.role]}: nothing records what is in it`;
    this.#line(verdict, `${this.#place(layer)}  ${words}`);
  }

  #end(verdict: Verdict, proven: readonly string[]): void {
    const { label, names, kind, id } = this.#subject;
    if (this.#options.json) {
      const repoDigests = proven.length === 0 ? {} : { repoDigests: proven };
      this.#json({ t: kind, ...this.#about(undefined), names, verdict, ...repoDigests });
      return;
    }
    this.#flushGeneral();
    const own =
      this.#own === 0
        ? ''
        : `: layers of its image ${this.#recorded}, ${this.#own} of its own without a record`;
    const named = escapeText(severalNames(this.#subject)) + platformWords(this.#subject.platform);
    const isTold = this.#options.quiet !== true || verdict !== 'verified';
    if (isTold)
      this.#print(`${verdict.padEnd(VERDICT_WIDTH)}${named}${id === undefined ? '' : `  ${id}`}${own}\n`);
    for (const [digest, names] of byDigest(proven))
      this.#line(
        verdict,
        `${escapeText(label)}  RepoDigest ${digest} of ${names.map(escapeText).join(', ')}`,
      );
  }

  #place(layer: LayerPlace | undefined): string {
    const label = nameOf(this.#subject, layer?.platform);
    if (layer === undefined) return label;
    const where = layer.place === undefined ? '' : ` in ${escapeText(layer.place)}`;
    return `${label} layer ${layer.number}${where}`;
  }

  #about(layer: LayerPlace | undefined): object {
    const { label, kind, id } = this.#subject;
    const { number, diffId, chainId, place, role } = layer ?? {};
    const platform = layer?.platform ?? this.#subject.platform;
    return {
      ref: label,
      ...(id === undefined ? {} : { [kind]: id }),
      ...(number === undefined ? {} : { layer: number }),
      ...(diffId === undefined ? {} : { diffId }),
      ...(chainId === undefined ? {} : { chainId }),
      ...(place === undefined ? {} : { place }),
      ...(platform === undefined ? {} : { platform }),
      ...(role === undefined ? {} : { role }),
    };
  }

  #line(verdict: Verdict, text: string): void {
    if (!this.#options.quiet) this.#print(`${verdict.padEnd(VERDICT_WIDTH)}${text}\n`);
  }

  #json(value: object): void {
    this.#print(`${escapeJson({ ...value, ...this.#fields })}\n`);
  }

  #print(text: string): void {
    this.#progress.clear();
    this.#terminal.out.write(text);
  }
}

/** Printable; of one of several platforms with that. */
function nameOf({ label, platform }: Subject, ofLayer: string | undefined): string {
  return escapeText(label) + platformWords(ofLayer ?? platform);
}

function platformWords(platform: string | undefined): string {
  return platform === undefined ? '' : ` (${escapeText(platform)})`;
}

/** The repositories of `name@sha256:…`, by digest. */
function byDigest(names: readonly string[]): Map<string, string[]> {
  const repositories = new Map<string, string[]>();
  for (const name of names) {
    const at = name.lastIndexOf('@');
    const digest = name.slice(at + 1);
    repositories.set(digest, [...(repositories.get(digest) ?? []), name.slice(0, at)]);
  }
  return repositories;
}

function passedWords(count: number): string {
  return counted(count, 'known difference or changed time', 'known differences or changed times');
}
