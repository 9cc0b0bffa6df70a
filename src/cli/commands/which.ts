// `stratafs which`: the layer that supplies a path, and what every other layer says about it.

import type { Command } from 'commander';
import { type Aspects, aspectsOf, sameContents } from '../../layers/aspects.ts';
import { canonical } from '../../layers/canonical.ts';
import { componentsOf, type Layers } from '../../layers/layers.ts';
import { type Provenance, provenance, type Statement } from '../../layers/provenance.ts';
import { createdTime, timeOfText } from '../../layers/removal-time.ts';
import { changesOf, openDamagedStack, openLayers, type StoreOptions } from '../../open/stack.ts';
import { isSameTime } from '../../overlay/status.ts';
import type { Layer, LayerStack } from '../../store/layer-stack.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { E, Errno, errnoName, errnoWords } from '../../sys/errors.ts';
import { isRegular, typeOf } from '../../sys/file-types.ts';
import { escapeBytes, escapeJson, escapeText, jsonName } from '../../told/escape.ts';
import { absolutePath, jsonTime, octalMode } from '../../told/fields.ts';
import { pathArguments } from '../arguments.ts';
import { pathFailure } from '../failure.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
import { metadataOption } from '../metadata-option.ts';
import { reportMissing } from '../missing.ts';
import { WorkProgress } from '../print/progress/work-progress.ts';
import { humanSize } from '../print/size.ts';
import type { Terminal } from '../print/terminal.ts';
import { fullTime } from '../print/time.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface WhichOptions extends StoreOptions {
  readonly json?: true;
}

