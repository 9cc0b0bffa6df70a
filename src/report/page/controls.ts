/// <reference lib="dom" />
// What a person filters and sorts by: labelled controls above a grid, and the keys that lead to them.
import { element } from './elements.ts';

export function labelled(text: string, control: HTMLElement): HTMLElement {
  const isBox = control instanceof HTMLInputElement && control.type === 'checkbox';
  return isBox ? element('label', {}, control, ` ${text}`) : element('label', {}, `${text} `, control);
}

/** Choices by their values. */
export function choice(
  id: string,
  choices: Iterable<readonly [value: string, words: string]>,
): HTMLSelectElement {
  const options = [...choices].map(([value, words]) => element('option', { value }, words));
  return element('select', { id }, ...options);
}

/** The key `/` leads to it. */
export function pathFilter(): HTMLInputElement {
  const words = element('input', {
    type: 'search',
    id: 'words',
    placeholder: 'part of a path  ( / )',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    words.focus();
  });
  return words;
}

export const GRID_KEYS =
  'Keys: arrows or j k move and fold, Enter opens, / filters, Home End Page up and down.';

/** Shows what needs the script, and hides what it replaces. */
export function showLive(): void {
  for (const section of document.querySelectorAll<HTMLElement>('.live')) section.hidden = false;
  for (const section of document.querySelectorAll<HTMLElement>('.still')) section.hidden = true;
}
