// `stratafs manifest`: an mtree(5) specification of a merged tree, a line a path, for bsdtar, mtree, and `diff` later.
import type { Command } from 'commander';
import { sha256OfItem } from '../../diff/contents/digest.ts';
import type { LayerItem } from '../../diff/layered.ts';
import { openSide } from '../../open/sides.ts';
import { recordsOf, type StoreOptions } from '../../open/stack.ts';
import { Trouble } from '../../sys/errors.ts';
import { writeTreeManifest } from '../examine/tree-manifest.ts';
import { metadataOption } from '../metadata-option.ts';
import { withProgress } from '../print/progress/work-progress.ts';
import type { Terminal } from '../print/terminal.ts';
import { SIDE_WORDS } from '../topics.ts';

interface ManifestOptions extends StoreOptions {
  /** False with `--no-digest`. */
  readonly digest: boolean;
}

export function registerManifest(program: Command, terminal: Terminal): void {
  program
    .command('manifest')
    .summary('an mtree specification of an image or container')
    .description(
      'Write the merged root filesystem as mtree(5), which bsdtar, mtree and `stratafs diff` read.',
    )
    .argument('<ref>', SIDE_WORDS)
    .option('--no-digest', 'leave out the SHA-256 of contents, and so read none')
    .addOption(metadataOption())
    .action(async (reference: string, _: unknown, command: Command) => {
      await writeManifest(reference, command.optsWithGlobals<ManifestOptions>(), terminal);
    });
}

async function writeManifest(reference: string, options: ManifestOptions, terminal: Terminal): Promise<void> {
  const { stack } = await openSide(reference, options);
  if (stack === undefined)
    throw new Trouble('usage', `Cannot describe "${reference}": it is a manifest already`);
  const recorded = await recordsOf(stack, options);
  await withProgress(terminal, 'reading', (progress) => {
    const digest = (item: LayerItem) => sha256OfItem(item, (bytes) => progress.bytes(bytes));
    writeTreeManifest(stack, recorded, {
      reference,
      digest: options.digest ? digest : () => undefined,
      begun: (path) => progress.name(path),
      report: (error) => terminal.report(error),
      open: () => terminal.out,
    });
  });
}
