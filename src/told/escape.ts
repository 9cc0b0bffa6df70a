// Bytes and text as something a terminal can show: every name, tag, history line and message goes through here before it
// is printed. The form is that of GNU `ls -b` and bash's `$'…'`: `\n`, `\t`, `\\`, and three octal digits for a byte.
import { type ByteString, bufferOf, bytesOfText, CHARACTER, loneByte } from '../sys/bytes.ts';

const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Controls, format and bidi characters, unassigned and private ones, line separators, and spaces that are not U+0020. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
const UNPRINTABLE_UNITS = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

const LETTERS = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\v', '\\v'],
  ['\f', '\\f'],
  ['\r', '\\r'],
]);

/** Each byte as a backslash and three octal digits. */
export function octal(bytes: string): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += `\\${bytes.charCodeAt(i).toString(8).padStart(3, '0')}`;
  return text;
}

/** `sequence` is what CHARACTER matched. */
function showCharacter(sequence: string): string {
  if (sequence.length === 1) {
    if (sequence >= ' ' && sequence <= '~') return sequence;
    return LETTERS.get(sequence) ?? octal(sequence);
  }
  const character = Buffer.from(sequence, 'latin1').toString('utf8');
  return UNPRINTABLE.test(character) ? octal(sequence) : character;
}

/** Valid, printable UTF-8 as it is; a backslash doubled; all else escaped, so that the bytes can be told back from it. */
export function escapeBytes(bytes: ByteString): string {
  if (PLAIN.test(bytes)) return bytes;
  return bytes.replace(CHARACTER, (sequence) => (sequence === '\\' ? '\\\\' : showCharacter(sequence)));
}

/** Whether something in a text that `escapeBytes` made is escaped; a backslash of the name itself is doubled, which is none. */
export function hasEscapes(escaped: string): boolean {
  return escaped.replaceAll('\\\\', '').includes('\\');
}

/** The same for text that came from JSON or the command line. */
export function escapeText(text: string): string {
  return PLAIN.test(text) ? text : escapeBytes(bytesOfText(text));
}

/**
 * A message, on one line: text, in which bytes that are none stand as `shownBytes` has them. Backslashes stay as they are:
 * what is in the message may be escaped already.
 */
export function escapeMessage(message: string): string {
  if (PRINTABLE_ASCII.test(message)) return message;
  return message.replace(/[^\x20-\x7e]/gu, (character) => {
    const byte = loneByte(character);
    if (byte !== undefined) return octal(byte);
    return bytesOfText(character).replace(CHARACTER, showCharacter);
  });
}

/** One line of JSON in which nothing can hurt a terminal: `\u` escapes for what `JSON.stringify` would print raw. */
export function escapeJson(value: unknown): string {
  return jsonText(value).replace(UNPRINTABLE_UNITS, (character) => {
    let text = '';
    for (let i = 0; i < character.length; i++) {
      text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
    }
    return text;
  });
}

/** As `JSON.stringify`, which has no word for a bigint: a number of all its digits, as JSON allows. */
function jsonText(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (!hasBigint(value)) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  const fields = Object.entries(value as object).filter(([, each]) => each !== undefined);
  return `{${fields.map(([key, each]) => `${JSON.stringify(key)}:${jsonText(each)}`).join(',')}}`;
}

function hasBigint(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint';
  return Object.values(value).some(hasBigint);
}

/** A name or path as JSON fields: UTF-8 text, and the exact bytes beside it where they are not valid UTF-8. */
export function jsonName<K extends string>(key: K, bytes: ByteString): { [P in K | `${K}B64`]?: string } {
  const buffer = bufferOf(bytes);
  const text = buffer.toString('utf8');
  const exact = Buffer.from(text, 'utf8').equals(buffer);
  return {
    [key]: text,
    ...(exact ? {} : { [`${key}B64`]: buffer.toString('base64') }),
  } as { [P in K | `${K}B64`]?: string };
}
