/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// What the page of a store does with script: every table is filtered and sorted, and shows all of its rows.
import { tableOfPage } from '../unpack.ts';
import { TableView } from './table-view.ts';

export async function startStore(): Promise<void> {
  for (const box of document.querySelectorAll<HTMLElement>('[data-table]'))
    new TableView(box, await tableOfPage(`data-${box.dataset.table}`));
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    nearestFilter()?.focus();
  });
  // Paper has no way to open what is folded.
  addEventListener('beforeprint', () => {
    for (const section of document.querySelectorAll('details')) section.open = true;
  });
  addEventListener('hashchange', openTarget);
  openTarget();
}

/** A section that was folded is opened by who is led to it. */
function openTarget(): void {
  const target = location.hash.slice(1);
  const section = target === '' ? null : document.getElementById(target);
  if (section instanceof HTMLDetailsElement) section.open = true;
}

/** The first that is seen, or below what is seen. */
function nearestFilter(): HTMLInputElement | undefined {
  const filters = [...document.querySelectorAll<HTMLInputElement>('input.words')];
  const open = filters.filter((filter) => filter.closest('details')?.open !== false);
  return open.find((filter) => filter.getBoundingClientRect().bottom > 0) ?? open.at(-1);
}
