// `REF:/path`, as docker cp has it: one word where a reference and a path are meant. No store is looked at.
import type { Command } from 'commander';
import { bytesOfText } from '../../sys/bytes.ts';
import { operandPlaces } from '../completion/line.ts';
import { commandPlace } from './words.ts';

/** A kind in front of a name or key that may begin with a slash. */
const NOT_BEHIND = /^(?:image|container|snapshot)$/;
/** In skopeo's words the path of an archive comes behind a colon. */
const TRANSPORT = /^(?:oci|oci-archive|docker-archive|dir):/;

/**
 * A reference and the path behind it; undefined where there is none. A name in a store has no slash behind a colon; the path of
 * an archive may: `isThere` answers whether there is something at a path of this machine.
 */
export function partReference(
  word: string,
  isThere: (path: string) => boolean = () => false,
): readonly [reference: string, path: string] | undefined {
  if (word.startsWith('lowerdir=')) return undefined;
  const begin = TRANSPORT.exec(word)?.[0].length ?? 0;
  const at = begin > 0 || /^[./~]/.test(word) ? word.lastIndexOf(':/') : word.indexOf(':/');
  if (at <= begin || word.startsWith('//', at + 1)) return undefined;
  const reference = word.slice(0, at);
  if (NOT_BEHIND.test(reference) || isThere(word.slice(begin))) return undefined;
  return [reference, word.slice(at + 1)];
}

/**
 * The words with the first operand as two where it is `REF:/path` and the command takes a reference and paths; further ones
 * that begin with the same `REF:` are its paths too. `program` has the command that the words name.
 */
export async function withPathApart(program: Command, words: readonly string[]): Promise<readonly string[]> {
  const at = commandPlace(words);
  const command = program.commands.find((one) => one.name() === words[at ?? -1]);
  if (at === undefined || command === undefined) return words;
  const [first, second] = command.registeredArguments;
  if (first?.name() !== 'ref' || !/^(?:path|dest)/.test(second?.name() ?? '')) return words;
  const [place, ...others] = operandPlaces(command, words, at + 1);
  const word = place === undefined ? undefined : words[place];
  if (word?.includes(':/') !== true) return words;
  const { kindAtPath } = await import('../../store/named.ts');
  const parts = partReference(word, (path) => kindAtPath(bytesOfText(path)) !== undefined);
  if (parts === undefined) return words;
  const front = `${parts[0]}:`;
  return words.flatMap((each, i) => {
    if (i === place) return parts;
    return [others.includes(i) && each.startsWith(`${front}/`) ? each.slice(front.length) : each];
  });
}
