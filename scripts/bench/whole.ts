// What one mount of a whole store costs, beside forty mounts of the kernel's overlay (and of fuse-overlayfs) of the same layers: from the
// command to the first `ls` of an image, then a walk of all images and a search in all their files, cold and again. Both clock and
// processor time are told, of servers and client together, as the second counts where a machine has other work.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND } from './contenders.ts';
import { startServer, unmount } from './mount.ts';
import { areHere, findPresent, processTree, run, secondsOf, secondsOfTimes } from './process.ts';
import type { Session } from './session.ts';
import { IMAGES, placeOf, prepareStore, type WholeStore } from './whole-store.ts';

export interface WholeRow {
  readonly id: string;
}

export const WHOLE_ROWS: readonly WholeRow[] = [{ id: 'whole' }];

const WORKS = ['first ls', 'walk', 'walk again', 'rg', 'rg again'] as const;
type Work = (typeof WORKS)[number];

/** Seconds. */
interface Cost {
  readonly clock: number;
  readonly processor: number;
}

/** Without a search where rg is not there. */
type Costs = Readonly<Partial<Record<Work, Cost>>>;

interface Sample {
  readonly costs: Costs;
  /** What the walk saw: names, and the sum of their sizes. */
  readonly answer: string;
}

export interface WholeResult extends WholeRow {
  readonly contenders: Readonly<Record<string, Costs>>;
  /** What each contender showed. */
  readonly answers: Readonly<Record<string, string>>;
  readonly absent: readonly string[];
}

interface Shown {
  /** Of the images, in the order of the store. */
  readonly directories: readonly string[];
  readonly servers: readonly number[];
  readonly mounts: readonly string[];
}

interface WholeContender {
  readonly id: string;
  readonly programs: readonly string[];
  show(session: Session, store: WholeStore): Promise<Shown>;
}

const CONTENDERS: readonly WholeContender[] = [
  {
    id: 'kernel',
    programs: [],
    show: (session, store) =>
      showEach(session, store, async (layers, at) => {
        const options = `ro,lowerdir=${layers.join(':')}`;
        await run(session, ['mount', '-t', 'overlay', 'overlay', '-o', options, at]);
        return undefined;
      }),
  },
  {
    id: 'fuse-overlayfs',
    programs: ['fuse-overlayfs'],
    show: (session, store) =>
      showEach(session, store, (layers, at) =>
        startServer(session, at, ['fuse-overlayfs', '-f', '-o', `lowerdir=${layers.join(':')}`, at]),
      ),
  },
  {
    id: 'stratafs',
    programs: [],
    show: async (session, { root, stacks }) => {
      const at = session.newDirectory('all');
      const server = await startServer(session, at, [COMMAND, '--root', root, 'mount', '-f', '--all', at]);
      const directories = [...stacks.keys()].map((tag) => join(at, placeOf(tag)));
      return { directories, servers: [server], mounts: [at] };
    },
  },
];

export async function measureWhole(
  session: Session,
  {
    rows,
    rounds,
    directory,
  }: { readonly rows: readonly WholeRow[]; readonly rounds: number; readonly directory: string },
): Promise<WholeResult[]> {
  if (rows.length === 0) return [];
  const store = prepareStore(directory);
  const { present, absent } = await findPresent(session, CONTENDERS);
  const hasRg = await areHere(session, ['rg']);
  // The layers' names and bytes are in the cache for all.
  await run(session, ['sh', '-c', 'grep -r nowhere-to-be-found "$0"; test $? -eq 1', store.root]);
  const samples = new Map<string, Sample[]>(present.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [index] of present.entries()) {
      const contender = present[(index + round) % present.length] as WholeContender;
      samples.get(contender.id)?.push(await sampleOf(session, contender, store, hasRg));
    }
  }
  const each = <T>(what: (all: readonly Sample[]) => T) =>
    Object.fromEntries([...samples].map(([id, all]) => [id, what(all)]));
  const answers = each((all) => [...new Set(all.map(({ answer }) => answer))].join(' or '));
  const [first = '', ...others] = Object.values(answers);
  if (others.some((answer) => answer !== first)) {
    throw new Error(`Contenders showed different things: ${JSON.stringify(answers)}`);
  }
  const missing = hasRg ? absent : [...absent, 'rg'];
  return rows.map((row) => ({ ...row, contenders: each(medians), answers, absent: missing }));
}

