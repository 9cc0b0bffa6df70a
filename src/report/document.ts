// A report as one HTML file that asks for nothing from anywhere: a policy that lets this script and this style run and nothing
// else, what is needed most as plain HTML, and tables as data for the script.
import { createHash } from 'node:crypto';
import { htmlText } from './html.ts';

/** A page of more opens slowly: what is left out of it is said. */
export const MOST_ROWS = 300_000;

/** The page's script and style. */
export interface PageFiles {
  readonly script: string;
  readonly style: string;
}

export interface HtmlDocument {
  /** What the script knows it by. */
  readonly page: string;
  /** Printable, as all text here. */
  readonly title: string;
  /** What stands in the head. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** HTML. */
  readonly sections: readonly string[];
  /** Paragraphs. */
  readonly footer: readonly string[];
  /** By the id of its element: as `packTable` has it. */
  readonly tables: Readonly<Record<string, string>>;
}

export function htmlDocument(
  { page, title, facts, sections, footer, tables }: HtmlDocument,
  { script, style }: PageFiles,
): string {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const data = Object.entries(tables).map(
    ([id, table]) => `<script type="application/octet-stream" id="${id}">${table}</script>\n`,
  );
  return `<!doctype html>
<html lang="en" data-page="${page}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlText(title)}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${htmlText(title)}</h1>
<dl>${facts.map(([name, value]) => `<div><dt>${htmlText(name)}</dt><dd>${htmlText(value)}</dd></div>`).join('')}</dl></header>
<main>
${sections.join('')}</main>
<footer>${footer.map((text) => htmlParagraph(text)).join('')}</footer>
${data.join('')}<script>${script}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

export interface SectionOptions {
  readonly id?: string;
  /** live: filled by the script, and not there without it; still: the script has something better. */
  readonly kind?: 'live' | 'still';
}

export function htmlSection(heading: string, contents: string, { id, kind }: SectionOptions = {}): string {
  const attributes = [
    ...(id === undefined ? [] : [` id="${id}"`]),
    ...(kind === undefined ? [] : [` class="${kind}"`]),
    ...(kind === 'live' ? [' hidden'] : []),
  ];
  return `<section${attributes.join('')}><h2>${htmlText(heading)}</h2>\n${contents}</section>\n`;
}

/** Empty for no text. */
export function htmlParagraph(text: string): string {
  return text === '' ? '' : `<p>${htmlText(text)}</p>\n`;
}
