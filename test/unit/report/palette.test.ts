// The colours of a report's page can be told apart whoever looks, on a grey printer too, and what stands on them can be read. That
// nothing is told by colour alone is tested where the page is.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const STYLE = readFileSync(new URL('../../../src/report/page/style.css', import.meta.url), 'utf8');

type Rgb = readonly [red: number, green: number, blue: number];

/** Machado, Oliveira, Fernandes 2009, severity 1: on linear RGB. */
const SIGHTS: Readonly<Record<string, readonly [Rgb, Rgb, Rgb]>> = {
  'no deficiency': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
  // Rec. 709 luminance.
  grey: [
    [0.2126, 0.7152, 0.0722],
    [0.2126, 0.7152, 0.0722],
    [0.2126, 0.7152, 0.0722],
  ],
};

/** The first that has the name: of light colours where dark ones differ. */
function colorOf(name: string): Rgb {
  const [, digits = ''] = new RegExp(`--${name}: #([0-9a-f]{6});`).exec(STYLE) ?? [];
  return [0, 2, 4].map((at) => linear(Number.parseInt(digits.slice(at, at + 2), 16) / 255)) as unknown as Rgb;
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function times(matrix: readonly [Rgb, Rgb, Rgb], [r, g, b]: Rgb): Rgb {
  return matrix.map(([x, y, z]) => Math.min(1, Math.max(0, x * r + y * g + z * b))) as unknown as Rgb;
}

/** CIE L*a*b*, D65. */
function lab(color: Rgb): Rgb {
  const [x, y, z] = times(
    [
      [0.4124 / 0.9505, 0.3576 / 0.9505, 0.1805 / 0.9505],
      [0.2126, 0.7152, 0.0722],
      [0.0193 / 1.089, 0.1192 / 1.089, 0.9505 / 1.089],
    ],
    color,
  ).map((value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116)) as unknown as Rgb;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function distance(x: Rgb, y: Rgb): number {
  return Math.hypot(...lab(x).map((value, i) => value - (lab(y)[i] ?? 0)));
}

function contrast(x: Rgb, y: Rgb): number {
  const [dark, light] = [x, y]
    .map((color) => times(SIGHTS.grey as [Rgb, Rgb, Rgb], color)[0])
    .sort((p, q) => p - q);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

const FILLS = ['l0', 'l1', 'l2', 'l3'];

describe("the colours of a report's page", () => {
  // CIE76: about 2.3 is just noticeable. Grey has one dimension for four colours, which are outlined, signed and named besides.
  it.each([
    ['no deficiency', 27],
    ['protanopia', 19],
    ['deuteranopia', 19],
    ['tritanopia', 19],
    ['grey', 9],
  ] as const)('are apart with %s', (sight, least) => {
    const seen = FILLS.map((name) => times(SIGHTS[sight] as [Rgb, Rgb, Rgb], colorOf(name)));
    const distances = seen.flatMap((x, i) => seen.slice(i + 1).map((y) => distance(x, y)));
    expect(Math.min(...distances)).toBeGreaterThan(least);
  });

  it('have ink on them that can be read', () => {
    const contrasts = FILLS.map((name) => contrast(colorOf(name), colorOf('ink')));
    expect(Math.min(...contrasts)).toBeGreaterThan(4.5);
  });
});
