// The layers of a store as one bar, as wide as their bytes, with how many images and containers have each: a picture without
// script or style.
import { htmlText } from '../html.ts';
import type { UsedLayer } from './record.ts';

/** All widths are parts of a hundred, so that the bar follows the page and its numbers stay as they are. */
const WIDTH = 100;
const HEIGHT = 56;
/** A narrower one has no number in it. */
const LEAST_LABELLED = 3;
/** Narrower ones at the end are drawn as one. */
const MOST_DRAWN = 200;

/** Those with the most users first, then the largest. */
export function useBar(layers: readonly UsedLayer[], size: (bytes: number) => string): string {
  const total = layers.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total === 0) return '';
  const sorted = layers
    .filter(({ bytes }) => bytes > 0)
    .toSorted((a, b) => b.users - a.users || b.bytes - a.bytes || (a.label < b.label ? -1 : 1));
  const rest = sorted.slice(MOST_DRAWN).reduce((sum, { bytes }) => sum + bytes, 0);
  let at = 0;
  const parts = sorted.slice(0, MOST_DRAWN).map(({ label, bytes, users }) => {
    const [left, width] = [at, (bytes / total) * WIDTH];
    at += width;
    const title = `${label}: ${size(bytes)}, ${users === 0 ? 'no image or container has it' : `in ${users}`}`;
    const words = width < LEAST_LABELLED ? '' : `<text x="${fixed(left + 0.4)}%" y="20">×${users}</text>`;
    const kind = users === 0 ? 'layer3' : users === 1 ? 'layer1' : 'layer0';
    const box = `x="${fixed(left)}%" y="1" width="${fixed(width)}%" height="${HEIGHT - 2}"`;
    const mark = users === 0 ? `<rect class="gone" fill="url(#unused)" ${box}/>` : '';
    return `<g><title>${htmlText(title)}</title><rect class="${kind}" ${box}/>${mark}${words}</g>`;
  });
  if (rest > 0)
    parts.push(
      `<g><title>all smaller ones: ${htmlText(size(rest))}</title><rect class="layer2" x="${fixed(at)}%" y="1" width="${fixed((rest / total) * WIDTH)}%" height="${HEIGHT - 2}"/></g>`,
    );
  const sum = (wanted: (users: number) => boolean) =>
    size(layers.reduce((bytes, one) => bytes + (wanted(one.users) ? one.bytes : 0), 0));
  const words = `${layers.length} layers, ${size(total)}: ${sum((users) => users > 1)} in several images or containers, ${sum((users) => users === 1)} in one alone, ${sum((users) => users === 0)} in none`;
  return `<figure><svg width="100%" height="${HEIGHT}" role="img" aria-label="${htmlText(words)}">
<defs><pattern id="unused" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="back" width="6" height="6"/><rect class="line" width="2.5" height="6"/></pattern></defs>
${parts.join('\n')}</svg>
<figcaption>${htmlText(words)}. Width is bytes; ×N: how many have it; blue: several, orange: one, hatched: none.</figcaption></figure>
`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
