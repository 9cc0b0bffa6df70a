// The merged tree of a stack as an mtree(5) specification. For `manifest` and reports.
import { typeBits } from '../../diff/item.ts';
import { LayeredSide, LayerItem } from '../../diff/layered.ts';
import { MTREE_HEADER, MTREE_XATTRS, mtreeLines } from '../../diff/manifest/mtree.ts';
import { Union } from '../../diff/union.ts';
import { walkSide } from '../../diff/walk.ts';
import { layersFailure } from '../../open/failure.ts';
import type { Records } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { Errno } from '../../sys/errors.ts';
import { S_IFREG } from '../../sys/statx.ts';
import { escapeText } from '../../told/escape.ts';
import { pathFailure } from '../failure.ts';
import type { Output } from '../print/output.ts';

export interface ManifestForm {
  /** What the tree is called in it, and in messages. */
  readonly reference: string;
  /** The sha256 of a regular file's contents; undefined where none is to be told. Throws Errno. */
  readonly digest: (item: LayerItem) => string | undefined;
  /** Told of every name before it is read. */
  readonly begun?: (path: ByteString) => void;
  /** Told of what cannot be read. */
  readonly report: (error: unknown) => void;
  /** Where it goes: asked for when the layers are open, so that nothing is begun of what cannot be told. */
  readonly open: () => Output;
}

export interface TreeManifest {
  /** How many are in it. */
  readonly names: number;
  /** Names, and directories as to what is in them, that could not be read: they are told of, and the last line has their number. */
  readonly unread: number;
}

/** `stack` has all of its layers. Throws Trouble where they cannot be opened. */
export function writeTreeManifest(
  stack: LayerStack,
  recorded: Records | undefined,
  { reference, digest, begun, report, open }: ManifestForm,
): TreeManifest {
  const union = new Union([stack], [recorded]);
  let names = 0;
  let unread = 0;
  try {
    const side = openStackSide(union, reference);
    const out = open();
    out.write(`${MTREE_HEADER}\n${MTREE_XATTRS}\n`);
    const id = stack.id === undefined ? '' : ` id=${stack.id}`;
    out.write(`# ${stack.kind}=${escapeText(reference)}${id} layers=${stack.layers.length}\n`);
    const fail = (path: string, error: unknown) => {
      unread += 1;
      report(pathFailure('read', path as ByteString, reference, error));
    };
    walkSide(side, {
      item(path, item) {
        begun?.(path as ByteString);
        try {
          const isFile = typeBits(item) === S_IFREG && item instanceof LayerItem;
          out.write(`${mtreeLines(path, item, isFile ? digest(item) : undefined).join('\n')}\n`);
          names += 1;
        } catch (error) {
          if (!(error instanceof Errno)) throw error;
          fail(path, error);
        }
      },
      error: fail,
    });
    if (unread > 0) out.write(`# not whole: ${unread} that could not be read\n`);
    return { names, unread };
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
