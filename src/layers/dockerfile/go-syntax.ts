// Values as Go's fmt prints them (%q and %v), which is how the builders record the words of an instruction. No regular
// expression that repeats a group: a step may be megabytes long.

const ESCAPE = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([0-7]{3})|(.))/gs;
const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const LAST_CODE_POINT = 0x10ffff;

/** The quoted string that begins at `at`; undefined where none does. */
export function goStringAt(
  text: string,
  at: number,
): { readonly value: string; readonly end: number } | undefined {
  if (text[at] !== '"') return undefined;
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return { value: unquote(text.slice(at + 1, i)), end: i + 1 };
  }
  return undefined;
}

/** `["a" "b"]`, or `["a", "b"]` as it may have been written. Undefined where it is no such list. */
export function goList(text: string): string[] | undefined {
  if (!text.startsWith('[') || !text.endsWith(']')) return undefined;
  const words: string[] = [];
  let at = 1;
  while (at < text.length - 1) {
    const next = goStringAt(text, at);
    if (next === undefined) return undefined;
    words.push(next.value);
    at = next.end;
    while (text[at] === ' ' || text[at] === ',') at++;
  }
  return at === text.length - 1 ? words : undefined;
}

/** `[a b]` or `map[a:{} b:{}]`, by words without spaces. Undefined where it is neither. */
export function goWords(text: string): string[] | undefined {
  if (!text.endsWith(']')) return undefined;
  const isMap = text.startsWith('map[');
  if (!isMap && !text.startsWith('[')) return undefined;
  const words = text
    .slice(isMap ? 4 : 1, -1)
    .split(' ')
    .filter(Boolean);
  return isMap ? words.map((word) => (word.endsWith(':{}') ? word.slice(0, -3) : word)) : words;
}

function unquote(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(ESCAPE, (_, byte, unit, point, octal, letter: string | undefined) => {
    if (letter !== undefined) return LETTERS[letter] ?? letter;
    const code = octal === undefined ? Number.parseInt(byte ?? unit ?? point, 16) : Number.parseInt(octal, 8);
    return code > LAST_CODE_POINT ? '\ufffd' : String.fromCodePoint(code);
  });
}
