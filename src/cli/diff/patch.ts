// `stratafs diff -p`: unified text differences with git's headers. What is no text, or too much of it, is named only.
import { createHash } from 'node:crypto';
import type { Change } from '../../diff/change.ts';
import { type Aspect, type Item, isDirectoryItem, itemSize, modeOf, typeBits } from '../../diff/item.ts';
import { LayerItem } from '../../diff/layered.ts';
import { type ByteString, bufferOf, bytesOfText } from '../../sys/bytes.ts';
import { unlessErrno } from '../../sys/errors.ts';
import { S_IFLNK, S_IFREG } from '../../sys/statx.ts';
import { escapeBytes } from '../../told/escape.ts';
import { humanSize } from '../print/size.ts';
import type { DiffContext, Printer } from './printer.ts';
import { hunkLines, type Texts, textsOf } from './text-differences.ts';
import { differenceWords, letterOf, shownPath } from './words.ts';

const NO_FILE = '/dev/null';

export class PatchPrinter implements Printer {
  readonly #context: DiffContext;

  constructor(context: DiffContext) {
    this.#context = context;
  }

  change(change: Change): void {
    const { a, b, path } = change;
    const [before, after] = [showable(a), showable(b)];
    this.#remark(change, before, after);
    if (before === undefined && after === undefined) return;
    const type = (item: Item) => typeBits(item);
    if (before !== undefined && after !== undefined && type(before) !== type(after)) {
      this.#one(path, path, before, undefined, change);
      this.#one(path, path, undefined, after, change);
      return;
    }
    this.#one(change.from ?? path, path, before, after, change);
  }

  end(): void {}

  /** What git's form cannot say is a comment before it: programs that apply a patch skip what they do not know. */
  #remark(change: Change, before: Item | undefined, after: Item | undefined): void {
    const { a, b, op } = change;
    const item = op === 'remove' ? a : b;
    const isFile = before !== undefined || after !== undefined;
    if (op !== 'modify' && !isFile && item !== undefined && isDirectoryItem(item)) return;
    const what = change.what.filter((aspect) => !isTold(aspect, before, after));
    const isWhole = isFile && what.length === 0 && change.flags.length === 0;
    if (isWhole) return;
    const { subtree: _, ...rest } = change;
    const words = differenceWords({ ...rest, what });
    this.#write(`${bytesOfText(`# ${letterOf(change)} ${shownPath(rest)}  ${words}`.trimEnd())}\n`);
  }

  #one(from: ByteString, to: ByteString, a: Item | undefined, b: Item | undefined, change: Change): void {
    const [nameA, nameB] = [quoted(`a${from}`), quoted(`b${to}`)];
    const [labelA, labelB] = [a === undefined ? NO_FILE : nameA, b === undefined ? NO_FILE : nameB];
    let lines = modeLines(a, b);
    if (change.op === 'rename')
      lines.push(
        'similarity index 100%',
        `rename from ${quoted(from.slice(1))}`,
        `rename to ${quoted(to.slice(1))}`,
      );
    const isOne = a !== undefined && b !== undefined;
    if (!isOne || change.what.some((each) => each === 'content' || each === 'target')) {
      const texts = textsOf(a, b);
      if ('why' in texts) {
        const why = texts.why ?? binaryWords(a, b, change);
        this.#write(`# Binary files ${labelA} and ${labelB} differ: ${why}\n`);
        // The mode alone would make an empty file, or remove one unseen.
        if (!isOne) return;
      } else lines = [...lines, indexLine(texts, a, b), ...hunks(texts, labelA, labelB)];
    }
    // A header that nothing follows makes git refuse all of a patch.
    if (lines.length > 0) this.#write(`diff --git ${nameA} ${nameB}\n${lines.join('\n')}\n`);
  }

  /** Bytes as they are, so that the patch applies; on a terminal without what could hurt it. */
  #write(text: string): void {
    const { out } = this.#context;
    if (out.columns === undefined) {
      out.writeBytes(bufferOf(text as ByteString));
      return;
    }
    const shown = text
      .split(/([\\\t\n])/)
      .map((piece, i) => (i % 2 === 1 ? piece : escapeBytes(piece as ByteString)));
    out.write(shown.join(''));
  }
}

