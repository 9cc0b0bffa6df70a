// `stratafs deleted`: what is in the layers of an image and not in its merged view.

import type { Command } from 'commander';
import { canonical } from '../../layers/canonical.ts';
import { type Deleted, deleted } from '../../layers/deleted.ts';
import { componentsOf, type Layers } from '../../layers/layers.ts';
import { provenance, type Statement } from '../../layers/provenance.ts';
import type { Damage } from '../../layers/removal.ts';
import { type RemovalTime, removalTime, timeOfText } from '../../layers/removal-time.ts';
import { changesOf, openDamagedStack, openLayers, type StoreOptions } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { E, Errno } from '../../sys/errors.ts';
import { isDirectory } from '../../sys/file-types.ts';
import { escapeBytes, escapeJson } from '../../told/escape.ts';
import { pathArguments } from '../arguments.ts';
import { deletedLine } from '../examine/deleted-lines.ts';
import { layerFailure, pathFailure } from '../failure.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
import { metadataOption } from '../metadata-option.ts';
import { reportMissing } from '../missing.ts';
import { WorkProgress } from '../print/progress/work-progress.ts';
import { humanSize } from '../print/size.ts';
import { formatTable } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';
import { shortTime } from '../print/time.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface DeletedOptions extends StoreOptions {
  readonly shadowed?: true;
  readonly expand?: true;
  readonly json?: true;
}

const HEADING = ['LAYER', 'REMOVED IN', 'HOW', 'REMOVED', 'SIZE', 'MODIFIED', 'PATH'];

export function registerDeleted(program: Command, terminal: Terminal): void {
  program
    .command('deleted')
    .summary('list what a layer has and a newer one took away')
    .description(
      'List files and trees that a lower layer of REF has and the merged view has not: the layer that has them, the one ' +
        'that removed them and how. "cat --layer" and "extract --layer" get them back.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .argument('[path]', 'only what was at or below it (default: /)')
    .option('--shadowed', 'older versions of files that are still there, instead')
    .option('--expand', 'everything below a deleted directory on its own')
    .option('--json', 'one JSON object a line')
    .addOption(metadataOption())
    .action(async (reference: string, path: string | undefined, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<DeletedOptions>();
      const [within = asBytes('/')] = path === undefined ? [] : pathArguments([path]);
      const stack = await openDamagedStack(reference, options);
      const layers = await openLayers(stack, await changesOf(stack, options));
      if (options.json) beginJson(terminal, 'deleted', { ...jsonRoot(options, stack), ref: reference });
      reportMissing(stack, terminal);
      try {
        const names = componentsOf(within);
        if (list(layers, names, options, terminal)) return;
        const real = canonical(layers, within);
        if (real.join('/') !== names.join('/') && list(layers, real, options, terminal)) return;
        if (!isKnown(layers, real)) throw new Errno(E.ENOENT, 'look up');
      } catch (error) {
        terminal.report(pathFailure('find', within, stack.label, error));
      } finally {
        layers.close();
      }
    });
}

/** Whether the merged view or any layer has it, or had something to take away there. */
function isKnown(layers: Layers, names: readonly ByteString[]): boolean {
  const { path, visible, layers: said } = provenance(layers, names);
  const isIt = (one: Statement) =>
    one.kind === 'version' || one.kind === 'damage' || (one.kind === 'whiteout' && one.path === path);
  return visible || said.some(({ statements }) => statements.some(isIt));
}

/** Answers whether there was anything to tell. */
function list(
  layers: Layers,
  within: ReturnType<typeof componentsOf>,
  { shadowed, expand, json }: DeletedOptions,
  terminal: Terminal,
): boolean {
  const { stack } = layers;
  const rows: string[][] = [];
  let count = 0;
  const failures: Damage[] = [];
  const damage = (one: Damage) => failures.push(one);
  const progress = new WorkProgress(terminal, 'searching');
  const begun = (path: ByteString) => progress.name(path);
  const wanted = { within, shadowed: shadowed === true, expand: expand === true, damage, begun };
  try {
    deleted(layers, wanted, (one) => {
      count += 1;
      if (json) terminal.out.write(`${escapeJson(deletedLine(layers, one))}\n`);
      else rows.push(row(stack, one));
    });
  } finally {
    progress.end();
  }
  if (!json && rows.length > 0)
    terminal.out.write(formatTable(HEADING, rows, { columns: terminal.out.columns }));
  for (const failure of failures) terminal.report(layerFailure(stack, failure));
  return count + failures.length > 0;
}

function row(stack: LayerStack, { path, layer, attributes, removal, contents }: Deleted): string[] {
  const { mode, size, mtime } = attributes;
  const isTree = isDirectory(mode);
  const bytes = contents?.bytes ?? (isTree ? undefined : size);
  const count = contents === undefined ? '' : ` (${contents.entries} below)`;
  const by = removal.path === path ? '' : ` of ${escapeBytes(removal.path)}`;
  return [
    String(layerNumber(stack, layer)),
    String(layerNumber(stack, removal.layer)),
    `${removal.how}${by}`,
    whenWords(removalTime(removal, stack.layers[removal.layer])),
    bytes === undefined ? '-' : humanSize(bytes),
    shortTime(mtime),
    `${escapeBytes(path)}${isTree ? `/${count}` : ''}`,
  ];
}

/** The step of an image's layer is older than its whiteouts, which are as old as their unpacking here. */
function whenWords({ created, whiteout }: RemovalTime): string {
  if (created !== undefined) return shortTime(timeOfText(created));
  if (whiteout === undefined) return '-';
  const [from, to] = [whiteout.from, whiteout.to].map(shortTime);
  return from === to ? `${from}` : `${from} to ${to}`;
}
