/// <reference lib="dom" />
// What the page of a comparison does with script: the map, and the table of all changes with its filters.
import { LETTERS, SIGNALS } from '../../changes/record.ts';
import { choice, GRID_KEYS, labelled, pathFilter, showLive } from '../controls.ts';
import { element } from '../elements.ts';
import { TreemapView } from '../treemap.ts';
import { tableOfPage } from '../unpack.ts';
import { DetailView } from './detail.ts';
import { ChangeList, GROUPINGS, layerKey } from './list.ts';
import { changeRows } from './rows.ts';
import { ChangeTable } from './table.ts';
import { BytesTiles, tilePath } from './tiles.ts';

const FIRST_SIGNALS = 5;
/** Bits of marks → words; those of which no row has any are not offered. */
const SIGNAL_CHOICES: readonly (readonly [marks: number, words: string])[] = [
  [(1 << FIRST_SIGNALS) - 1, 'to look at first'],
  [bit('privilege'), 'privilege gained'],
  [bit('world-writable'), 'world-writable'],
  [bit('silent'), 'same size and time'],
  [bit('raced'), 'changed while read'],
  [bit('suspicious'), 'package of one version'],
  [bit('unexplained'), 'no package explains'],
  [bit('noise'), 'noise'],
];
const ALL = '*';

function bit(signal: (typeof SIGNALS)[number]): number {
  return 1 << SIGNALS.indexOf(signal);
}

export async function startChanges(): Promise<void> {
  const section = document.getElementById('changes');
  if (section === null) return;
  const rows = changeRows(await tableOfPage('rows'));
  const list = new ChangeList(rows);
  const detail = new DetailView(rows);
  const table = new ChangeTable(list, (row) => detail.show(row));

  const words = pathFilter();
  const letters = letterBoxes(new Set(Array.from(rows.letter)));
  const layers = [...new Set(rows.makers.all.flatMap((makers) => makers.split(' ')))].filter(Boolean);
  layers.sort((x, y) => layerKey(x) - layerKey(y));
  const layer = choice('layer', [['', 'all'], ...layers.map((each) => [each, each] as const)]);
  const owners = rows.owner.all.filter(Boolean).sort();
  const owner = choice('owner', [
    [ALL, 'all'],
    ...owners.map((each) => [each, each] as const),
    ['', 'of none'],
  ]);
  const there = Array.from(rows.marks).reduce((all, marks) => all | marks, 0);
  const signal = choice('signal', [
    ['0', 'all'],
    ...SIGNAL_CHOICES.filter(([marks]) => (marks & there) !== 0).map(
      ([marks, each]) => [String(marks), each] as const,
    ),
  ]);
  const grouping = choice(
    'grouping',
    GROUPINGS.filter((each) => each !== 'package' || owners.length > 0).map((each) => [each, each] as const),
  );
  const count = element('span', { role: 'status', id: 'count' });
  const filter = () => {
    list.filter({
      words: words.value.toLowerCase(),
      without: new Set(letters.filter(({ checked }) => !checked).map(({ value }) => value)),
      layer: layer.value,
      ...(owner.value === ALL ? {} : { owner: owner.value }),
      marks: Number(signal.value),
    });
    count.textContent = `${list.matches} of ${rows.count}`;
    table.refresh();
  };
  words.addEventListener('input', filter);
  for (const control of [...letters, layer, owner, signal]) control.addEventListener('change', filter);
  grouping.addEventListener('change', () => {
    list.group(GROUPINGS.find((each) => each === grouping.value) ?? 'none');
    table.refresh();
  });
  section.append(
    element(
      'p',
      { class: 'controls' },
      labelled('Filter', words),
      element(
        'span',
        { role: 'group', 'aria-label': 'Kinds of change', class: 'letters' },
        ...letters.map((box) => labelled(box.value === '-' ? '−' : box.value, box)),
      ),
      labelled('Only', signal),
      labelled('Layer', layer),
      ...(owners.length === 0 ? [] : [labelled('Package', owner)]),
      labelled('Group by', grouping),
      count,
    ),
    table.grid.box,
    element('p', { class: 'keys' }, `${GRID_KEYS} Headings sort.`),
    detail.box,
  );
  offerSignals((kind) => {
    signal.value = String(bit(kind));
    filter();
    table.grid.box.focus();
  });
  showLive();
  filter();
  // The table is there at once; the map takes as long again.
  setTimeout(() => {
    const tiles = new BytesTiles(rows);
    const map = new TreemapView(tiles, (node) => {
      const isLeaf = node.parts.size === 0;
      if (isLeaf && node.row !== undefined && table.show(node.row)) return;
      const path = tilePath(tiles, node);
      words.value = path === '/' ? '' : `${path}${isLeaf ? '' : '/'}`;
      filter();
    });
    document.getElementById('map')?.append(map.box);
  });
}

/** A box for each letter that there is. */
function letterBoxes(there: ReadonlySet<number>): HTMLInputElement[] {
  return LETTERS.flatMap((letter, i) => {
    if (!there.has(i)) return [];
    const box = element('input', { type: 'checkbox', value: letter, name: 'letter' });
    box.checked = true;
    return [box];
  });
}

/** What is counted at the top leads to its changes in the table. */
function offerSignals(chosen: (kind: (typeof SIGNALS)[number]) => void): void {
  for (const card of document.querySelectorAll<HTMLElement>('[data-signal]:not(.none)')) {
    const kind = SIGNALS.find((each) => each === card.dataset.signal);
    if (kind === undefined) continue;
    const button = element('button', { type: 'button' }, ...card.childNodes);
    button.addEventListener('click', () => chosen(kind));
    card.append(button);
  }
}
