// What differs between the contents of two files, as text: the lines of a unified diff. What is no text, or too much of it, has none.
import { structuredPatch } from 'diff';
import { readPieces } from '../../diff/contents/contents.ts';
import { type Item, itemSize, typeBits } from '../../diff/item.ts';
import { LayerItem } from '../../diff/layered.ts';
import { bytesOf } from '../../sys/bytes.ts';
import { Errno, errnoWords } from '../../sys/errors.ts';
import { S_IFLNK } from '../../sys/statx.ts';

/** Larger files are told as binary ones are. */
const LARGEST_TEXT = 4 << 20;
/** As git: a NUL so far from the start makes a file binary. */
const SNIFFED = 8000;
/** Past either, the whole file is shown as replaced. */
const MOST_EDITS = 20_000;
const MOST_MILLISECONDS = 500;
const CONTEXT = 3;

/** Bytes, one character each. */
export interface Texts {
  readonly before: string;
  readonly after: string;
}

/** Undefined for the usual reason: it is no text. */
export interface NoTexts {
  readonly why: string | undefined;
}

/** Of the contents, or the targets of links; what is absent is empty. */
export function textsOf(a: Item | undefined, b: Item | undefined): Texts | NoTexts {
  try {
    const [before, after] = [textOf(a), textOf(b)];
    return before === undefined || after === undefined ? { why: undefined } : { before, after };
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return { why: errnoWords(error.errno) };
  }
}

/** Contents, or a link's target, as bytes; undefined where they are no text or too long. Throws Errno. */
function textOf(item: Item | undefined): string | undefined {
  if (item === undefined) return '';
  if (typeBits(item) === S_IFLNK) return item.target();
  if (itemSize(item) > LARGEST_TEXT || !(item instanceof LayerItem)) return undefined;
  let text = '';
  let isBinary = false;
  item.side.withFile(item, (fd) =>
    readPieces(fd, (piece) => {
      if (text === '' && piece.subarray(0, SNIFFED).includes(0)) isBinary = true;
      if (!isBinary) text += bytesOf(piece);
      return !isBinary && text.length <= LARGEST_TEXT;
    }),
  );
  return isBinary ? undefined : text;
}

/** From `@@` on; empty where nothing differs. */
export function hunkLines({ before, after }: Texts): string[] {
  if (before === after) return [];
  const options = { context: CONTEXT, maxEditLength: MOST_EDITS, timeout: MOST_MILLISECONDS };
  const patch = structuredPatch('', '', before, after, undefined, undefined, options);
  if (patch === undefined) return replaced(before, after);
  const lines: string[] = [];
  for (const { oldStart, oldLines, newStart, newLines, lines: body } of patch.hunks) {
    const start = (from: number, count: number) =>
      `${count === 0 ? Math.max(0, from - 1) : from}${count === 1 ? '' : `,${count}`}`;
    lines.push(`@@ -${start(oldStart, oldLines)} +${start(newStart, newLines)} @@`);
    for (const line of body) lines.push(line);
  }
  return lines;
}

/** The whole of both files as one hunk: correct, if long. */
function replaced(before: string, after: string): string[] {
  const body = (text: string, mark: string) => {
    const lines = text.split('\n');
    const hasEnd = lines.at(-1) === '';
    if (hasEnd) lines.pop();
    return [
      ...lines.map((line) => mark + line),
      ...(hasEnd || text === '' ? [] : ['\\ No newline at end of file']),
    ];
  };
  const count = (text: string) => (text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0));
  const [old, now] = [count(before), count(after)];
  const header = `@@ -${old === 0 ? 0 : 1},${old} +${now === 0 ? 0 : 1},${now} @@`;
  return [header, ...body(before, '-'), ...body(after, '+')];
}
