// Sizes as docker prints them.

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Three significant digits, in powers of 1000: `1.23MB`. */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.6 would round to a fourth digit (docker prints `1e+03MB`), so it moves to the next unit.
  while (Number(value.toPrecision(3)) >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(3))}${UNITS[unit]}`;
}

/** `+114MB`, `-3kB`. */
export function growthText(bytes: number): string {
  return `${bytes < 0 ? '-' : '+'}${humanSize(Math.abs(bytes))}`;
}
