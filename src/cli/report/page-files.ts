// The page's script and style, as the build put them beside the program.
import { readFileSync } from 'node:fs';
import type { PageFiles } from '../../report/document.ts';

export function readPageFiles(): PageFiles {
  const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
  return { script: read('report-page.js'), style: read('report-page.css') };
}
