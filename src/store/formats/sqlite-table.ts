// What a CREATE TABLE says of a table's columns, as far as a reader of its rows must know: their names, which of them is
// the row number itself, and what cannot be read. The statement is as SQLite keeps it, so it was understood once.

export interface Columns {
  /** In the order of a record. */
  readonly names: readonly string[];
  /** The one whose value is the row's number and whose place in the record is empty; -1 where there is none. */
  readonly rowid: number;
  /** Whether a row that was written before the column was added has another value than null there. */
  readonly hasDefault: readonly boolean[];
}

/** A name, a word or a text, without its quotes; or one other character. */
interface Token {
  readonly text: string;
  readonly isQuoted: boolean;
}

const TOKENS =
  /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]?|'((?:[^']|'')*)'|([\w$\u0080-\uffff]+)|(.)/gs;
/** What a constraint of the whole table begins with. */
const TABLE_WORDS: readonly string[] = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'];
/** What ends the type of a column. */
const COLUMN_WORDS: readonly string[] = [
  ...['CONSTRAINT', 'PRIMARY', 'NOT', 'NULL', 'UNIQUE', 'CHECK'],
  ...['DEFAULT', 'COLLATE', 'REFERENCES', 'GENERATED', 'AS'],
];

/** A string says why its rows cannot be read. */
export function parseCreateTable(sql: string): Columns | string {
  const tokens = tokensOf(sql);
  const start = tokens.findIndex((token) => isMark(token, '('));
  if (start < 0 || !isWord(tokens[0], 'CREATE')) return 'it is not made by CREATE TABLE';
  const { parts, end } = partsOf(tokens, start + 1);
  if (tokens.slice(end).some((token) => isWord(token, 'WITHOUT'))) return 'it is WITHOUT ROWID';
  const columns = parts.filter(([first]) => !isWord(first, ...TABLE_WORDS));
  const computed = columns.find((column) => outerWord(column, 'AS') >= 0);
  if (computed !== undefined) return `its column "${computed[0]?.text}" is computed`;
  const names = columns.map(([name]) => name?.text ?? '');
  const hasDefault = columns.map((column) => {
    const at = outerWord(column, 'DEFAULT');
    return at >= 0 && !isWord(column[at + 1], 'NULL');
  });
  return { names, rowid: rowidOf(names, columns, parts), hasDefault };
}

/** An `INTEGER PRIMARY KEY`, said of the column or of the table. */
function rowidOf(names: readonly string[], columns: readonly Token[][], parts: readonly Token[][]): number {
  const own = columns.findIndex((column) => {
    const at = outerWord(column, 'PRIMARY');
    // The exception is SQLite's own, kept for old files.
    return at > 0 && isInteger(column) && !isWord(column[at + 2], 'DESC');
  });
  if (own >= 0) return own;
  const [key = [], ...others] = parts.flatMap((part) => {
    const at = isWord(part[0], 'CONSTRAINT') ? 2 : 0;
    return isWord(part[at], 'PRIMARY') ? partsOf(part, at + 3).parts : [];
  });
  const named = names.findIndex((name) => name.toLowerCase() === key[0]?.text.toLowerCase());
  return others.length === 0 && isInteger(columns[named] ?? []) ? named : -1;
}

/** Only this word alone makes a column the row's number; `INT` does not. */
function isInteger([, type, next]: readonly Token[]): boolean {
  return type?.text.toUpperCase() === 'INTEGER' && (next === undefined || isWord(next, ...COLUMN_WORDS));
}

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const [, double, back, bracket, single, word, mark] of sql.matchAll(TOKENS)) {
    const text =
      double?.replaceAll('""', '"') ??
      back?.replaceAll('``', '`') ??
      bracket ??
      single?.replaceAll("''", "'");
    if (text !== undefined) tokens.push({ text, isQuoted: true });
    else if (word !== undefined) tokens.push({ text: word, isQuoted: false });
    else if (mark !== undefined) tokens.push({ text: mark, isQuoted: false });
  }
  return tokens;
}

/** What stands between the commas of a list, and where the list ends. */
function partsOf(tokens: readonly Token[], start: number): { parts: Token[][]; end: number } {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    if (isMark(token, '(')) depth++;
    if (isMark(token, ')') && depth-- === 0) return { parts, end: at + 1 };
    if (isMark(token, ',') && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return { parts, end: tokens.length };
}

/** Where a word stands outside of all parentheses, after the first token; -1 where it does not. */
function outerWord(tokens: readonly Token[], word: string): number {
  let depth = 0;
  return tokens.findIndex((token, index) => {
    if (isMark(token, '(')) depth++;
    if (isMark(token, ')')) depth--;
    return depth === 0 && index > 0 && isWord(token, word);
  });
}

function isMark({ text, isQuoted }: Token, mark: string): boolean {
  return !isQuoted && text === mark;
}

function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token !== undefined && !token.isQuoted && words.includes(token.text.toUpperCase());
}
