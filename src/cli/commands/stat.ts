// `stratafs stat`: everything about a path of an image, as stat(1) lays it out, and the layer it comes from.

import type { Command } from 'commander';
import { readTree, type StoreOptions } from '../../open/stack.ts';
import { walk } from '../../overlay/path.ts';
import type { Tree } from '../../overlay/tree.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { sourceName } from '../../store/source.ts';
import { asBytes, type ByteString, bytesOf } from '../../sys/bytes.ts';
import { isDevice, isLink, typeOf } from '../../sys/file-types.ts';
import { decodeDevice } from '../../sys/statx.ts';
import { jsonEntry } from '../../told/entry.ts';
import { escapeBytes, escapeJson, escapeText, jsonName } from '../../told/escape.ts';
import { jsonTime, octalMode } from '../../told/fields.ts';
import { missingFailure } from '../absent.ts';
import { pathArguments } from '../arguments.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
import { metadataOption } from '../metadata-option.ts';
import { modeString } from '../print/status.ts';
import type { Terminal } from '../print/terminal.ts';
import { fullTime } from '../print/time.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface StatOptions extends StoreOptions {
  readonly dereference?: true;
  readonly json?: true;
}

export function registerStat(program: Command, terminal: Terminal): void {
  program
    .command('stat')
    .summary('show everything about a path, and the layer it comes from')
    .description('Show type, mode, owner, size, times, extended attributes and the layer of each path.')
    .argument('<ref>', REFERENCE_WORDS)
    .argument('<path...>', 'paths inside the image')
    .option('-L, --dereference', 'the target of a link instead of the link')
    .option('--json', 'one JSON object a line')
    .addOption(metadataOption())
    .action(async (reference: string, paths: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<StatOptions>();
      const bytes = pathArguments(paths);
      await readTree(reference, options, async (tree) => {
        if (options.json) beginJson(terminal, 'stat', { ...jsonRoot(options, tree.stack), ref: reference });
        for (const path of bytes) {
          try {
            const entry = walk(tree, path, { follow: options.dereference === true });
            const show = options.json ? jsonLine : describe;
            terminal.out.write(show(tree, entry, path));
          } catch (error) {
            terminal.report(await missingFailure('open', path, tree, error));
          }
        }
      });
    });
}

/** Where the entry lies on disk. */
function sourceOf(tree: Tree, entry: number) {
  const { layer: index, path } = tree.source(entry);
  const layer = tree.stack.layers[index];
  if (layer === undefined)
    throw new RangeError(`no layer ${index} in a stack of ${tree.stack.layers.length}`);
  const relative = path.replace(/^\/+/, '');
  const name = sourceName(layer.source);
  return {
    layer,
    number: layerNumber(tree.stack, index),
    file: asBytes(relative === '' ? name : `${name}/${relative}`),
  };
}

function jsonLine(tree: Tree, entry: number, path: ByteString): string {
  const status = tree.status(entry);
  const { layer, file } = sourceOf(tree, entry);
  const xattrs = [...tree.xattrs(tree.nodeOf(entry))].map(([name, value]) => ({
    ...jsonName('name', name),
    valueB64: value.toString('base64'),
  }));
  return `${escapeJson({
    ...jsonEntry(tree, entry, path),
    blocks: status.blocks,
    blksize: status.blksize,
    atime: jsonTime(status.atime),
    ctime: jsonTime(status.ctime),
    xattrs,
    ...jsonName('source', file),
    ...(layer.diffId === undefined ? {} : { diffId: layer.diffId }),
    ...(layer.history?.createdBy === undefined ? {} : { createdBy: layer.history.createdBy }),
  })}\n`;
}

function describe(tree: Tree, entry: number, path: ByteString): string {
  const status = tree.status(entry);
  const node = tree.nodeOf(entry);
  const { layer, number, file } = sourceOf(tree, entry);
  const target = isLink(status.mode) ? ` -> ${escapeBytes(tree.linkTarget(node))}` : '';
  const device = decodeDevice(status.rdev);
  const words = typeOf(status.mode).words.replace(/^regular file$/, (same) =>
    status.size === 0 ? 'regular empty file' : same,
  );
  const lines = [
    `  File: ${escapeBytes(path)}${target}`,
    `  Size: ${String(status.exactSize ?? status.size).padEnd(10)}\tBlocks: ${String(status.blocks).padEnd(10)} IO Block: ${String(status.blksize).padEnd(6)} ${words}`,
    ` Inode: ${String(status.ino).padEnd(10)}\tLinks: ${status.nlink}${isDevice(status.mode) ? `     Device type: ${device.major},${device.minor}` : ''}`,
    `Access: (${octalMode(status.mode)}/${modeString(status.mode)})  Uid: ${status.uid}   Gid: ${status.gid}`,
    `Access: ${fullTime(status.atime)}`,
    `Modify: ${fullTime(status.mtime)}`,
    `Change: ${fullTime(status.ctime)}`,
    ` Layer: ${number} of ${tree.stack.layers.length}, ${layer.role}`,
    `Source: ${escapeBytes(file)}`,
    ...(layer.history?.createdBy === undefined ? [] : [`  Step: ${escapeText(layer.history.createdBy)}`]),
    ...[...tree.xattrs(node)].map(([name, value]) => ` Xattr: ${escapeBytes(name)}=${showValue(value)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** As getfattr(1): text in quotes, anything else in hexadecimal. */
function showValue(value: Buffer): string {
  const bytes = bytesOf(value);
  const shown = escapeBytes(bytes);
  return /\\[^\\]/.test(shown.replaceAll('\\\\', ''))
    ? `0x${value.toString('hex')}`
    : `"${shown.replaceAll('"', '\\"')}"`;
}