export function registerWhich(program: Command, terminal: Terminal): void {
  program
    .command('which')
    .summary('show which layer a path comes from, and what the others say of it')
    .description(
      'Show the layer that supplies each path, the step that made it, and every other layer that says something about the ' +
        'path, newest first: hidden versions, whiteouts, opaque directories above it.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .argument('<path...>', 'paths inside the image, there or deleted')
    .option('--json', 'one JSON object a line')
    .addOption(metadataOption())
    .action(async (reference: string, paths: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<WhichOptions>();
      const bytes = pathArguments(paths);
      const stack = await openDamagedStack(reference, options);
      const layers = await openLayers(stack, await changesOf(stack, options));
      if (options.json) beginJson(terminal, 'which', { ...jsonRoot(options, stack), ref: reference });
      reportMissing(stack, terminal);
      const progress = new WorkProgress(terminal, 'comparing');
      try {
        for (const path of bytes) {
          try {
            const answer = answerFor(layers, path);
            if (answer.layers.length === 0) throw new Errno(E.ENOENT, 'look up');
            const form = options.json ? jsonLine : describe;
            // A missing layer may have set any of them.
            const isWhole = stack.layers.every(({ missing }) => missing === undefined);
            const compared = (bytes: number) => progress.bytes(bytes, path);
            const aspects = isWhole ? aspectsOf(layers, answer, compared) : undefined;
            const same = sameContents(layers, answer, compared);
            progress.clear();
            terminal.out.write(form(stack, path, answer, { ...(aspects && { aspects }), same }));
          } catch (error) {
            terminal.report(pathFailure('find', path, stack.label, error));
          }
        }
      } finally {
        progress.end();
        layers.close();
      }
    });
}

/** What is known of the path that links lead to; where that is nothing, of the path as it is written: it may be older than a link. */
function answerFor(layers: Layers, path: ByteString): Provenance {
  const answer = provenance(layers, canonical(layers, path));
  if (hasVersion(answer)) return answer;
  const written = provenance(layers, componentsOf(path));
  return hasVersion(written) ? written : answer;
}

function hasVersion({ layers }: Provenance): boolean {
  return layers.some(({ statements }) => statements.some(({ kind }) => kind === 'version'));
}

function layerAt(stack: LayerStack, index: number): Layer {
  const layer = stack.layers[index];
  if (layer === undefined) throw new RangeError(`no layer ${index} in a stack of ${stack.layers.length}`);
  return layer;
}

interface Compared {
  /** Which layer set what; absent where nothing is shown. */
  readonly aspects?: Aspects;
  /** As `sameContents`. */
  readonly same: ReadonlyMap<number, number>;
}

function describe(stack: LayerStack, path: ByteString, answer: Provenance, compared: Compared): string {
  const title = escapeBytes(path);
  const real = answer.path === path ? '' : ` (${escapeBytes(answer.path)})`;
  const state = stateWords(stack, answer);
  const lines = answer.layers.flatMap(({ layer: index, path: moved, statements }) => {
    const layer = layerAt(stack, index);
    const step = layer.history?.createdBy;
    const same = compared.same.get(index);
    return [
      ...statements.map((statement, i) => {
        const number = i === 0 ? `layer ${layerNumber(stack, index)}` : '';
        const place = moved === undefined ? '' : `, at ${escapeBytes(moved)} there`;
        const contents =
          statement.kind === 'version' ? sameWords(stack, same) : createdWords(layer, statement);
        return `  ${number.padEnd(9)} ${layer.role.padEnd(6)} ${words(statement)}${place}${contents}\n`;
      }),
      ...(step === undefined ? [] : [`  ${''.padEnd(16)}   ${escapeText(step)}\n`]),
    ];
  });
  return `${title}${real}: ${state}\n${aspectWords(stack, answer, compared.aspects)}${lines.join('')}`;
}

function stateWords(stack: LayerStack, { supplier, isUnknown }: Provenance): string {
  if (isUnknown) return 'unknown, for want of a layer that is missing';
  return supplier === undefined ? 'not in the merged view' : `layer ${layerNumber(stack, supplier)}`;
}

function sameWords(stack: LayerStack, same: number | undefined): string {
  return same === undefined ? '' : `, same contents as layer ${layerNumber(stack, same)}`;
}

/** When the step ended that hides: a whiteout of an image's layer is only as old as its unpacking here. */
function createdWords(layer: Layer, { kind }: Statement): string {
  const created = kind === 'damage' ? undefined : createdTime(layer);
  return created === undefined ? '' : `, in a step of ${fullTime(timeOfText(created))}`;
}

/** The layer of each aspect, where not all are of the layer that supplies the object. */
function aspectWords(stack: LayerStack, { supplier }: Provenance, aspects: Aspects | undefined): string {
  if (aspects === undefined || Object.values(aspects).every((layer) => layer === supplier)) return '';
  const told = Object.entries(numbers(stack, aspects)).map(([aspect, layer]) => `${aspect} layer ${layer}`);
  return `  ${'set by'.padEnd(16)} ${told.join(', ')}\n`;
}

function numbers(stack: LayerStack, aspects: Aspects): Record<string, number> {
  const entries = Object.entries(aspects) as [string, number][];
  return Object.fromEntries(entries.map(([aspect, layer]) => [aspect, layerNumber(stack, layer)]));
}

const STATES = { supplies: 'shown', merged: 'merged', hidden: 'hidden', unknown: 'unknown' } as const;
const MARKS = {
  opaque: 'the opaque directory',
  replaced: 'no directory at',
} as const;

function words(statement: Statement): string {
  switch (statement.kind) {
    case 'version': {
      const { attributes, state, opaque, redirect, target } = statement;
      const { mode, uid, gid, size, mtime } = attributes;
      const parts = [
        `${STATES[state].padEnd(7)} ${typeOf(mode).name}`,
        octalMode(mode),
        `${uid}:${gid}`,
        ...(isRegular(mode) ? [humanSize(size)] : []),
        fullTime(mtime),
        ...(target === undefined ? [] : [`-> ${escapeBytes(target)}`]),
        ...(opaque ? ['opaque'] : []),
        ...(redirect === undefined ? [] : [`redirect to ${escapeBytes(redirect)}`]),
      ];
      return parts.join(' ');
    }
    case 'redirect':
      return `hides   the directory ${escapeBytes(statement.path)} leads to ${escapeBytes(statement.target)} below`;
    case 'damage':
      return `damage  ${escapeBytes(statement.path)} cannot be read: ${errnoWords(statement.errno)}`;
    case 'whiteout': {
      const { from, to } = statement.time;
      const made = [from, ...(isSameTime(from, to) ? [] : [to])].map(fullTime).join(' to ');
      return `hides   a whiteout of ${escapeBytes(statement.path)}, made ${made}`;
    }
    default:
      return `hides   ${MARKS[statement.kind]} ${escapeBytes(statement.path)}`;
  }
}

function jsonLine(
  stack: LayerStack,
  path: ByteString,
  answer: Provenance,
  { aspects, same }: Compared,
): string {
  return `${escapeJson({
    t: 'path',
    ...jsonName('path', absolutePath(path)),
    ...jsonName('realPath', answer.path),
    ...(answer.isUnknown ? {} : { visible: answer.visible }),
    ...(answer.supplier === undefined ? {} : { layer: layerNumber(stack, answer.supplier) }),
    ...(aspects === undefined ? {} : { aspects: numbers(stack, aspects) }),
    layers: answer.layers.map(({ layer: index, path: moved, statements }) => {
      const { role, diffId, history } = layerAt(stack, index);
      return {
        layer: layerNumber(stack, index),
        role,
        ...(diffId === undefined ? {} : { diffId }),
        ...(history?.created === undefined ? {} : { created: history.created }),
        ...(history?.createdBy === undefined ? {} : { createdBy: history.createdBy }),
        ...(moved === undefined ? {} : jsonName('pathInLayer', moved)),
        statements: statements.map((statement) => ({
          ...jsonStatement(statement),
          ...(statement.kind === 'version' ? jsonSame(stack, same.get(index)) : {}),
        })),
      };
    }),
  })}\n`;
}

function jsonSame(stack: LayerStack, same: number | undefined): object {
  return same === undefined ? {} : { sameContentsAs: layerNumber(stack, same) };
}

function jsonStatement(statement: Statement): object {
  switch (statement.kind) {
    case 'version': {
      const { attributes, state, opaque, redirect, target } = statement;
      const { mode, uid, gid, size, mtime } = attributes;
      return {
        kind: 'version',
        state,
        type: typeOf(mode).name,
        mode: octalMode(mode),
        uid,
        gid,
        size: attributes.exactSize ?? size,
        mtime: jsonTime(mtime),
        ...(target === undefined ? {} : jsonName('target', target)),
        ...(opaque ? { opaque } : {}),
        ...(redirect === undefined ? {} : jsonName('redirect', redirect)),
      };
    }
    case 'redirect':
      return {
        kind: 'redirect',
        ...jsonName('path', statement.path),
        ...jsonName('target', statement.target),
      };
    case 'damage':
      return { kind: 'damage', ...jsonName('path', statement.path), error: errnoName(statement.errno) };
    case 'whiteout':
      return {
        ...{ kind: 'whiteout', ...jsonName('path', statement.path) },
        ...{ notBefore: jsonTime(statement.time.from), notAfter: jsonTime(statement.time.to) },
      };
    default:
      return { kind: statement.kind, ...jsonName('path', statement.path) };
  }
}
