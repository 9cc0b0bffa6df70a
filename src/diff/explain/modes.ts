// What was done to a mode, in the words of chmod(1).

const LETTERS = [
  ['r', 4],
  ['w', 2],
  ['x', 1],
] as const;
const CLASSES = [
  ['u', 6],
  ['g', 3],
  ['o', 0],
] as const;
const ALL = CLASSES.map(([letter]) => letter).join('');
const SPECIAL = [
  ['u+s', 0o4000],
  ['g+s', 0o2000],
  ['+t', 0o1000],
] as const;

/**
 * `a+w`, `go-rx,u+s`: what makes `after` of `before`; empty where nothing does but their types. A permission that all
 * classes have afterwards is `a`, also where one of them had it before: so one chmod has one word for all that it met.
 */
export function chmodWords(before: number, after: number): string {
  const words = new Map<string, string>();
  for (const [letter, bit] of LETTERS) {
    for (const sign of ['+', '-'] as const) {
      const [had, has] = sign === '+' ? [before, after] : [~before, ~after];
      const gained = CLASSES.filter(([, shift]) => (has & ~had & (bit << shift)) !== 0);
      if (gained.length === 0) continue;
      const isAll = CLASSES.every(([, shift]) => (has & (bit << shift)) !== 0);
      const classes = isAll ? 'a' : gained.map(([name]) => name).join('');
      const key = `${classes === ALL ? 'a' : classes}${sign}`;
      words.set(key, (words.get(key) ?? '') + letter);
    }
  }
  const special = SPECIAL.flatMap(([word, bit]) => {
    if ((before & bit) === (after & bit)) return [];
    return [(after & bit) === 0 ? word.replace('+', '-') : word];
  });
  return [...[...words].map(([key, letters]) => key + letters), ...special].join();
}
