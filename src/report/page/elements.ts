/// <reference lib="dom" />
// Elements of the page. All text goes through `textContent`: a name is never markup.

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A name as it is shown: marked where some of its bytes had to be escaped, and never mixed with the text around it. */
export function nameElement(name: string, isEscaped: boolean): HTMLElement {
  const made = element(
    'bdi',
    isEscaped ? { class: 'escaped', title: 'some bytes of this name are escaped' } : {},
  );
  made.textContent = name;
  return made;
}

/** A path of which, where there is no room for it, the last name is the last to be cut. */
export function pathElement(path: string, isEscaped: boolean): HTMLElement {
  const end = path.lastIndexOf('/', path.endsWith('/**') ? path.length - 4 : undefined) + 1;
  const made = element('span', { class: 'path', title: path });
  // A backslash of a name itself is doubled.
  const part = (text: string) => nameElement(text, isEscaped && text.replaceAll('\\\\', '').includes('\\'));
  made.append(part(path.slice(0, end)), part(path.slice(end)));
  return made;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** As the command prints sizes: three digits, powers of 1000. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (Number(value.toPrecision(3)) >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(3))}${UNITS[unit]}`;
}
