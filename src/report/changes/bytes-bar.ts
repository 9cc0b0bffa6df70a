// Bytes of files that were added, removed and changed as one bar, in that order: a picture without script or style. What it shows
// stands in words beside it.
import { htmlText } from '../html.ts';
import type { ChangeStep } from './record.ts';

/** All widths are parts of a hundred. */
const WIDTH = 100;
const HEIGHT = 14;
const PARTS = ['added', 'removed', 'changed'] as const;

/** `most` is what the whole width stands for. */
export function bytesBar(
  touched: ChangeStep['touched'],
  most: number,
  size: (bytes: number) => string,
): string {
  const told = PARTS.filter((part) => touched[part] > 0);
  const total = PARTS.reduce((sum, part) => sum + touched[part], 0);
  if (told.length === 0) return size(0);
  let at = 0;
  const rects = told.map((part) => {
    const left = at;
    const width = (touched[part] / most) * WIDTH;
    at += width;
    return `<rect class="${part}" x="${rounded(left)}%" y="1" width="${rounded(width)}%" height="${HEIGHT - 2}"/>`;
  });
  const words = told.map((part) => `${size(touched[part])} ${part}`).join(', ');
  return `${size(total)}<svg class="bar" width="100%" height="${HEIGHT}" role="img" aria-label="${htmlText(words)}"><title>${htmlText(words)}</title>${rects.join('')}</svg>`;
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
