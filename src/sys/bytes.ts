// Names and paths as bytes: a latin1 string holds one byte a character, so it is a lossless map key that sorts as bytes do.

/** Bytes as a latin1 string: every character code is 0 to 255. A file name, a path or a link target, never decoded text. */
export type ByteString = string & { readonly bytes: true };

/** Reads on in a file: answers how many bytes it put in the buffer, 0 at the end, or a negative errno. */
export type ReadSome = (buffer: Uint8Array) => number;

/** The bytes of text that came as UTF-8 from a command line or a JSON file. */
export function bytesOfText(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1') as ByteString;
}

export function bytesOf(buffer: Uint8Array, start = 0, end = buffer.length): ByteString {
  return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.length).toString(
    'latin1',
    start,
    end,
  ) as ByteString;
}

/** A string that is known to be ASCII, or latin1 already, taken as bytes. */
export function asBytes(latin1: string): ByteString {
  return latin1 as ByteString;
}

export function bufferOf(bytes: ByteString): Buffer {
  return Buffer.from(bytes, 'latin1');
}

/** A new NUL-terminated copy, for a system call. */
export function cString(bytes: ByteString): Buffer {
  const buffer = Buffer.allocUnsafe(bytes.length + 1);
  buffer.write(bytes, 0, 'latin1');
  buffer[bytes.length] = 0;
  return buffer;
}

/** One character of well-formed UTF-8 (Unicode table 3-7), else one byte that belongs to none. */
export const CHARACTER =
  /[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;

const ASCII = /^[\x00-\x7f]*$/;
/** A byte that is no character stands in text as a lone low surrogate, as in Python's `surrogateescape`. */
const LONE = 0xdc00;

/**
 * Bytes as they stand in a message, which is text: what is UTF-8 decoded, and any other byte as U+DC80 to U+DCFF, so that
 * whoever prints the message can tell them from characters.
 */
export function shownBytes(bytes: ByteString): string {
  if (ASCII.test(bytes)) return bytes;
  return bytes.replace(CHARACTER, (sequence) => {
    if (sequence.length > 1) return Buffer.from(sequence, 'latin1').toString('utf8');
    return sequence < '\x80' ? sequence : String.fromCharCode(LONE + sequence.charCodeAt(0));
  });
}

/** The byte that a lone surrogate of `shownBytes` stands for; undefined for any other character. */
export function loneByte(character: string): ByteString | undefined {
  const code = character.charCodeAt(0) - LONE;
  return character.length === 1 && code >= 0x80 && code <= 0xff
    ? (String.fromCharCode(code) as ByteString)
    : undefined;
}

/** The text, where the bytes are valid UTF-8; undefined where they are not. */
export function textOf(bytes: ByteString): string | undefined {
  const buffer = bufferOf(bytes);
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer) ? text : undefined;
}
