// What decides the exit code of `stratafs diff`: every change is judged, also what lies within a directory that is told as
// one. With `--fail-on` each that closes the gate is named.
import type { Change } from '../../diff/change.ts';
import type { ConfigChange } from '../../diff/explain/config.ts';
import type { Side } from '../../diff/item.ts';
import { asBytes } from '../../sys/bytes.ts';
import { escapeBytes, escapeText } from '../../told/escape.ts';
import { type FailKind, type FailOn, INSIDE_KINDS, isOfKind, PACKAGE_KINDS } from './fail-on.ts';
import { ARROW, shownPath } from './words.ts';

export interface GateOptions {
  readonly failOn: FailOn | undefined;
  /** Whether only a part of both trees is looked at. */
  readonly isFiltered: boolean;
}

export class Gate {
  readonly #failOn: FailOn | undefined;
  readonly #isFiltered: boolean;
  readonly #insideKinds: readonly FailKind[];
  /** Kept where packages are judged in the end. */
  readonly #kept: Change[] | undefined;
  readonly #reasons: string[] = [];
  #isClosed = false;

  constructor({ failOn, isFiltered }: GateOptions) {
    this.#failOn = failOn;
    this.#isFiltered = isFiltered;
    this.#insideKinds = (failOn?.kinds ?? []).filter((kind) => INSIDE_KINDS.includes(kind));
    this.#kept = failOn?.kinds.some((kind) => isPackageKind(kind)) ? [] : undefined;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A line for each that closed it, of `--fail-on`; in path order, packages after that. */
  get reasons(): readonly string[] {
    return this.#reasons;
  }

  /** The words of `--fail-on`; undefined where that was not asked for. */
  get policy(): string | undefined {
    if (this.#failOn === undefined) return undefined;
    const { kinds, growth } = this.#failOn;
    return [...kinds, ...(growth === undefined ? [] : [growth.words])].join();
  }

  change(change: Change): void {
    if (this.#failOn === undefined) this.#isClosed = true;
    else if (!change.isCounted) this.#judge(change, this.#failOn.kinds);
  }

  inside(change: Change): void {
    if (this.#failOn !== undefined) this.#judge(change, this.#insideKinds);
  }

  #judge(change: Change, kinds: readonly FailKind[]): void {
    this.#kept?.push(change);
    const found = kinds.filter((kind) => isOfKind(change, kind));
    if (found.length > 0) this.#close(found.join(), shownPath(change));
  }

  configuration(changes: readonly ConfigChange[]): void {
    if (this.#failOn === undefined && changes.length > 0) this.#isClosed = true;
    if (!this.#failOn?.kinds.includes('config')) return;
    for (const { key } of changes) this.#close('config', escapeText(key));
  }

  /** After the last change. */
  async packages([a, b]: readonly [Side, Side]): Promise<void> {
    if (this.#kept === undefined) return;
    const { explain } = await import('../../diff/explain/packages.ts');
    const { packages } = explain(this.#kept, { a, b }, { isFiltered: this.#isFiltered });
    for (const { manager, name, a: before, b: after } of packages) {
      if (after === undefined) continue;
      const kind = before === undefined ? 'package-added' : 'package-changed';
      if (!this.#failOn?.kinds.includes(kind)) continue;
      const words = [name, ...(before === undefined ? [] : [before, ARROW]), after];
      this.#close(kind, [manager, ...words.map((word) => escapeBytes(asBytes(word)))].join(' '));
    }
  }

  /** `told` says how large both sides are. */
  growth(bytes: number, told: string): void {
    const limit = this.#failOn?.growth;
    if (limit !== undefined && bytes > limit.bytes) this.#close(limit.words, told);
  }

  #close(kinds: string, what: string): void {
    this.#isClosed = true;
    this.#reasons.push(`--fail-on ${kinds}: ${what}`);
  }
}

function isPackageKind(kind: FailKind): boolean {
  return PACKAGE_KINDS.some((each) => each === kind);
}
