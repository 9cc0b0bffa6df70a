// `stratafs diff --json`: one object a line, the first a header, the last a summary; without a summary it is incomplete.

import { type Change, isEqual, type PathError, type Summary } from '../../diff/change.ts';
import type { ConfigChange } from '../../diff/explain/config.ts';
import type { Aspect } from '../../diff/item.ts';
import type { StackGrowth } from '../../layers/survey/growth.ts';
import type { SideLabel } from '../../open/sides.ts';
import { sourceName } from '../../store/source.ts';
import { errnoName } from '../../sys/errors.ts';
import { jsonChange } from '../../told/change.ts';
import { escapeJson, jsonName } from '../../told/escape.ts';
import { idFields, jsonId } from '../../told/fields.ts';
import { jsonRoot } from '../json/stream.ts';
import { jsonGrowth } from './layers/growth-words.ts';
import type { DiffContext, Printer } from './printer.ts';

export interface JsonOptions {
  readonly content: string;
  readonly ignored: readonly Aspect[];
  /** What was looked at, where that is not all. */
  readonly filters: Readonly<Record<string, readonly string[] | undefined>>;
  readonly trustIds: boolean;
  /** False where only the header and the summary are wanted. */
  readonly tellsChanges: boolean;
}

export class JsonPrinter implements Printer {
  readonly #context: DiffContext;
  readonly #options: JsonOptions;
  readonly #started = performance.now();
  #growth: object | undefined;

  constructor(context: DiffContext, options: JsonOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** One line. */
  record(value: object): void {
    this.#context.out.write(`${escapeJson(value)}\n`);
  }

  begin(): void {
    const { a, b, sharedLayers } = this.#context;
    const { content, ignored, filters, trustIds } = this.#options;
    this.#context.beginJson({
      a: jsonSide(a),
      b: jsonSide(b),
      sharedLayers,
      opts: { content, ignore: ignored, ...filters, ...(trustIds ? { trustIds } : {}) },
    });
  }

  /** `more` are fields that other printers add. */
  change(change: Change, more: object = {}): void {
    if (!this.#options.tellsChanges) return;
    this.record({ t: 'change', ...jsonChange(change), ...more });
  }

  error({ path, side, errno, doing }: PathError): void {
    this.record({ t: 'error', side, ...jsonName('path', path), code: errnoName(errno), doing });
  }

  configuration(changes: readonly ConfigChange[]): void {
    for (const change of changes) this.record({ t: 'config', ...change });
  }

  growth(growth: StackGrowth): void {
    this.#growth = jsonGrowth(growth, this.#context);
  }

  end(summary: Summary): void {
    const { cost, errors, untold, ...counts } = summary;
    this.record({
      t: 'summary',
      equal: isEqual(summary) && errors === 0 && !untold.has('content'),
      ...counts,
      ...(this.#growth === undefined ? {} : { growth: this.#growth }),
      ...(untold.size === 0 ? {} : { notCompared: Object.fromEntries(untold) }),
      cost: { ...cost, ms: Math.round(performance.now() - this.#started) },
      errors,
      complete: errors === 0,
    });
  }
}

function jsonSide({ reference, kind, stack, root: named }: SideLabel): object {
  const { root } = named === undefined || stack === undefined ? {} : jsonRoot({ root: named }, stack);
  const layers = stack?.layers.toReversed() ?? [];
  return {
    ref: reference,
    ...(root === undefined ? {} : jsonName('root', root)),
    kind,
    ...(stack === undefined ? {} : jsonId(stack)),
    ...(stack?.mountPoints === undefined ? {} : { mountPoints: stack.mountPoints }),
    ...(stack?.owners === undefined ? {} : { owners: stack.owners.source }),
    layers: layers.map((layer, index) => ({
      layer: (stack?.layersBelow ?? 0) + index + 1,
      role: layer.role,
      ...(layer.diffId === undefined ? {} : { diffId: layer.diffId }),
      ids: idFields(layer),
      ...(layer.history?.createdBy === undefined ? {} : { createdBy: layer.history.createdBy }),
      ...(layer.role === 'plain' ? jsonName(layer.source.kind, sourceName(layer.source)) : {}),
    })),
  };
}
