// From the options of `stratafs diff` to a comparison, and what stands between it and a printer.
import type { Sink, Summary } from '../../diff/change.ts';
import { Comparison, type ComparisonOptions, type SubtreeMode } from '../../diff/comparison.ts';
import type { Checksum } from '../../diff/contents/pairs.ts';
import { Attribution } from '../../diff/explain/attribution.ts';
import { Grouping } from '../../diff/explain/groups.ts';
import { noiseOf } from '../../diff/explain/noise.ts';
import { originLayer, type SetterOptions } from '../../diff/explain/setters.ts';
import { Filter } from '../../diff/filter.ts';
import { type Item, type Side, typeBits } from '../../diff/item.ts';
import type { Union } from '../../diff/union.ts';
import type { SideLabel } from '../../open/sides.ts';
import { openTheStore } from '../../open/stack.ts';
import { pathArguments } from '../arguments.ts';
import { sharedTest } from './layers/layer-words.ts';
import * as words from './options.ts';
import type { DiffContext, Printer } from './printer.ts';
import type { DiffProgress } from './progress.ts';

export interface CompareSettings extends ComparisonOptions {
  /** Present where changes are told with the layers that set what differs. */
  readonly setters?: SetterOptions;
}

/** Compares, with what needs all of a comparison, or all of both trees, where it is asked for. */
export async function compare(
  union: Union,
  [a, b]: readonly [Side, Side],
  watch: Sink,
  settings: CompareSettings,
  options: words.DiffOptions,
): Promise<Summary> {
  let sink = watch;
  const finishing: ((summary: Summary) => void)[] = [];
  if (options.renames) {
    const { RenameFinder } = await import('../../diff/renames.ts');
    const { wanted = new Set(), isXattrCompared = () => true, mtime = false } = settings;
    const form = words.chosenForm(options);
    const folds = isFolded(form, options);
    // A patch names files only.
    const wholeDirectories = form !== 'patch';
    const { origin } = settings;
    const finder = new RenameFinder(sink, {
      ...{ wanted, isXattrCompared, mtime, folds, wholeDirectories },
      ...(origin === undefined ? {} : { origin }),
    });
    finishing.unshift((summary) => finder.finish(summary));
    sink = finder;
  }
  let linksOnly = 0;
  if (settings.wanted?.has('links')) {
    const { differentLinks, LinkSink } = await import('../../diff/hardlinks.ts');
    const { itemAt } = await import('../../diff/lookup.ts');
    const accepts = ({ path, a: item }: { readonly path: string; readonly a: Item }) =>
      settings.filter?.accepts(path, typeBits(item)) ?? true;
    const links = new LinkSink(sink, differentLinks({ a, b }, itemAt), { accepts, added: () => linksOnly++ });
    finishing.unshift(() => links.finish());
    sink = links;
  }
  const summary = new Comparison(union, [a, b], sink, settings).run();
  for (const finish of finishing) finish(summary);
  summary.meta += linksOnly;
  return summary;
}

/** What a printer is told by, and a last step for when all is told: with layers, and equal changes together, in forms that have these. */
export function toldTo(
  printer: Printer,
  context: DiffContext,
  form: words.Form | undefined,
  { expand }: words.DiffOptions,
  { setters }: CompareSettings,
): { readonly sink: Sink; finish(): void } {
  const error: Sink['error'] = (one) => printer.error?.(one);
  let sink: Sink = { change: (change) => printer.change(change), error };
  let grouping: Grouping | undefined;
  const { group } = printer;
  if (form === undefined && expand !== true && group !== undefined) {
    const groupSink = { change: sink.change, error, group: group.bind(printer) };
    grouping = new Grouping(groupSink, sharedTest(context));
    sink = grouping;
  }
  if (setters !== undefined) sink = new Attribution(sink, setters);
  return { sink, finish: () => grouping?.finish() };
}

const FOLDED: readonly (words.Form | undefined)[] = [undefined, 'json', 'tree', 'stat', 'summary', 'quiet'];

/** Whether a directory that only one side has is one record. */
function isFolded(form: words.Form | undefined, { expand }: words.DiffOptions): boolean {
  return FOLDED.includes(form) && expand !== true;
}

/** A gate must see what is not told. */
function subtreeMode(form: words.Form | undefined, options: words.DiffOptions): SubtreeMode {
  if (options.expand !== false) return isFolded(form, options) && !options.renames ? 'fold' : 'list';
  return options.failOn === undefined ? 'skip' : form === 'byLayer' ? 'list' : 'fold';
}

/** Forms that name the layers of what they tell. */
function isAttributed(form: words.Form | undefined, { json }: words.DiffOptions): boolean {
  return (
    form === undefined ||
    form === 'byLayer' ||
    words.WHOLE_FORMS.includes(form) ||
    (json === true && form !== 'summary')
  );
}

export async function compareSettings(
  form: words.Form | undefined,
  options: words.DiffOptions,
  progress: DiffProgress,
  checksum: Checksum | undefined,
): Promise<CompareSettings> {
  const ignored = new Set(options.ignoreXattr ?? []);
  const isXattrCompared = (name: string) => !ignored.has(name);
  const hidden = new Set(options.ignoreNoise);
  const paths = pathArguments(options.path ?? []);
  const known = checksum === undefined ? {} : { checksum };
  const setters: SetterOptions = { isXattrCompared, readsContents: options.content !== 'none', ...known };
  return {
    filter: new Filter(await words.filterOptions(options, paths)),
    wanted: words.wantedAspects(options, form),
    mtime: words.tellsTimes(options, form),
    subtrees: subtreeMode(form, options),
    tellsInside: options.failOn !== undefined,
    ...(form === 'docker' ? { counts: words.countsForDocker } : {}),
    showInit: options.showInit === true,
    isXattrCompared,
    noise: noiseOf,
    hidesNoise: (rule) => hidden.has(rule),
    progress: (path, names) => progress.show(path, names),
    ...known,
    ...(isAttributed(form, options) ? { setters, origin: (item) => originLayer(item, setters) } : {}),
  };
}

/** Of the layers that the sides do not share: to compare what has changed in them. */
export async function storedChecksums(
  labels: readonly SideLabel[],
  union: Union,
  options: words.DiffOptions,
): Promise<Checksum> {
  const { addChecksums, recordedChecksums } = await import('../../diff/contents/checksums.ts');
  const layers: Parameters<typeof addChecksums>[3] = new Map();
  for (const { stack, root = options.root } of labels) {
    if (stack === undefined || stack.kind === 'lowerdir') continue;
    await addChecksums(await openTheStore({ ...options, root }, stack), stack, union.sharedLayers, layers);
  }
  return recordedChecksums(layers);
}
