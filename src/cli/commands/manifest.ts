// `stratafs manifest`: an mtree(5) specification of a merged tree, a line a path, for bsdtar, mtree, and `diff` later.
import type { Command } from 'commander';
import { sha256OfItem } from '../../diff/contents/digest.ts';
import { typeBits } from '../../diff/item.ts';
import { LayeredSide, LayerItem } from '../../diff/layered.ts';
import { MTREE_HEADER, MTREE_XATTRS, mtreeLines } from '../../diff/manifest/mtree.ts';
import { Union } from '../../diff/union.ts';
import { walkSide } from '../../diff/walk.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { Errno, Trouble } from '../../sys/errors.ts';
import { S_IFREG } from '../../sys/statx.ts';
import { openSide, SIDE_WORDS } from '../diff/side.ts';
import { layersFailure, pathFailure } from '../failure.ts';
import { metadataOption } from '../metadata-option.ts';
import { escapeText } from '../print/escape.ts';
import type { Terminal } from '../print/terminal.ts';
import { recordsOf, type StoreOptions } from '../stack.ts';

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
  const { out } = terminal;
  const union = new Union([stack], [await recordsOf(stack, options)]);
  try {
    const side = openStackSide(union, reference);
    out.write(`${MTREE_HEADER}\n${MTREE_XATTRS}\n`);
    const id = stack.id === undefined ? '' : ` id=${stack.id}`;
    out.write(`# ${stack.kind}=${escapeText(reference)}${id} layers=${stack.layers.length}\n`);
    const fail = (path: string, error: unknown) =>
      terminal.report(pathFailure('read', path as ByteString, reference, error));
    walkSide(side, {
      item(path, item) {
        try {
          const isRead = options.digest && typeBits(item) === S_IFREG && item instanceof LayerItem;
          out.write(`${mtreeLines(path, item, isRead ? sha256OfItem(item) : undefined).join('\n')}\n`);
        } catch (error) {
          if (!(error instanceof Errno)) throw error;
          fail(path, error);
        }
      },
      error: fail,
    });
  } finally {
    union.close();
  }
}

function openStackSide(union: Union, reference: string): LayeredSide {
  const [place] = union.stacks;
  if (place === undefined) throw new RangeError('a union of one stack has one');
  try {
    return new LayeredSide(union, place);
  } catch (cause) {
    throw layersFailure(reference, cause);
  }
}
