// Before the rounds: the stacks that the chosen rows need, the scenarios that can be run here, and a description of the
// machine and the run.
import { readFileSync, statSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import type { Clients } from './clients.ts';
import { isInstalled, kernelOverlay } from './contenders.ts';
import { dataScenarios } from './data.ts';
import { memoryScenarios } from './memory.ts';
import { withMount } from './mount.ts';
import type { Options } from './options.ts';
import { fullPlan, growthPlan } from './plan.ts';
import { run } from './process.ts';
import { count, GROWTH, type Row, SIZES } from './rows.ts';
import type { Bench, Scenario, Stacks } from './scenario.ts';
import type { Session } from './session.ts';
import { openStack, openStackFolder } from './stack.ts';
import { startScenarios } from './starts.ts';
import { walkScenarios } from './walks.ts';

const QUICK_DIVISOR = 20;
const QUICK_GROWTH = 10_000;
const MILLION = 1_000_000;
const LEAST_NAMES = 150_000;

export interface Skipped {
  readonly rows: readonly string[];
  readonly reason: string;
}

export async function openStacks(session: Session, clients: Clients, options: Options): Promise<Stacks> {
  openStackFolder(options.directory);
  const open = (names: number) => openStack(options.directory, growthPlan(names), clients);
  const growth = [];
  for (const names of GROWTH) {
    if (isGrowthMeasured(names, options)) growth.push({ names, stack: await open(names) });
  }
  return {
    full: await openStack(options.directory, fullPlan(options.isQuick ? QUICK_DIVISOR : 1), clients),
    small: await open(SIZES.small),
    middle: await open(SIZES.middle),
    // Two, as the kernel mounts no single layer.
    empty: {
      name: 'empty',
      layers: [session.newDirectory('empty'), session.newDirectory('empty')],
      bigFile: undefined,
    },
    growth,
  };
}

function isGrowthMeasured(names: number, { rows, isQuick, hasMillion }: Options): boolean {
  const isAskedFor = [...rows].some(({ id }) => id.startsWith('growth-') && id.endsWith(`-${names}`));
  return isAskedFor && (names < MILLION || hasMillion) && (names <= QUICK_GROWTH || !isQuick);
}

/** Those with a row that was asked for. */
export async function chooseScenarios(
  bench: Bench,
  { rows }: Options,
): Promise<{ scenarios: Scenario[]; skipped: Skipped[] }> {
  const scenarios: Scenario[] = [];
  const skipped: Skipped[] = [];
  const all = [
    ...walkScenarios(bench),
    ...dataScenarios(bench),
    ...startScenarios(bench),
    ...memoryScenarios(bench),
  ];
  const isChosen = (row: Row) => rows.has(row);
  for (const scenario of all.filter((one) => one.rows.some(isChosen))) {
    const missing = await missingCommands(bench.session, scenario.needs);
    if (missing.length === 0) scenarios.push(scenario);
    else
      skipped.push({
        rows: ids(scenario.rows.filter(isChosen)),
        reason: `not installed: ${missing.join(', ')}`,
      });
  }
  const covered = new Set(all.flatMap((scenario) => scenario.rows));
  const others = ids([...rows].filter((row) => !covered.has(row)));
  const growth = others.filter((id) => id.startsWith('growth-'));
  if (growth.length > 0)
    skipped.push({ rows: growth, reason: 'a million needs --growth, and --quick has 10,000 only' });
  const fromDisk = others.filter((id) => !growth.includes(id));
  if (fromDisk.length > 0)
    skipped.push({ rows: fromDisk, reason: 'the stacks lie in memory, not on a disk' });
  return { scenarios, skipped };
}

/** What the figures depend on. The whole stack is counted as the kernel shows it. */
export async function describeRun(bench: Bench, options: Options): Promise<Record<string, string>> {
  const { session, clients, stacks } = bench;
  const { layers } = stacks.full;
  const walk = await withMount(session, kernelOverlay(), layers, 'free', ({ directory }) =>
    clients.walk(directory, 'free'),
  );
  const names = Number(walk.answer);
  if (names < LEAST_NAMES && !options.isQuick) throw new Error(`The whole stack has only ${names} names`);
  const bigFile = stacks.full.bigFile ? statSync(stacks.full.bigFile).size / 1024 ** 2 : 0;
  return {
    date: new Date().toISOString(),
    kernel: release(),
    processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memory: /^MemTotal:\s+(.*)$/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1] ?? 'unknown',
    node: process.version,
    'fuse-overlayfs': await versionOf(session, 'fuse-overlayfs'),
    stack: `${count(names)} names in ${layers.length} layers, the big file ${bigFile} MiB${options.isQuick ? ': too small for figures to mean anything' : ''}`,
    rounds: String(options.rounds),
    'load before': loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
  };
}

async function versionOf(session: Session, command: string): Promise<string> {
  try {
    const printed = await run(session, [command, '--version']);
    return /version:? (\S+)/.exec(printed.slice(printed.indexOf(command)))?.[1] ?? 'unknown';
  } catch {
    return 'not installed';
  }
}

async function missingCommands(session: Session, commands: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const command of commands) if (!(await isInstalled(session, command))) missing.push(command);
  return missing;
}

function ids(rows: readonly Row[]): string[] {
  return rows.map(({ id }) => id);
}
