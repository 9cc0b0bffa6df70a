// Which printer an option asks for; the seldom used ones are loaded when they are.
import type { Side } from '../diff/item.ts';
import type { DiffOptions, Form } from './diff-options.ts';
import type { DiffContext, Printer } from './diff-printer.ts';
import { version } from './version.ts';

const STAT_DEPTH = 2;

export async function openPrinter(
  form: Form | undefined,
  context: DiffContext,
  options: DiffOptions,
  sides: readonly [Side, Side],
): Promise<Printer> {
  switch (form) {
    case 'json': {
      const { JsonPrinter } = await import('./diff-json.ts');
      const ignored = [...(options.mtime ? [] : (['mtime'] as const)), ...(options.ignore ?? [])];
      return new JsonPrinter(context, { tool: `stratafs ${version()}`, content: options.content, ignored });
    }
    case 'nameStatus':
      return new (await import('./diff-lines.ts')).NameStatusPrinter(context, { nul: options.nul === true });
    case 'itemize':
      return new (await import('./diff-lines.ts')).ItemizePrinter(context, { nul: options.nul === true });
    case 'docker':
      return new (await import('./diff-docker.ts')).DockerPrinter(context);
    case 'tree':
      return new (await import('./diff-tree.ts')).TreePrinter(context);
    case 'stat':
      return new (await import('./diff-totals.ts')).StatPrinter(context, options.depth ?? STAT_DEPTH);
    case 'byLayer':
      return new (await import('./diff-totals.ts')).LayerPrinter(context);
    case 'summary':
      return new (await import('./diff-totals.ts')).SummaryPrinter(context);
    case 'patch':
      return new (await import('./diff-patch.ts')).PatchPrinter(context);
    case 'mtree':
      return new (await import('./diff-mtree.ts')).MtreePrinter(context);
    case 'packages':
    case 'unexplained': {
      const { PackagePrinter } = await import('./diff-packages.ts');
      return new PackagePrinter(context, sides, { lists: form });
    }
    case undefined:
      return new (await import('./diff-text.ts')).TextPrinter(context);
  }
}