/** git knows files and links only. */
function showable(item: Item | undefined): Item | undefined {
  if (item === undefined) return undefined;
  const type = typeBits(item);
  return type === S_IFREG || type === S_IFLNK ? item : undefined;
}

function gitMode(item: Item): string {
  if (typeBits(item) === S_IFLNK) return '120000';
  return (modeOf(item) & 0o100) === 0 ? '100644' : '100755';
}

function modeLines(a: Item | undefined, b: Item | undefined): string[] {
  if (a === undefined && b !== undefined) return [`new file mode ${gitMode(b)}`];
  if (b === undefined && a !== undefined) return [`deleted file mode ${gitMode(a)}`];
  if (a === undefined || b === undefined || gitMode(a) === gitMode(b)) return [];
  return [`old mode ${gitMode(a)}`, `new mode ${gitMode(b)}`];
}

/** git quotes a name in which a byte is a control, a quote, a backslash or not ASCII. */
function quoted(name: string): string {
  if (/^[ !#-[\]-~]*$/.test(name)) return name;
  const inner = name.replace(/["\\]/g, '\\$&').replace(/[^ -~]/g, (byte) => {
    return `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`;
  });
  return `"${inner}"`;
}

/** A name with blanks ends at a tab, as git and diff write it. */
function ended(name: string): string {
  return name.includes(' ') ? `${name}\t` : name;
}

/** Whether git's form says of this aspect what there is to say. */
function isTold(aspect: Aspect, a: Item | undefined, b: Item | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (aspect !== 'mode') return aspect === 'content' || aspect === 'target';
  const others = (item: Item) => modeOf(item) & 0o7666;
  return gitMode(a) !== gitMode(b) && others(a) === others(b);
}

function binaryWords(a: Item | undefined, b: Item | undefined, change: Change): string {
  const sizes = [a, b].flatMap((item) => (item === undefined ? [] : [humanSize(itemSize(item))]));
  const at = a === undefined || b === undefined ? undefined : firstByteThatDiffers(a, b, change);
  const where = at === undefined ? '' : `, first difference at byte 0x${at.toString(16)}`;
  return `${sizes.join(' to ')}${where}`;
}

function firstByteThatDiffers(a: Item, b: Item, change: Change): number | undefined {
  if (change.firstDifference !== undefined) return change.firstDifference;
  if (!(a instanceof LayerItem && b instanceof LayerItem)) return undefined;
  // That it cannot be read was told when it was compared.
  return unlessErrno(() => a.side.firstDifference(a, b));
}

/** The names of both contents as git has them. */
function indexLine({ before, after }: Texts, a: Item | undefined, b: Item | undefined): string {
  const name = (item: Item | undefined, text: string) => (item === undefined ? NO_BLOB : blobName(text));
  const isSameMode = a !== undefined && b !== undefined && gitMode(a) === gitMode(b);
  return `index ${name(a, before)}..${name(b, after)}${isSameMode ? ` ${gitMode(a)}` : ''}`;
}

const SHORT_NAME = 7;
const NO_BLOB = '0'.repeat(SHORT_NAME);

function blobName(text: string): string {
  const hash = createHash('sha1').update(`blob ${text.length}\0`).update(text, 'latin1');
  return hash.digest('hex').slice(0, SHORT_NAME);
}

function hunks(texts: Texts, labelA: string, labelB: string): string[] {
  const lines = hunkLines(texts);
  return lines.length === 0 ? [] : [`--- ${ended(labelA)}`, `+++ ${ended(labelB)}`, ...lines];
}