async function sampleOf(
  session: Session,
  contender: WholeContender,
  store: WholeStore,
  hasRg: boolean,
): Promise<Sample> {
  let shown: Shown | undefined;
  try {
    const start = performance.now();
    shown = await contender.show(session, store);
    const { directories, servers } = shown;
    const spent = () => secondsOf(servers.flatMap((pid) => processTree(pid)));
    const listing = await clientOf(session, ['ls', directories[0] ?? '']);
    const first = { clock: (performance.now() - start) / 1000, processor: spent() + listing.processor };
    const work = async (client: () => Promise<Client>) => {
      const before = spent();
      const { clock, processor, answer } = await client();
      return { cost: { clock, processor: processor + spent() - before }, answer };
    };
    const cold = await work(() => walk(session, directories));
    const warm = await work(() => walk(session, directories));
    const walks = { 'first ls': first, walk: cold.cost, 'walk again': warm.cost };
    const searched = async () => (await work(() => search(session, directories))).cost;
    const costs = hasRg ? { ...walks, rg: await searched(), 'rg again': await searched() } : walks;
    return { costs, answer: [cold.answer, warm.answer].filter(isFirst).join(' and then ') };
  } finally {
    for (const mount of shown?.mounts ?? []) await unmount(session, mount);
  }
}

function isFirst<T>(value: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(value) === index;
}

interface Client extends Cost {
  readonly answer: string;
}

function walk(session: Session, directories: readonly string[]): Promise<Client> {
  const script = `find "$@" -printf '%y %s\\n' | awk '$1 == "f" { sum += $2 } END { printf "%d names, %.0f bytes", NR, sum }'`;
  return clientOf(session, ['sh', '-c', script, 'sh', ...directories]);
}

/** For a word that is in no file. */
function search(session: Session, directories: readonly string[]): Promise<Client> {
  const script = 'rg -uuu --threads 2 --quiet nowhere-to-be-found "$@"; test $? -eq 1';
  return clientOf(session, ['sh', '-c', script, 'sh', ...directories]);
}

/** Runs a command to its end; its processor time with that of all its children. */
async function clientOf(session: Session, words: readonly string[]): Promise<Client> {
  const script = '"$@"; code=$?; echo; times; exit $code';
  const start = performance.now();
  const printed = await run(session, ['bash', '-c', script, 'bash', ...words]);
  const clock = (performance.now() - start) / 1000;
  const lines = printed.trimEnd().split('\n');
  return { clock, processor: secondsOfTimes(printed), answer: lines.slice(0, -2).join('\n').trim() };
}

/** One mount for each image; `mount` answers its server where there is one. */
async function showEach(
  session: Session,
  { stacks }: WholeStore,
  mount: (layers: readonly string[], at: string) => Promise<number | undefined>,
): Promise<Shown> {
  const holder = session.newDirectory('each');
  const directories: string[] = [];
  const servers: number[] = [];
  for (const [tag, layers] of stacks) {
    const at = join(holder, tag);
    mkdirSync(at);
    const server = await mount(layers, at);
    directories.push(at);
    if (server !== undefined) servers.push(server);
  }
  return { directories, servers, mounts: directories };
}

function medians(samples: readonly Sample[]): Costs {
  const costs = (work: Work) => samples.flatMap((sample) => sample.costs[work] ?? []);
  const middle = (work: Work, key: keyof Cost) =>
    costs(work)
      .map((cost) => cost[key])
      .toSorted((a, b) => a - b)[samples.length >> 1] ?? Number.NaN;
  const works = WORKS.filter((work) => costs(work).length > 0);
  return Object.fromEntries(
    works.map((work) => [work, { clock: middle(work, 'clock'), processor: middle(work, 'processor') }]),
  );
}

export function wholeText(results: readonly WholeResult[]): string {
  return results.map((result) => `\n${linesOf(result).join('\n')}\n`).join('');
}

function linesOf({ id, contenders, answers, absent }: WholeResult): string[] {
  const [seen = ''] = Object.values(answers);
  const lines = [`${id}: ${IMAGES} images, ${seen}; clock (processor time of servers and client), medians`];
  for (const [contender, costs] of Object.entries(contenders)) {
    const told = Object.entries(costs).map(
      ([work, { clock, processor }]) => `${work} ${clock.toFixed(2)} s (${processor.toFixed(2)})`,
    );
    lines.push(`  ${contender.padEnd(16)}${told.join(', ')}`);
  }
  if (absent.length > 0) lines.push(`  not here: ${absent.join(', ')}`);
  return lines;
}
