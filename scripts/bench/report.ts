// The results as text and as JSON.
import type { Absent, Contender } from './contenders.ts';
import { type Figure, figureOf, figureOfAll, judge, type Verdict } from './goals.ts';
import type { Placement } from './process.ts';
import type { Results } from './rounds.ts';
import { type Goals, isMoreBetter, type Row, rowOf } from './rows.ts';

export interface Account {
  readonly results: Results;
  readonly contenders: readonly Contender[];
  readonly absent: readonly Absent[];
  /** Rows that were asked for and not measured, with the reason. */
  readonly skipped: readonly { readonly rows: readonly string[]; readonly reason: string }[];
  readonly rows: readonly Row[];
  readonly placements: readonly Placement[];
  /** What the figures depend on: name and value. */
  readonly environment: Readonly<Record<string, string>>;
}

const AGAINST = [
  'kernel',
  'fuse-overlayfs',
  'node',
  'alone',
  'figure',
] as const satisfies readonly (keyof Goals)[];
const MISSED = '✗';
const PLACED = { free: 'free', pinned: 'all pinned to one processor' } as const;

export function asText(account: Account, showsProcessor: boolean): string {
  const lines = Object.entries(account.environment).map(([name, value]) => `${name}: ${value}`);
  for (const { id, reason } of account.absent) lines.push(`${id} is not measured: ${reason}`);
  for (const { rows, reason } of account.skipped) lines.push(`${rows.join(', ')} not measured: ${reason}`);
  for (const placement of account.placements) {
    const rows = account.rows.filter((row) =>
      account.results.all.some((result) => result.placement === placement && result.row === row),
    );
    if (rows.length === 0) continue;
    lines.push('', `Figures, ${PLACED[placement]}: median (least–greatest)`, '');
    lines.push(...table(figureTable(account, placement, rows)));
    if (showsProcessor) lines.push(...processorLines(account, placement, rows));
    const ratios = ratioTable(account, placement, rows);
    if (ratios.length === 1) continue;
    lines.push(
      '',
      `Ours by theirs, ${PLACED[placement]}: ratio of medians, the goal beside it, ${MISSED} where it is missed`,
    );
    lines.push('', ...table(ratios));
  }
  const rejected = account.results.all.filter((result) => result.rejected.length > 0);
  if (rejected.length > 0) lines.push('', 'Rejected and taken again:');
  for (const { placement, row, contender, rejected: faults, values } of rejected) {
    const rest = values.length === 0 ? '; none counts' : '';
    lines.push(`  ${row.id}, ${contender}, ${placement}: ${faults.length} (${faults.at(-1)})${rest}`);
  }
  if (account.results.failures.length > 0) lines.push('', 'Failed:');
  for (const failure of account.results.failures) lines.push(`  ${failure}`);
  return `${lines.join('\n')}\n`;
}

/** To be printed as JSON. */
export function documentOf(account: Account): object {
  const { results, contenders } = account;
  return {
    environment: account.environment,
    absent: account.absent,
    skipped: account.skipped,
    results: results.all
      .filter(({ row }) => account.rows.includes(row))
      .map(({ row, ...result }) => ({
        row: row.id,
        title: row.title,
        unit: row.unit,
        ...result,
        ...figureOf(results.find(result.placement, row, result.contender)),
      })),
    ratios: account.placements.flatMap((placement) =>
      account.rows.flatMap((row) =>
        contenders
          .filter(({ isOurs }) => isOurs)
          .flatMap(({ id }) =>
            AGAINST.flatMap((against) => {
              const verdict = verdictOf(results, placement, row, id, against);
              return verdict === undefined ? [] : [{ placement, row: row.id, contender: id, ...verdict }];
            }),
          ),
      ),
    ),
    failures: results.failures,
  };
}

function figureTable(
  { results, contenders }: Account,
  placement: Placement,
  rows: readonly Row[],
): string[][] {
  const nodes = ['node', ...contenders.flatMap(({ node }) => node?.name ?? [])];
  const isMeasured = (name: string) => rows.some((row) => results.find(placement, row, name));
  const names = [...contenders.map(({ id }) => id), ...nodes.filter(isMeasured)];
  const cells = (row: Row) => names.map((name) => spread(figureOf(results.find(placement, row, name))));
  return [['', 'unit', ...names], ...rows.map((row) => [row.title, row.unit, ...cells(row)])];
}

/** Nothing where no row says what it took. */
function processorLines(
  { results, contenders }: Account,
  placement: Placement,
  rows: readonly Row[],
): string[] {
  const figures = (row: Row) =>
    contenders.map(({ id }) => figureOfAll(results.find(placement, row, id)?.processor ?? []));
  const said = rows.filter((row) => figures(row).some((figure) => figure !== undefined));
  if (said.length === 0) return [];
  const heading = ['', 'unit', ...contenders.map(({ id }) => id)];
  return [
    ...['', `Processor time of client and server, ${PLACED[placement]}: median (least–greatest)`, ''],
    ...table([heading, ...said.map((row) => [row.title, 'ms', ...figures(row).map(spread)])]),
  ];
}

/** A line for each row and yardstick that has a goal; only the heading where nothing of ours was measured. */
function ratioTable(
  { results, contenders }: Account,
  placement: Placement,
  rows: readonly Row[],
): string[][] {
  const ours = contenders.filter(({ isOurs }) => isOurs).map(({ id }) => id);
  const lines = rows.flatMap((row) =>
    AGAINST.flatMap((against) => {
      const verdicts = ours.map((id) => verdictOf(results, placement, row, id, against));
      if (verdicts.every((verdict) => verdict === undefined)) return [];
      const goal = row.goals[against];
      const bound = `${isMoreBetter(row) ? '≥' : '≤'} ${goal}`;
      return [
        [row.title, against === 'figure' ? row.unit : `× ${against}`, bound, ...verdicts.map(ratioCell)],
      ];
    }),
  );
  return [['', 'measured as', 'goal', ...ours], ...lines];
}

/** Undefined where one of the two was not measured, or there is no goal. */
function verdictOf(
  results: Results,
  placement: Placement,
  row: Row,
  contender: string,
  against: keyof Goals,
): Verdict | undefined {
  const ours = figureOf(results.find(placement, row, contender));
  if (ours === undefined) return undefined;
  if (against === 'figure') return judge(row, against, ours.median, 1);
  const theirs = figureOf(results.find(placement, ...yardstickOf(row, contender, against)));
  return theirs && judge(row, against, ours.median, theirs.median);
}

/** The row and the contender whose figure it is. */
function yardstickOf(row: Row, contender: string, against: keyof Goals): [Row, string] {
  const [, version] = contender.split('@');
  if (against === 'node') return [rowOf('start-node'), version === undefined ? 'node' : `node@${version}`];
  return against === 'alone' ? [rowOf(row.alone ?? row.id), contender] : [row, against];
}

function spread(figure: Figure | undefined): string {
  if (figure === undefined) return '-';
  return `${short(figure.median)} (${short(figure.least)}–${short(figure.greatest)})`;
}

function ratioCell(verdict: Verdict | undefined): string {
  if (verdict === undefined) return '-';
  const number = verdict.against === 'figure' ? short(verdict.ratio) : verdict.ratio.toFixed(2);
  return verdict.isMissed ? `${number} ${MISSED}` : number;
}

function short(value: number): string {
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

/** The first line is the heading; all columns but the first two to the right. */
function table(cells: readonly (readonly string[])[]): string[] {
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((line) => line[column]?.length ?? 0)),
  );
  return cells.map((line) =>
    line
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
