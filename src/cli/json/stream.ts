// What every `--json` has in common: JSON lines, of which `t` says what each is. The first is a header, the last an end with the
// exit code; without the end the output is incomplete. Knows no command.
import { resolve } from 'node:path';
import type { StoreOptions } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { escapeJson, jsonName } from '../../told/escape.ts';
import type { Terminal } from '../print/terminal.ts';
import { version } from '../version.ts';

/** Changes only where a field changes its meaning or goes. */
const FORMAT_VERSION = 1;

/** What a header tells beside the tool and the command. */
export interface JsonSubject {
  /** The root of the store, or the archive, absolute; absent where no store was looked into. */
  readonly root?: ByteString;
  /** Of several stores: all, as text. */
  readonly roots?: readonly string[];
  /** The reference, or references, as they were given. */
  readonly ref?: string;
  readonly refs?: readonly string[];
}

/** The fields that tell what an output is of. */
export function jsonHead(command: string, { root, ...rest }: JsonSubject): object {
  return {
    ...{ v: FORMAT_VERSION, tool: `stratafs ${version()}`, command },
    ...(root === undefined ? {} : jsonName('root', root)),
    ...rest,
  };
}

/** Writes the header, with fields of the command's own, and has the end written after everything that the command tells. */
export function beginJson(
  terminal: Terminal,
  command: string,
  subject: JsonSubject,
  more: object = {},
): void {
  terminal.out.write(`${escapeJson({ t: 'header', ...jsonHead(command, subject), ...more })}\n`);
  terminal.atEnd(() => terminal.out.write(`${escapeJson({ t: 'end', exit: terminal.exitCode })}\n`));
}

/** Where a stack is from: an archive, a store; nothing for plain directories. Without one, the store that options name. */
export function jsonRoot(
  { root, noRoot }: Pick<StoreOptions, 'root' | 'noRoot'>,
  stack?: LayerStack,
): Pick<JsonSubject, 'root'> {
  if (stack?.kind === 'lowerdir') return {};
  if (stack?.archive !== undefined) return { root: absolute(stack.archive) };
  return noRoot === undefined ? { root: absolute(bytesOfText(root)) } : {};
}

/** Where a name is no UTF-8 its bytes stay as they are: they are taken for characters. */
function absolute(path: ByteString): ByteString {
  return resolve(bytesOfText(process.cwd()), path) as ByteString;
}
