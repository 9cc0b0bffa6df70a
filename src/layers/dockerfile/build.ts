// A Dockerfile that builds an image again, from nothing: the steps of its history, and its layers as tars where a step cannot be
// taken again, since what it copied is nowhere else. The builder that made the image makes the same tree of it; another one may give
// directories of WORKDIR and VOLUME to another user. A function of the history and the configuration.
import type { Configuration } from '../../store/oci/oci.ts';
import type { HistoryRow } from '../history.ts';
import { DockerfileReader, type Instruction, jsonWords, pair } from './dockerfile.ts';
import { hasPart, ReplayedConfig, splitPair } from './replayed-config.ts';

export type BuildPart =
  | { readonly kind: 'instruction'; readonly instruction: Instruction; readonly layer?: number }
  /** A line that is in the configuration and in no step. */
  | { readonly kind: 'line'; readonly text: string }
  /** What a layer holds, added; what it deletes is deleted before by root, who is not `user` unless that is empty. */
  | { readonly kind: 'layer'; readonly layer: number; readonly step?: Instruction; readonly user: string }
  /** A step that is told, and not taken: it has no part in what comes of all, or its layer is added. */
  | { readonly kind: 'told'; readonly instruction: Instruction };

/** Keywords of steps that need what is not in the image. */
const COPYING = ['ADD', 'COPY'];

/**
 * The parts in order. `rows` newest first; `isLeftOut` tells layers that have no part in it, as those that an engine has of its own.
 */
export function buildParts(
  rows: readonly HistoryRow[],
  configuration: Configuration | undefined,
  isLeftOut: (layer: number) => boolean,
): BuildPart[] {
  const known = configuration && {
    env: new Set(configuration.env.map((text) => text.slice(0, text.indexOf('=')))),
    labels: new Set(configuration.labels.keys()),
    volumes: new Set([configuration.fields.get('Volumes') ?? []].flat().map(String)),
  };
  const reader = new DockerfileReader(known);
  const replayed = new ReplayedConfig();
  const parts: BuildPart[] = [];
  const given = new Map<string, string>();
  /** One that the configuration does not have, and commands need. */
  let shell: readonly string[] | undefined;
  let hasLayer = false;
  /** Whether a step had no layer of its own, as where all steps are one layer: the next layer has what it made. */
  let isOwed = false;
  for (const { layer, step } of rows.toReversed()) {
    if (layer !== undefined && isLeftOut(layer)) continue;
    const read = step && reader.step(step.createdBy ?? '', step.comment);
    const keyword = read?.kind === 'instruction' ? read.keyword : undefined;
    const canRun =
      keyword === 'RUN' ? hasLayer && !isOwed : keyword !== undefined && !COPYING.includes(keyword);
    if (layer !== undefined && (!canRun || isOwed)) {
      parts.push({ kind: 'layer', layer, ...(read && { step: read }), user: replayed.user });
      if (read?.kind === 'instruction') replayed.replay(read);
      isOwed = false;
    } else if (read?.kind === 'instruction' && isTaken(read, layer)) {
      if (configuration === undefined || hasPart(read, configuration)) {
        for (const argument of givenArguments(read, given)) parts.push(argument);
        parts.push({
          kind: 'instruction',
          instruction: withShell(read, shell),
          ...(layer === undefined ? {} : { layer }),
        });
        replayed.replay(read);
      } else {
        if (keyword === 'SHELL') shell = read.words;
        parts.push({ kind: 'told', instruction: read });
      }
    } else if (read !== undefined) {
      parts.push({ kind: 'told', instruction: read });
      isOwed ||= keyword === 'RUN' || COPYING.includes(keyword ?? '');
    }
    hasLayer ||= layer !== undefined;
  }
  const wanted = configuration === undefined ? [] : replayed.wanted(configuration);
  return [...parts, ...wanted.map((text) => ({ kind: 'line', text }) as const)];
}

function withShell(read: Instruction, shell: readonly string[] | undefined): Instruction {
  if (shell === undefined || read.kind !== 'instruction' || read.keyword !== 'RUN') return read;
  return { ...read, text: `RUN ${jsonWords([...shell, ...read.words])}` };
}

/** The values that a build was given, where ARG has others. Remembers both. */
function givenArguments(read: Instruction, known: Map<string, string>): BuildPart[] {
  if (read.kind !== 'instruction') return [];
  const words = read.keyword === 'ARG' ? read.words : (read.given ?? []);
  const others = words.map(splitPair).filter(([name, value]) => known.get(name) !== value);
  for (const [name, value] of others) known.set(name, value);
  if (read.keyword === 'ARG') return [];
  return others.map(([name, value]) => ({ kind: 'line', text: `ARG ${pair(name, value)}` }));
}

/** What makes files makes a layer. */
function isTaken({ keyword }: { readonly keyword: string }, layer: number | undefined): boolean {
  return layer !== undefined || ![...COPYING, 'RUN'].includes(keyword);
}
