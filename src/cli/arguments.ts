// Paths of the command line as bytes. Node hands arguments over as text, in which bytes that are not UTF-8 are lost;
// the kernel keeps the originals. And the words of an option that is a list.
import { readFileSync } from 'node:fs';
import { asBytes, type ByteString, bytesOf, bytesOfText } from '../sys/bytes.ts';

const LOST = '\ufffd';

/** The bytes each argument was given as, in order. `commandLine` is for tests. */
export function pathArguments(
  texts: readonly string[],
  commandLine: () => Uint8Array = () => readFileSync('/proc/self/cmdline'),
): ByteString[] {
  if (!texts.some((text) => text.includes(LOST))) return texts.map(bytesOfText);
  const originals = splitAtNul(commandLine()).flatMap((bytes) => [bytes, ...behindColons(bytes)]);
  return texts.map((text) => {
    if (!text.includes(LOST)) return bytesOfText(text);
    const index = originals.findIndex((bytes) => Buffer.from(bytes, 'latin1').toString('utf8') === text);
    // Two arguments may look the same once decoded: each original is used once, in order.
    return index < 0 ? bytesOfText(text) : (originals.splice(index, 1)[0] ?? bytesOfText(text));
  });
}

/** The same of one. */
export function pathArgument(text: string): ByteString {
  const [bytes = bytesOfText(text)] = pathArguments([text]);
  return bytes;
}

/** What may be a path in `REF:/path`. */
function behindColons(bytes: ByteString): ByteString[] {
  const places = [...bytes.matchAll(/:(?=\/)/g)].map(({ index }) => index);
  return places.map((place) => asBytes(bytes.slice(place + 1)));
}

/** The words of /proc/PID/cmdline, each ended by NUL. */
export function splitAtNul(commandLine: Uint8Array): ByteString[] {
  return bytesOf(commandLine).split('\0').slice(0, -1) as ByteString[];
}

/** The words of an option that takes several, `a,b`; empty ones are left out. */
export function commaWords(value: string): string[] {
  return value
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
}
