// The layers as one bar, as wide as their bytes, with what is hidden of each marked: a picture without script or style.
import { htmlText } from '../html.ts';
import type { ReportStep } from './record.ts';

/** All widths are parts of a hundred, so that the bar follows the page and its numbers stay as they are. */
const WIDTH = 100;
const HEIGHT = 56;
/** A narrower one has no number in it: the table below has them all. */
const LEAST_LABELLED = 4;

/** `layers` newest first; the lowest is drawn on the left. */
export function layerBar(layers: readonly ReportStep[], size: (bytes: number) => string): string {
  const total = layers.reduce((sum, { stored = 0 }) => sum + stored, 0);
  if (total === 0) return '';
  let at = 0;
  const parts = layers.toReversed().map(({ layer = 0, stored = 0, hidden: known, command }, i) => {
    const hidden = known ?? 0;
    const [left, width, gone] = [at, (stored / total) * WIDTH, (hidden / total) * WIDTH];
    at += width;
    const title = `Layer ${layer}: ${size(stored)} stored, ${known === undefined ? '?' : size(known)} of it hidden. ${command}`;
    const label = width < LEAST_LABELLED ? '' : `<text x="${fixed(left + 0.5)}%" y="20">${layer}</text>`;
    return `<g><title>${htmlText(title)}</title><rect class="layer${i % 4}" x="${fixed(left)}%" y="1" width="${fixed(width)}%" height="${HEIGHT - 2}"/>${
      gone === 0
        ? ''
        : `<rect class="gone" fill="url(#gone)" x="${fixed(left + width - gone)}%" y="28" width="${fixed(gone)}%" height="${HEIGHT - 29}"/>`
    }${label}</g>`;
  });
  const hidden = layers.reduce((sum, one) => sum + (one.hidden ?? 0), 0);
  const isWhole = layers.every((one) => one.hidden !== undefined);
  const least = isWhole ? '' : 'at least ';
  const doubt = isWhole ? '' : '; what missing layers store and hide is not known';
  return `<figure><svg width="100%" height="${HEIGHT}" role="img" aria-label="${htmlText(`${layers.length} layers, ${least}${size(total)} stored, ${least}${size(hidden)} of it hidden`)}">
<defs><pattern id="gone" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="back" width="6" height="6"/><rect class="line" width="2.5" height="6"/></pattern></defs>
${parts.join('\n')}</svg>
<figcaption>Width is bytes, the lowest layer on the left; hatched is what newer layers hide${doubt}.</figcaption></figure>
`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
