// Text differences for a page: of small files, as far as there is room, what both sides have before what only one has.
import type { Change } from '../../../diff/change.ts';
import { type Item, typeBits } from '../../../diff/item.ts';
import type { ByteString } from '../../../sys/bytes.ts';
import { S_IFREG } from '../../../sys/statx.ts';
import { escapeBytes } from '../../../told/escape.ts';
import { hunkLines, textsOf } from '../text-differences.ts';

/** Lines of one difference; the others are counted. */
const MOST_LINES = 400;
const LONGEST_LINE = 2000;
/** Characters of all differences together. */
const MOST_CHARACTERS = 8 << 20;

export interface TextDifferences {
  /** By the numbers of the changes. */
  readonly texts: ReadonlyMap<number, string>;
  /** Of changes that have none for want of room. */
  readonly leftOut: number;
}

/** Of changes by their numbers. */
export function textDifferences(changes: ReadonlyMap<number, Change>): TextDifferences {
  const isWhole = ({ a, b }: Change) => a === undefined || b === undefined;
  const all = [...changes];
  const texts = new Map<number, string>();
  let room = MOST_CHARACTERS;
  let leftOut = 0;
  for (const [number, change] of [
    ...all.filter(([, each]) => !isWhole(each)),
    ...all.filter(([, each]) => isWhole(each)),
  ]) {
    if (room <= 0) {
      leftOut++;
      continue;
    }
    const text = textOf(change);
    if (text === '') continue;
    room -= text.length;
    texts.set(number, text);
  }
  return { texts, leftOut };
}

/** Whether contents of files differ, or one side alone has a file. */
export function mayHaveText({ op, what, a, b }: Change): boolean {
  const isFile = (item: Item | undefined) => item === undefined || typeBits(item) === S_IFREG;
  if (!isFile(a) || !isFile(b)) return false;
  return op !== 'rename' && (op !== 'modify' || what.includes('content'));
}

function textOf({ a, b }: Change): string {
  const texts = textsOf(a, b);
  if ('why' in texts) return '';
  const lines = hunkLines(texts);
  const shown = lines.slice(0, MOST_LINES).map(shownLine);
  const more = lines.length - shown.length;
  return [...shown, ...(more > 0 ? [`\\ ${more} more lines`] : [])].join('\n');
}

/** A tab is one here, all else that cannot be seen is escaped. */
function shownLine(line: string): string {
  const pieces = line.slice(0, LONGEST_LINE).split(/([\\\t])/);
  const shown = pieces.map((piece, i) => (i % 2 === 1 ? piece : escapeBytes(piece as ByteString))).join('');
  return line.length > LONGEST_LINE ? `${shown}…` : shown;
}
