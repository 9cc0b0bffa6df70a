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

/** The text, where the bytes are valid UTF-8; undefined where they are not. */
export function textOf(bytes: ByteString): string | undefined {
  const buffer = bufferOf(bytes);
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer) ? text : undefined;
}
