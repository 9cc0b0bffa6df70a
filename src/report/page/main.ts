/// <reference lib="dom" />
// What the page does with script: the map and the tree of all rows, with a filter. Without it the rest of the page stands.
import { element } from './elements.ts';
import { Forest } from './forest.ts';
import { TreeView } from './tree.ts';
import { TreemapView } from './treemap.ts';
import { unpackRows } from './unpack.ts';

async function start(): Promise<void> {
  const data = document.getElementById('rows')?.textContent ?? '';
  const forest = new Forest(await unpackRows(data));
  const tree = new TreeView(forest);
  const map = new TreemapView(forest, (row) => tree.show(row));
  const words = element('input', {
    type: 'search',
    id: 'words',
    placeholder: 'part of a path  ( / )',
    autocomplete: 'off',
  });
  const gone = element('input', { type: 'checkbox', id: 'gone' });
  const layer = element('select', { id: 'layer' }, element('option', { value: '0' }, 'all'));
  const numbers = [...new Set(forest.rows.layer)].sort((a, b) => a - b);
  for (const number of numbers) layer.append(element('option', { value: String(number) }, `L${number}`));
  const order = element(
    'select',
    { id: 'order' },
    element('option', { value: 'size' }, 'size'),
    element('option', { value: 'name' }, 'name'),
  );
  const count = element('span', { role: 'status', id: 'count' });
  const filter = () => {
    forest.filter({ words: words.value.toLowerCase(), onlyGone: gone.checked, layer: Number(layer.value) });
    count.textContent = `${forest.matches} of ${forest.rows.count}`;
    tree.refresh();
  };
  words.addEventListener('input', filter);
  gone.addEventListener('change', filter);
  layer.addEventListener('change', filter);
  order.addEventListener('change', () => tree.sort(order.value === 'size'));
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    words.focus();
  });
  const labelled = (text: string, control: HTMLElement) => element('label', {}, `${text} `, control);
  document
    .getElementById('tree')
    ?.append(
      element(
        'p',
        { class: 'controls' },
        labelled('Filter', words),
        labelled('Deleted and overwritten only', gone),
        labelled('Layer', layer),
        labelled('By', order),
        count,
      ),
      tree.box,
      element(
        'p',
        { class: 'keys' },
        'Keys: arrows or j k move and fold, Enter opens, / filters, Home End Page up and down.',
      ),
    );
  document.getElementById('map')?.append(map.box);
  for (const section of document.querySelectorAll<HTMLElement>('.live')) section.hidden = false;
  filter();
}

void start();
