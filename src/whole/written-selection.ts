// Selections as a stream of words, each ended by NUL, which no name has: for a process that did not make them.
import { type ByteString, bytesOf } from '../sys/bytes.ts';
import { ALL, type Selection } from './selection.ts';

/** Before a name of which all is shown; before one whose inside follows, up to a word that is empty. */
const [WHOLE, INSIDE] = ['*', '/'];

/** Gives each word to `write`: one character a byte. */
export function writeSelection(selection: Selection, write: (word: string) => void): void {
  for (const [name, inside] of selection) {
    write(`${inside === ALL ? WHOLE : INSIDE}${name}\0`);
    if (inside !== ALL) writeSelection(inside, write);
  }
  write('\0');
}

/** Takes the words of one selection from those that follow. */
export function readSelection(words: Iterator<ByteString>): Selection {
  const selection = new Map<ByteString, Selection | typeof ALL>();
  for (let word = words.next(); !word.done && word.value !== ''; word = words.next()) {
    const name = word.value.slice(1) as ByteString;
    selection.set(name, word.value.startsWith(WHOLE) ? ALL : readSelection(words));
  }
  return selection;
}

export function* wordsOf(bytes: Uint8Array): Generator<ByteString> {
  for (let start = 0, end = bytes.indexOf(0); end >= 0; start = end + 1, end = bytes.indexOf(0, start)) {
    yield bytesOf(bytes, start, end);
  }
}
