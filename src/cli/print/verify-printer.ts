// What `stratafs verify` prints: a line for each finding, layer and image, its verdict first; or the same as JSON lines.

import { asBytes } from '../../sys/bytes.ts';
import { type Finding, type Losable, lossOf } from '../../verify/finding.ts';
import type { LayerPlace, Subject, Verdict, VerifyLog } from '../../verify/store.ts';
import { counted } from './count.ts';
import { escapeBytes, escapeJson, escapeMessage, escapeText, jsonName } from './escape.ts';
import { humanSize } from './size.ts';
import type { Terminal } from './terminal.ts';

/** Milliseconds between two states of the progress line. */
const PROGRESS_EVERY = 200;
const CLEAR_LINE = '\r\x1b[K';
/** `unverifiable` and two spaces. */
const VERDICT_WIDTH = 14;

export interface PrinterOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
}

export class VerifyPrinter {
  readonly log: VerifyLog;
  readonly #terminal: Terminal;
  readonly #options: PrinterOptions;
  readonly #showsProgress: boolean;
  readonly #start: number;
  #subject: Subject = { label: '', kind: 'store' };
  #notes = 0;
  readonly #lost = new Set<Losable>();
  readonly #kept = new Set<Losable>();
  /** Whether a finding is more than a loss. */
  #isChanged = false;
  #bytes = 0;
  #shown = 0;

  constructor(terminal: Terminal, options: PrinterOptions) {
    this.#terminal = terminal;
    this.#options = options;
    this.#showsProgress = terminal.err.columns !== undefined;
    this.#start = terminal.now();
    this.log = {
      begin: (subject) => {
        this.#subject = subject;
      },
      bytes: (count) => this.#progress(count),
      finding: (finding, layer) => this.#finding(finding, layer),
      layer: (layer, { kept, ...verdict }, again) => {
        const { entries, bytes } = verdict;
        for (const kind of kept) this.#kept.add(kind);
        const notes = this.#notes;
        this.#notes = 0;
        if (options.json) {
          this.#json({ type: 'layer', ...this.#about(layer), ...verdict, ...(again ? { again } : {}) });
          return;
        }
        const told = again ? 'told above' : `${counted(entries, 'entry', 'entries')}, ${humanSize(bytes)}`;
        const more =
          notes === 0 || options.verbose
            ? ''
            : `; ${counted(notes, 'known difference or changed time', 'known differences or changed times')}`;
        this.#line(verdict.verdict, `${this.#place(layer)}  ${layer.diffId}: ${told}${more}`);
      },
      end: (verdict) => {
        const { label, kind, id } = this.#subject;
        if (options.json) this.#json({ type: kind, ...this.#about(undefined), verdict });
        else this.#line(verdict, `${escapeText(label)}${id === undefined ? '' : `  ${id}`}`);
      },
    };
  }

  #finding(finding: Finding, layer: LayerPlace | undefined): void {
    const { severity, path, expected, found, message } = finding;
    if (severity === 'tampered') this.#noteLoss(finding);
    const isNote = severity === 'note' || severity === 'known';
    if (this.#options.json) {
      this.#json({
        type: 'finding',
        ...this.#about(layer),
        severity,
        class: finding.class,
        ...(path === undefined ? {} : jsonName('path', path)),
        ...(expected === undefined ? {} : jsonName('expected', asBytes(expected))),
        ...(found === undefined ? {} : jsonName('found', asBytes(found))),
        ...(message === undefined ? {} : { message: escapeMessage(message) }),
      });
      return;
    }
    if (isNote && !this.#options.verbose) {
      this.#notes += 1;
      return;
    }
    const words = [
      ...(message === undefined ? [] : [escapeMessage(message)]),
      ...(expected === undefined ? [] : [`expected ${escapeMessage(expected)}`]),
      ...(found === undefined ? [] : [`found ${escapeMessage(found)}`]),
    ];
    const where = path === undefined ? '' : `  ${path === '' ? '.' : escapeBytes(path)}`;
    this.#print(
      `${severity.padEnd(VERDICT_WIDTH)}${this.#place(layer)}  ${finding.class}${where}: ${words.join(', ')}\n`,
    );
  }

  #noteLoss(finding: Finding): void {
    const lost = lossOf(finding);
    if (lost === undefined) this.#isChanged = true;
    else this.#lost.add(lost);
  }

  /** What a copy has lost altogether, where all that was found is such a loss. */
  lostByCopy(): readonly Losable[] {
    const isCopy = !this.#isChanged && ![...this.#lost].some((kind) => this.#kept.has(kind));
    return isCopy ? [...this.#lost].sort() : [];
  }

  #place(layer: LayerPlace | undefined): string {
    const label = escapeText(this.#subject.label);
    return layer === undefined ? label : `${label} layer ${layer.number}`;
  }

  #about(layer: LayerPlace | undefined): object {
    const { label, kind, id } = this.#subject;
    return {
      reference: label,
      ...(id === undefined ? {} : { [kind]: id }),
      ...(layer === undefined ? {} : { layer: layer.number, diffId: layer.diffId, chainId: layer.chainId }),
    };
  }

  #line(verdict: Verdict, text: string): void {
    if (!this.#options.quiet) this.#print(`${verdict.padEnd(VERDICT_WIDTH)}${text}\n`);
  }

  #json(value: object): void {
    this.#print(`${escapeJson(value)}\n`);
  }

  #print(text: string): void {
    this.clear();
    this.#terminal.out.write(text);
  }

  #progress(count: number): void {
    this.#bytes += count;
    if (!this.#showsProgress) return;
    const now = this.#terminal.now();
    if (now - this.#shown < PROGRESS_EVERY) return;
    this.#shown = now;
    this.#terminal.out.flush();
    const rate = this.#bytes / Math.max(1, now - this.#start);
    const text = `${humanSize(this.#bytes)} hashed, ${humanSize(rate * 1000)}/s  ${this.#place(undefined)}`;
    this.#terminal.err.write(CLEAR_LINE + text.slice(0, (this.#terminal.err.columns ?? 80) - 1));
    this.#terminal.err.flush();
  }

  /** Takes the progress line away. */
  clear(): void {
    if (this.#shown === 0) return;
    this.#shown = 0;
    this.#terminal.err.write(CLEAR_LINE);
    this.#terminal.err.flush();
  }
}
