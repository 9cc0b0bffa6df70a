// Which printer an option asks for; the seldom used ones are loaded when they are.
import { TYPE_LETTERS } from '../../diff/filter.ts';
import { ASPECTS, type Aspect, type Side } from '../../diff/item.ts';
import { type DiffOptions, type Form, tellsTimes, wantedAspects } from './options.ts';
import type { DiffContext, Printer } from './printer.ts';

const STAT_DEPTH = 2;

export async function openPrinter(
  form: Form | undefined,
  context: DiffContext,
  options: DiffOptions,
  sides: readonly [Side, Side],
): Promise<Printer> {
  if (options.json) return openJsonPrinter(form, context, options, sides);
  switch (form) {
    case 'nameStatus':
      return new (await import('./lines.ts')).NameStatusPrinter(context, { nul: options.nul === true });
    case 'nameOnly':
      return new (await import('./lines.ts')).NameOnlyPrinter(context, { nul: options.nul === true });
    case 'itemize':
      return new (await import('./lines.ts')).ItemizePrinter(context, { nul: options.nul === true });
    case 'docker':
      return new (await import('./docker.ts')).DockerPrinter(context);
    case 'tree':
      return new (await import('./tree.ts')).TreePrinter(context);
    case 'stat':
      return new (await import('./totals.ts')).StatPrinter(context, options.depth ?? STAT_DEPTH);
    case 'byLayer':
      return new (await import('./layers/by-layer.ts')).LayerPrinter(context);
    case 'summary':
      return new (await import('./totals.ts')).SummaryPrinter(context);
    case 'patch':
      return new (await import('./patch.ts')).PatchPrinter(context);
    case 'quiet':
      return { change() {}, end() {} };
    case 'mtree':
      return new (await import('./mtree.ts')).MtreePrinter(context);
    case 'packages':
    case 'unexplained': {
      const { PackagePrinter } = await import('./packages.ts');
      return new PackagePrinter(context, sides, { lists: form, isFiltered: isFiltered(options) });
    }
    case 'markdown': {
      const { MarkdownPrinter } = await import('./markdown/printer.ts');
      return new MarkdownPrinter(context, sides, {
        isFiltered: isFiltered(options),
        withEnv: options.withEnv === true,
        readsPackages: readsPackages(context),
        folds: options.expand !== false,
      });
    }
    case 'html':
      return openHtmlPrinter(context, options, sides);
    case 'json':
    case undefined:
      return new (await import('./text.ts')).TextPrinter(context);
  }
}

/** False where a side has no contents, and so no package databases, to read. */
function readsPackages({ a, b }: DiffContext): boolean {
  return [a, b].every(({ kind }) => kind !== 'manifest');
}

async function openHtmlPrinter(
  context: DiffContext,
  options: DiffOptions,
  sides: readonly [Side, Side],
): Promise<Printer> {
  const { openPage } = await import('./html/page.ts');
  return openPage(context, sides, options, {
    isFiltered: isFiltered(options),
    readsPackages: readsPackages(context),
  });
}

/** Whether only a part of both trees is looked at, and so only the packages that have something there. */
export function isFiltered({ path, include, exclude, type }: DiffOptions): boolean {
  return [path, include, exclude, type].some((option) => option !== undefined);
}

async function openJsonPrinter(
  form: Form | undefined,
  context: DiffContext,
  options: DiffOptions,
  sides: readonly [Side, Side],
): Promise<Printer> {
  const { JsonPrinter } = await import('./json.ts');
  const wanted = wantedAspects(options, form);
  const isToldTime = tellsTimes(options, form);
  const isIgnored = (aspect: Aspect) => !wanted.has(aspect) || (aspect === 'mtime' && !isToldTime);
  const { path, include, exclude, type } = options;
  const letters =
    type && [...TYPE_LETTERS].filter(([, bits]) => type.includes(bits)).map(([letter]) => letter);
  const json = new JsonPrinter(context, {
    content: options.content,
    // Links are compared only where that is asked for.
    ignored: ASPECTS.filter((aspect) => aspect !== 'links' && isIgnored(aspect)),
    filters: { path, include, exclude, type: letters },
    trustIds: options.trustIds === true,
    tellsChanges: form !== 'summary',
  });
  if (form !== 'packages' && form !== 'unexplained') return json;
  return new (await import('./json-packages.ts')).JsonPackagePrinter(json, sides, {
    lists: form,
    isFiltered: isFiltered(options),
  });
}
