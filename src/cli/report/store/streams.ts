// The parts that are JSON lines, with header and end as every `--json`: those of a command are all that it prints, to the exit
// code; the others are of `report`, and `part` in the header says which.

import type { StoreOptions } from '../../../open/stack.ts';
import { beginJson, type JsonSubject, jsonRoot } from '../../json/stream.ts';
import { Terminal } from '../../print/terminal.ts';
import type { Witness } from '../witness.ts';
import type { Parts } from './parts.ts';

export type StreamName = keyof typeof COMMANDS | 'deleted' | 'layers' | 'manifests' | 'volumes';

const COMMANDS = {
  images: 'images',
  containers: 'containers',
  usage: 'df',
  health: 'doctor',
  verify: 'verify',
} as const;

export interface StreamOptions {
  readonly parts: Parts;
  readonly store: StoreOptions;
  readonly witness: Witness;
}

/** Begins a part. What comes to no end of it by `endStream` has none, as the output of a command that failed. */
export function openStream(
  name: StreamName,
  { parts, store, witness }: StreamOptions,
  subject: JsonSubject = jsonRoot(store),
): Terminal {
  const { err, now } = witness;
  const lines = new Terminal(parts.open(`${name}.jsonl`), err, { now });
  if (isOfCommand(name)) beginJson(lines, COMMANDS[name], subject);
  else beginJson(lines, 'report', subject, { part: name });
  return lines;
}

export function endStream(lines: Terminal, exit: number): void {
  lines.exitWith(exit);
  lines.complete();
}

/** A part of lines that are known already. */
export function writeStream(
  name: StreamName,
  all: readonly string[],
  exit: number,
  options: StreamOptions,
): void {
  const lines = openStream(name, options);
  for (const line of all) lines.out.write(line);
  endStream(lines, exit);
}

function isOfCommand(name: StreamName): name is keyof typeof COMMANDS {
  return name in COMMANDS;
}
