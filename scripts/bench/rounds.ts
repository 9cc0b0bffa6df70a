// The rounds: each contender once in each, another one first every time; samples that do not count are taken again.
import type { Contender } from './contenders.ts';
import type { Placement } from './process.ts';
import type { Row } from './rows.ts';
import type { Sample, Scenario } from './scenario.ts';

export interface Result {
  readonly placement: Placement;
  readonly row: Row;
  /** The contender's id, or `node`. */
  readonly contender: string;
  /** In the row's unit, in the order they were taken. */
  readonly values: number[];
  /** Milliseconds of processor time, of those of them that say. */
  readonly processor: number[];
  /** Why others did not count. */
  readonly rejected: string[];
}

const ATTEMPTS = 5;

export class Results {
  readonly all: Result[] = [];
  readonly failures: string[] = [];
  readonly #answers = new Map<Row, { readonly contender: string; readonly answer: string }>();

  /** Undefined where nothing was measured. */
  find(placement: Placement, row: Row, contender: string): Result | undefined {
    return this.all.find(
      (result) => result.placement === placement && result.row === row && result.contender === contender,
    );
  }

  add(placement: Placement, contender: string, sample: Sample): void {
    const { row, value, processor, fault } = sample;
    let result = this.find(placement, row, contender);
    if (result === undefined) {
      result = { placement, row, contender, values: [], processor: [], rejected: [] };
      this.all.push(result);
    }
    if (fault !== undefined) result.rejected.push(fault);
    else {
      result.values.push(value);
      if (processor !== undefined) result.processor.push(processor);
    }
    if (sample.answer !== undefined) this.#compare(contender, row, sample.answer);
  }

  fail(message: string): void {
    if (this.failures.includes(message)) return;
    this.failures.push(message);
    process.stderr.write(`${message}\n`);
  }

  #compare(contender: string, row: Row, answer: string): void {
    const first = this.#answers.get(row);
    if (first === undefined) this.#answers.set(row, { contender, answer });
    else if (first.answer !== answer) {
      this.fail(`${row.id}: ${contender} showed ${answer}, ${first.contender} ${first.answer}`);
    }
  }
}

export interface Course {
  readonly scenarios: readonly Scenario[];
  readonly contenders: readonly Contender[];
  readonly placements: readonly Placement[];
  readonly rounds: number;
}

export async function runRounds(
  { scenarios, contenders, placements, rounds }: Course,
  results: Results,
): Promise<void> {
  for (const [index, placement] of placements.entries()) {
    for (const scenario of scenarios.filter(({ isPlaced }) => isPlaced || index === 0)) {
      let running = contenders.filter(
        (contender) => scenario.suits(contender) && isThereFor(contender, scenario),
      );
      process.stderr.write(`${placement}: ${scenario.rows.map(({ id }) => id).join(', ')}\n`);
      for (let round = 0; round < rounds; round++) {
        for (const contender of rotated(running, round)) {
          try {
            await measureOnce(results, scenario, contender, placement);
          } catch (error) {
            results.fail(
              `${scenario.rows[0]?.id}: ${contender.id}: ${error instanceof Error ? error.message : error}`,
            );
            running = running.filter((other) => other !== contender);
          }
        }
      }
    }
  }
}

function isThereFor({ rows }: Contender, scenario: Scenario): boolean {
  if (rows === undefined) return true;
  return scenario.rows.some(({ id }) => rows.some((row) => id === row || id.startsWith(`${row}-`)));
}

/** Again for the rows whose sample did not count. */
async function measureOnce(
  results: Results,
  scenario: Scenario,
  contender: Contender,
  placement: Placement,
): Promise<void> {
  const done = new Set<Row>();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const samples = await scenario.measure(contender, placement);
    for (const sample of samples.filter(({ row }) => !done.has(row))) {
      results.add(placement, sample.of ?? contender.id, sample);
      if (sample.fault === undefined) done.add(sample.row);
    }
    if (samples.every(({ row }) => done.has(row))) return;
  }
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const first = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}
