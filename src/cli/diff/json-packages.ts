// `stratafs diff --json` with `--packages`: the changes and the packages they belong to; with `--unexplained`: only what no
// package explains.
import type { Change, PathError, Summary } from '../../diff/change.ts';
import type { ConfigChange } from '../../diff/explain/config.ts';
import { explain } from '../../diff/explain/packages.ts';
import type { Side } from '../../diff/item.ts';
import type { StackGrowth } from '../../layers/survey/growth.ts';
import { asBytes } from '../../sys/bytes.ts';
import { jsonName } from '../../told/escape.ts';
import type { JsonPrinter } from './json.ts';
import type { PackageOptions } from './packages.ts';
import type { Printer } from './printer.ts';

export class JsonPackagePrinter implements Printer {
  readonly #json: JsonPrinter;
  readonly #sides: readonly [Side, Side];
  readonly #options: PackageOptions;
  readonly #changes: Change[] = [];

  constructor(json: JsonPrinter, [a, b]: readonly [Side, Side], options: PackageOptions) {
    this.#json = json;
    this.#sides = [a, b];
    this.#options = options;
  }

  begin(): void {
    this.#json.begin();
  }

  change(change: Change): void {
    this.#changes.push(change);
    if (this.#options.lists === 'packages') this.#json.change(change);
  }

  growth(growth: StackGrowth): void {
    this.#json.growth(growth);
  }

  configuration(changes: readonly ConfigChange[]): void {
    this.#json.configuration(changes);
  }

  error(error: PathError): void {
    this.#json.error(error);
  }

  end(summary: Summary): void {
    const [a, b] = this.#sides;
    const { packages, suspicious, unexplained, counts } = explain(this.#changes, { a, b }, this.#options);
    if (this.#options.lists === 'packages') {
      for (const { manager, name, a: before, b: after, files } of packages) {
        this.#json.record({
          t: 'package',
          mgr: manager,
          ...jsonName('name', asBytes(name)),
          ...(before === undefined ? {} : jsonName('a', asBytes(before))),
          ...(after === undefined ? {} : jsonName('b', asBytes(after))),
          files,
        });
      }
    } else {
      for (const { change, manager, name } of suspicious)
        this.#json.change(change, { package: { mgr: manager, ...jsonName('name', asBytes(name)) } });
      for (const change of unexplained) this.#json.change(change);
    }
    const left = { suspicious: suspicious.length, unexplained: unexplained.length };
    this.#json.record({ t: 'files', ...counts, ...left });
    this.#json.end(summary);
  }
}
