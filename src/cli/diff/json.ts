// `stratafs diff --json`: one object a line, the first a header, the last a summary; without a summary it is incomplete.

import { type Change, isEqual, type PathError, type Subtree, type Summary } from '../../diff/change.ts';
import type { ConfigChange } from '../../diff/explain/config.ts';
import {
  type Aspect,
  exactSizeOf,
  gidOf,
  type Item,
  modeOf,
  mtimeOf,
  nlinkOf,
  rdevOf,
  type Setters,
  typeBits,
  uidOf,
} from '../../diff/item.ts';
import type { StackGrowth } from '../../layers/survey/growth.ts';
import { sourceName } from '../../store/source.ts';
import { Errno, errnoName } from '../../sys/errors.ts';
import { typeOf } from '../../sys/file-types.ts';
import { decodeDevice, S_IFLNK } from '../../sys/statx.ts';
import { jsonRoot } from '../json/stream.ts';
import { escapeJson, jsonName } from '../print/escape.ts';
import { idFields, jsonId, octalMode } from '../print/status.ts';
import { jsonTime } from '../print/time.ts';
import { jsonGrowth } from './layers/growth-words.ts';
import type { DiffContext, Printer, SideLabel } from './printer.ts';
import { isDeviceItem } from './words.ts';

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

/** All that is told of a change; of `a` and `b` what `jsonItem` has. */
export function jsonChange(change: Change): object {
  const { op, what, flags, a, b, from, subtree, by, firstDifference, noise, raced } = change;
  const setBy = jsonSetters(change);
  return {
    ...jsonName('path', change.path),
    op,
    ...(what.length === 0 ? {} : { what }),
    ...(flags.length === 0 ? {} : { flags }),
    ...(from === undefined ? {} : jsonName('from', from)),
    ...(subtree === undefined ? {} : { subtree: jsonSubtree(subtree) }),
    ...(change.isCounted ? { inSubtree: true } : {}),
    ...(by === undefined ? {} : { by }),
    ...(setBy === undefined ? {} : { setBy }),
    ...(firstDifference === undefined ? {} : { firstDifference }),
    ...(noise === undefined ? {} : { noise }),
    ...(raced === undefined ? {} : { raced }),
    ...(a === undefined ? {} : { a: jsonItem(a) }),
    ...(b === undefined ? {} : { b: jsonItem(b) }),
  };
}

/** Its layers are named where there is more than the one that its directory has; where it came from, where they are others. */
function jsonSubtree({ entries, bytes, layers, origins }: Subtree): object {
  const shares = (of: Subtree['layers']) =>
    [...of].sort(([x], [y]) => x - y).map(([layer, share]) => ({ layer, ...share }));
  const [written, came] = [shares(layers), shares(origins)];
  return {
    entries,
    bytes,
    ...(layers.size < 2 ? {} : { layers: written }),
    ...(JSON.stringify(written) === JSON.stringify(came) ? {} : { origins: came }),
  };
}

/** Of each side, where not all is of the layer that the object itself is told with. */
function jsonSetters({ setBy, a, b }: Change): object | undefined {
  const isTold = (setters: Setters | undefined, item: Item | undefined) =>
    setters !== undefined && Object.values(setters).some((layer) => layer !== item?.layer);
  const told = {
    ...(isTold(setBy?.a, a) ? { a: setBy?.a } : {}),
    ...(isTold(setBy?.b, b) ? { b: setBy?.b } : {}),
  };
  return Object.keys(told).length === 0 ? undefined : told;
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

export function jsonItem(item: Item): object {
  return {
    type: typeOf(modeOf(item)).name,
    mode: octalMode(modeOf(item)),
    uid: uidOf(item),
    gid: gidOf(item),
    size: exactSizeOf(item),
    ...(isDeviceItem(item) ? decodeDevice(rdevOf(item)) : {}),
    ...(typeBits(item) === S_IFLNK ? jsonTarget(item) : {}),
    mtime: jsonTime(mtimeOf(item)),
    nlink: nlinkOf(item),
    ...(item.layer === 0 ? {} : { layer: item.layer }),
  };
}

/** A container that runs may have lost its link meanwhile. */
function jsonTarget(item: Item): object {
  try {
    return jsonName('target', item.target());
  } catch (error) {
    if (error instanceof Errno) return { targetError: errnoName(error.errno) };
    throw error;
  }
}
