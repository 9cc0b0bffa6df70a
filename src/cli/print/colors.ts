// Colours of a terminal, or none.

const CODES = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2 } as const;

export type Colors = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

export function colors(enabled: boolean): Colors {
  const paint = (code: number) => (text: string) =>
    enabled && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text;
  return {
    red: paint(CODES.red),
    green: paint(CODES.green),
    yellow: paint(CODES.yellow),
    cyan: paint(CODES.cyan),
    dim: paint(CODES.dim),
  };
}
