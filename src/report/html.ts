// Text as HTML, and the few elements that the part of a report is made of which needs no script.

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For element contents and quoted attributes. */
export function htmlText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

export interface HtmlColumn {
  readonly heading: string;
  /** Numbers stand on the right, paths and commands in a type of one width, a bar has room. */
  readonly kind?: 'number' | 'code' | 'bar';
}

/** Text, or what is HTML already. */
export type HtmlCell = string | { readonly html: string };

/** Of printable cells. */
export function htmlTable(
  caption: string,
  columns: readonly HtmlColumn[],
  rows: readonly (readonly HtmlCell[])[],
): string {
  const className = ({ kind }: HtmlColumn) => (kind === undefined ? '' : ` class="${kind}"`);
  const heads = columns.map(
    (column) => `<th scope="col"${className(column)}>${htmlText(column.heading)}</th>`,
  );
  const lines = rows.map((cells) => {
    const all = columns.map((column, i) => `<td${className(column)}>${cellHtml(cells[i])}</td>`);
    return `<tr>${all.join('')}</tr>`;
  });
  return `<div class="wide" tabindex="0" role="region" aria-label="${htmlText(caption)}"><table><caption>${htmlText(caption)}</caption><thead><tr>${heads.join('')}</tr></thead>
<tbody>${lines.join('\n')}</tbody></table></div>
`;
}

function cellHtml(cell: HtmlCell = ''): string {
  return typeof cell === 'string' ? htmlText(cell) : cell.html;
}
