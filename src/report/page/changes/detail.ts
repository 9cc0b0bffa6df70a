/// <reference lib="dom" />
// All that is known of one change: both sides beside each other, the layers that set what differs, and a text difference.
import { LETTERS } from '../../changes/record.ts';
import { element, pathElement } from '../elements.ts';
import type { ChangeRows, SideRows } from './rows.ts';
import { LOOKS } from './table.ts';

const LETTER_WORDS: Readonly<Record<(typeof LETTERS)[number], string>> = {
  '+': 'added',
  '-': 'removed',
  M: 'changed',
  '?': 'contents changed under the same size and time',
  T: 'of another type',
  R: 'renamed',
  m: 'metadata changed',
};
/** Names of aspects as they are told here. */
const ASPECT_WORDS: Readonly<Record<string, string>> = {
  target: 'Link target',
  rdev: 'Device',
  xattr: 'Attributes',
  caps: 'Capabilities',
  acl: 'ACL',
  links: 'Hard links',
};

export class DetailView {
  readonly box = element('section', { class: 'detail', 'aria-label': 'The change at hand' });
  readonly #rows: ChangeRows;

  constructor(rows: ChangeRows) {
    this.#rows = rows;
  }

  /** Of no row a word on how to choose one. */
  show(row: number | undefined): void {
    if (row === undefined) {
      this.box.replaceChildren(element('p', { class: 'keys' }, 'A change that is chosen is told here.'));
      return;
    }
    const rows = this.#rows;
    const letter = LETTERS[rows.letter[row] ?? 0] ?? 'M';
    const heading = element('h3', { class: LOOKS[rows.letter[row] ?? 0] ?? '' });
    heading.append(
      element('span', { class: 'letter' }, letter === '-' ? '−' : letter),
      ' ',
      pathElement(rows.paths[row] ?? '', rows.escaped[row] === 1),
    );
    const owner = rows.owner.of(row);
    const words = [LETTER_WORDS[letter], rows.words(row), owner === '' ? '' : `package ${owner}`];
    const layers = rows.layers.of(row);
    const text = rows.text(row);
    this.box.replaceChildren(
      heading,
      element('p', {}, words.filter(Boolean).join(' · ')),
      ...(layers === '' ? [] : [element('p', { class: 'code' }, layers)]),
      this.#table(row),
      ...(text === '' ? [] : [textElement(text)]),
    );
  }

  #table(row: number): HTMLElement {
    const { a, b } = this.#rows;
    const [settersA, settersB] = [settersOf(a, row), settersOf(b, row)];
    const others = othersOf(this.#rows.others(row));
    const [hasA, hasB] = [a.mode.of(row) !== '', b.mode.of(row) !== ''];
    const lines: HTMLElement[] = [];
    const line = (aspect: string, words: string, ofA: string, ofB: string) => {
      const isDifferent = hasA && hasB && ofA !== ofB;
      const setters = [settersA.get(aspect), settersB.get(aspect)];
      const layers = setters.flatMap((layer, i) => (layer === undefined ? [] : [`${'AB'[i]}${layer}`]));
      lines.push(
        element(
          'tr',
          isDifferent ? { class: 'different' } : {},
          element('th', { scope: 'row' }, `${words}${isDifferent ? ' ≠' : ''}`),
          element('td', { class: 'code' }, ofA),
          element('td', { class: 'code' }, ofB),
          element('td', { class: 'code' }, layers.join(' → ')),
        ),
      );
    };
    const both = (of: (side: SideRows) => string) => [hasA ? of(a) : '', hasB ? of(b) : ''] as const;
    const isFile = [a, b].some(({ mode }) => mode.of(row).startsWith('-'));
    if (isFile) line('content', 'Size', ...both(({ size }) => `${size[row]} B`));
    line('mode', 'Mode', ...both(({ mode }) => mode.of(row)));
    line('uid', 'User', ...both(({ uid }) => String(uid[row])));
    line('gid', 'Group', ...both(({ gid }) => String(gid[row])));
    line(
      'mtime',
      'Modified',
      ...both((side) => timeText(side.seconds[row] ?? 0, side.nanoseconds[row] ?? 0)),
    );
    const told = new Set(['type', 'content', 'mode', 'uid', 'gid', 'mtime']);
    for (const [aspect, words] of others) {
      told.add(aspect);
      const layers = [settersA.get(aspect), settersB.get(aspect)];
      const names = layers.flatMap((layer, i) => (layer === undefined ? [] : [`${'AB'[i]}${layer}`]));
      lines.push(
        element(
          'tr',
          { class: 'different' },
          element('th', { scope: 'row' }, `${ASPECT_WORDS[aspect] ?? aspect} ≠`),
          element('td', { class: 'code', colspan: '2' }, words),
          element('td', { class: 'code' }, names.join(' → ')),
        ),
      );
    }
    for (const aspect of new Set([...settersA.keys(), ...settersB.keys()]))
      if (!told.has(aspect)) line(aspect, ASPECT_WORDS[aspect] ?? aspect, '', '');
    const head = ['', 'A', 'B', 'Set by'].map((name) =>
      name === '' ? element('td', {}) : element('th', { scope: 'col' }, name),
    );
    return element(
      'div',
      { class: 'wide', tabindex: '0', role: 'region', 'aria-label': 'Both sides of the change' },
      element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...lines)),
    );
  }
}

function settersOf({ setters }: SideRows, row: number): Map<string, string> {
  const pairs = setters.of(row).split(',').filter(Boolean);
  return new Map(pairs.map((pair) => pair.split(' ') as [string, string]));
}

function othersOf(json: string): readonly (readonly [string, string])[] {
  return json === '' ? [] : JSON.parse(json);
}

/** In UTC; a time past what a calendar can hold as a number. */
function timeText(seconds: number, nanoseconds: number): string {
  const fraction = String(nanoseconds).padStart(9, '0');
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds}.${fraction}`;
  return `${date.toISOString().slice(0, -5).replace('T', ' ')}.${fraction}Z`;
}

const LINE_LOOKS: Readonly<Record<string, string>> = {
  '+': 'plus',
  '-': 'minus',
  '@': 'place',
  '\\': 'remark',
};

function textElement(text: string): HTMLElement {
  const made = element('pre', {
    class: 'text',
    tabindex: '0',
    'aria-label': 'Text difference',
    role: 'region',
  });
  for (const line of text.split('\n'))
    made.append(element('span', { class: LINE_LOOKS[line[0] ?? ''] ?? 'same' }, `${line}\n`));
  return made;
}
