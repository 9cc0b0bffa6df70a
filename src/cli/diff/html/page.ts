// From the options of `stratafs diff --html` to the page that is written: where it goes, and what it says of how was compared.
import { NOISE_RULES } from '../../../diff/explain/noise.ts';
import { TYPE_LETTERS } from '../../../diff/filter.ts';
import type { Side } from '../../../diff/item.ts';
import { keptOf } from '../../../open/kept.ts';
import { MOST_ROWS } from '../../../report/document.ts';
import { escapeText } from '../../../told/escape.ts';
import { growthText, humanSize } from '../../print/size.ts';
import { readPageFiles } from '../../report/page-files.ts';
import { PageOutput } from '../../report/page-output.ts';
import { version } from '../../version.ts';
import type { DiffOptions } from '../options.ts';
import type { DiffContext } from '../printer.ts';
import { type HtmlOptions, HtmlPrinter } from './printer.ts';

/** Throws Trouble where the file is there, or would lie in a layer or a store. */
export function openPage(
  context: DiffContext,
  sides: readonly [Side, Side],
  options: DiffOptions,
  more: Pick<HtmlOptions, 'isFiltered' | 'readsPackages'>,
): HtmlPrinter {
  const kept = [context.a, context.b].flatMap(({ stack, root = options.root }) =>
    stack === undefined ? [] : keptOf(stack, root),
  );
  return new HtmlPrinter(context, sides, {
    ...more,
    document: {
      ...readPageFiles(),
      tool: `stratafs ${version()}`,
      size: humanSize,
      growth: growthText,
    },
    page: new PageOutput(options.html ?? '-', kept, context.out),
    mostRows: MOST_ROWS,
    compared: comparedWords(options),
    withEnv: options.withEnv === true,
    withTexts: options.patch === true,
    folds: options.expand !== false,
  });
}

/** The options that say what is compared, where that is not the usual. */
function comparedWords(options: DiffOptions): string {
  const { path, include, exclude, type, only, ignore, ignoreXattr, ignoreNoise, content } = options;
  const each = (name: string, values: readonly string[] = []) => values.map((value) => `${name} ${value}`);
  const list = (name: string, values: readonly string[] | undefined) =>
    values === undefined ? [] : [`${name} ${values.join()}`];
  const letters =
    type && [...TYPE_LETTERS].filter(([, bits]) => type.includes(bits)).map(([letter]) => letter);
  const flags = (
    [
      ['--mtime', options.mtime],
      ['--hardlinks', options.hardlinks],
      ['--renames', options.renames],
      ['--show-init', options.showInit],
      ['--trust-ids', options.trustIds],
      ['--no-expand', options.expand === false],
    ] as const
  ).flatMap(([name, isGiven]) => (isGiven ? [name] : []));
  const words = [
    ...each('--path', path),
    ...each('--include', include),
    ...each('--exclude', exclude),
    ...list('--type', letters),
    ...list('--only', only),
    ...list('--ignore', ignore),
    ...each('--ignore-xattr', ignoreXattr),
    ...list('--ignore-noise', ignoreNoise?.length === NOISE_RULES.size ? ['all'] : ignoreNoise),
    ...(content === 'read' ? [] : [`--content ${content}`]),
    ...(options.metadata === undefined ? [] : [`--metadata ${options.metadata}`]),
    ...flags,
  ];
  return escapeText(words.join(' '));
}
