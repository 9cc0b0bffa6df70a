// Events by day as bars: a picture without script or style. The height is the logarithm, so that a single event can be seen
// beside an unpacking of thousands.
import { htmlText } from '../html.ts';
import type { DayCount } from './record.ts';

const HEIGHT = 120;
const FOOT = 18;
const MOST_BARS = 400;
/** Parts of a hundred. */
const WIDEST = 5;
/** Fewer bars are too narrow together for the names of days below them. */
const LEAST_LABELLED = 20;
/** Characters of a date that tell a day, a month, a year. */
const GRAINS = [
  [10, 'day'],
  [7, 'month'],
  [4, 'year'],
] as const;

/** In the order of time. */
export function dayChart(days: readonly DayCount[]): string {
  const dated = days.filter(({ day }) => /^\d{4}-\d\d-\d\d$/.test(day));
  if (dated.length === 0) return '';
  for (const [length, grain] of GRAINS) {
    const bars = grouped(dated, length);
    if (bars.length <= MOST_BARS) return chart(bars, grain);
  }
  return '';
}

/** Only those with events: the time between two of them is left out, which the caption says. */
function grouped(days: readonly DayCount[], length: number): DayCount[] {
  const sums = new Map<string, { day: string; events: number; removals: number }>();
  for (const { day, events, removals } of days) {
    const key = day.slice(0, length);
    const sum = sums.get(key) ?? { day: key, events: 0, removals: 0 };
    sums.set(key, sum);
    sum.events += events;
    sum.removals += removals;
  }
  return [...sums.values()].toSorted((a, b) => (a.day < b.day ? -1 : 1));
}

function chart(bars: readonly DayCount[], grain: string): string {
  const most = Math.log1p(bars.reduce((largest, { events }) => Math.max(largest, events), 0));
  const width = Math.min(WIDEST, 100 / bars.length);
  const height = (count: number) => (Math.log1p(count) / most) * (HEIGHT - FOOT - 12);
  const drawn = bars.map(({ day, events, removals }, i) => {
    const title = `${day}: ${events} events${removals === 0 ? '' : `, ${removals} of them deletions`}`;
    const rect = (kind: string, count: number) => {
      const tall = Math.max(2, height(count));
      return `<rect class="${kind}" x="${fixed(i * width)}%" y="${fixed(HEIGHT - FOOT - tall)}" width="${fixed(width)}%" height="${fixed(tall)}"/>`;
    };
    const removed = removals === 0 ? '' : rect('layer1', removals);
    return `<g><title>${htmlText(title)}</title>${rect('layer0', events)}${removed}</g>`;
  });
  const label = (i: number, x: string, anchor: string) =>
    `<text class="axis" x="${x}" y="${HEIGHT - 4}" text-anchor="${anchor}">${bars[i]?.day ?? ''}</text>`;
  const labels =
    bars.length < LEAST_LABELLED
      ? ''
      : label(0, '0', 'start') +
        label(Math.floor(bars.length / 2), '50%', 'middle') +
        label(bars.length - 1, '100%', 'end');
  const words = `Events by ${grain}, ${bars[0]?.day} to ${bars.at(-1)?.day}`;
  return `<figure><svg class="days" width="100%" height="${HEIGHT}" role="img" aria-label="${words}">
${drawn.join('\n')}${labels}</svg>
<figcaption>${words}, those without any left out. Height is the logarithm of how many; the orange part: deletions.</figcaption></figure>
`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
