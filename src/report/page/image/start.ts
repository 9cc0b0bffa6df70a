/// <reference lib="dom" />
// What the page of an image does with script: the map, and the tree of all rows with a filter.
import { choice, GRID_KEYS, labelled, pathFilter, showLive } from '../controls.ts';
import { element } from '../elements.ts';
import { TreemapView } from '../treemap.ts';
import { tableOfPage } from '../unpack.ts';
import { Forest } from './forest.ts';
import { imageRows } from './rows.ts';
import { ForestTiles } from './tiles.ts';
import { TreeView } from './tree.ts';

export async function startImage(): Promise<void> {
  const forest = new Forest(imageRows(await tableOfPage('rows')));
  const tree = new TreeView(forest);
  const map = new TreemapView(new ForestTiles(forest), (row) => tree.show(row));
  const words = pathFilter();
  const gone = element('input', { type: 'checkbox', id: 'gone' });
  const numbers = [...new Set(Array.from(forest.rows.layer))].sort((a, b) => a - b);
  const layer = choice('layer', [
    ['0', 'all'],
    ...numbers.map((number): [string, string] => [String(number), `L${number}`]),
  ]);
  const order = choice('order', [
    ['size', 'size'],
    ['name', 'name'],
  ]);
  const count = element('span', { role: 'status', id: 'count' });
  const filter = () => {
    forest.filter({ words: words.value.toLowerCase(), onlyGone: gone.checked, layer: Number(layer.value) });
    count.textContent = `${forest.matches} of ${forest.rows.count}`;
    tree.refresh();
  };
  words.addEventListener('input', filter);
  gone.addEventListener('change', filter);
  layer.addEventListener('change', filter);
  order.addEventListener('change', () => tree.sort(order.value));
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
      tree.grid.box,
      element('p', { class: 'keys' }, GRID_KEYS),
    );
  document.getElementById('map')?.append(map.box);
  showLive();
  filter();
}
