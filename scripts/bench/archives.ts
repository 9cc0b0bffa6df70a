// How long it is from an image in a file to its first `ls`, and what reading it then costs, beside the other ways to the same. Both
// clock and processor time are told, as the second counts where a machine has other work; every sample begins with a fresh mount.

import {
  ARCHIVE_CONTENDERS,
  type ArchiveContender,
  type ArchiveForm,
  type OpenedImage,
} from './archive-contenders.ts';
import { type ArchiveImages, prepareImages, RANDOM, SEQUENTIAL } from './archive-images.ts';
import type { Clients, Measured } from './clients.ts';
import { findPresent, peakOf, processTree, run, secondsOf, secondsOfTimes } from './process.ts';
import type { Session } from './session.ts';

export interface ArchiveRow {
  readonly id: string;
  readonly form: ArchiveForm;
}

export const ARCHIVE_ROWS: readonly ArchiveRow[] = [
  { id: 'archive-docker', form: 'docker' },
  { id: 'archive-oci', form: 'oci' },
];

const PIECES = 1000;
/** Ours by `zcat` of the layer, and by umoci's whole work. */
const SEQUENTIAL_GOAL = 1.3;
const FIRST_LS_GOAL = 1 / 3;
const WORKS = ['first ls', 'walk', 'random', 'sequential', 'tar'] as const;
type Work = (typeof WORKS)[number];

/** Seconds. */
interface Cost {
  readonly clock: number;
  readonly processor: number;
}

export interface ArchiveResult extends ArchiveRow {
  readonly contenders: Readonly<
    Record<string, { readonly costs: Partial<Record<Work, Cost>>; readonly peak: number }>
  >;
  /** Of `zcat` of the layer that is the large file. */
  readonly zcat?: Cost;
  readonly absent: readonly string[];
}

export async function measureArchives(
  session: Session,
  clients: Clients,
  {
    rows,
    rounds,
    directory,
  }: { readonly rows: readonly ArchiveRow[]; readonly rounds: number; readonly directory: string },
): Promise<ArchiveResult[]> {
  if (rows.length === 0) return [];
  const images = await prepareImages(session, directory);
  const { present, absent } = await findPresent(session, ARCHIVE_CONTENDERS);
  for (const contender of present) await contender.begin?.(session);
  const results: ArchiveResult[] = [];
  for (const row of rows) {
    const able = present.filter(({ forms }) => forms.includes(row.form));
    const samples = new Map<string, { costs: Record<Work, Cost>; peak: number }[]>(
      able.map(({ id }) => [id, []]),
    );
    const zcats: Cost[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const [index] of able.entries()) {
        const contender = able[(index + round) % able.length] as ArchiveContender;
        samples.get(contender.id)?.push(await sampleOf(session, clients, contender, images, row.form));
      }
      if (row.form === 'oci') {
        zcats.push(
          await costOf(() =>
            counted(session, ['sh', '-c', 'zcat "$0" | cat > /dev/null', images.largeLayer]),
          ),
        );
      }
    }
    const contenders = Object.fromEntries([...samples].map(([id, all]) => [id, medians(all)]));
    results.push({ ...row, contenders, absent, ...(zcats.length === 0 ? {} : { zcat: median(zcats) }) });
  }
  return results;
}

/** Runs a command to its end; answers its processor time, in seconds. */
async function counted(session: Session, words: readonly string[]): Promise<number> {
  const times = await run(session, ['bash', '-c', '"$@" >&2; code=$?; times; exit $code', 'bash', ...words]);
  return secondsOfTimes(times);
}

/** `work` answers its own processor time. */
async function costOf(work: () => Promise<number>): Promise<Cost> {
  const start = performance.now();
  const processor = await work();
  return { clock: (performance.now() - start) / 1000, processor };
}

async function sampleOf(
  session: Session,
  clients: Clients,
  contender: ArchiveContender,
  images: ArchiveImages,
  form: ArchiveForm,
): Promise<{ costs: Record<Work, Cost>; peak: number }> {
  let opened: OpenedImage | undefined;
  try {
    const first = await costOf(async () => {
      let spent = 0;
      const command = async (words: readonly string[]) => {
        spent += await counted(session, words);
      };
      opened = await contender.open(session, images, form, command);
      spent += await counted(session, ['ls', opened.directory]);
      return spent + (opened.spent ?? 0) + secondsOf(serversOf(opened));
    });
    const image = opened as OpenedImage;
    const work = async (client: () => Promise<Measured>): Promise<Cost> => {
      const before = secondsOf(serversOf(image));
      const { milliseconds } = await client();
      return { clock: milliseconds / 1000, processor: secondsOf(serversOf(image)) - before };
    };
    const at = (name: string) => `${image.directory}/${name}`;
    const costs = {
      'first ls': first,
      walk: await work(() => clients.walk(image.directory, 'free')),
      random: await work(() => clients.readPieces(at(RANDOM), 'free', PIECES)),
      sequential: await work(() => clients.readAll(at(SEQUENTIAL), 'free')),
      tar: await work(() => clients.tar(at('lib'), 'free')),
    };
    return { costs, peak: peakOf(serversOf(image)) };
  } finally {
    await opened?.close();
  }
}

function serversOf({ servers }: OpenedImage): number[] {
  return servers.flatMap((pid) => processTree(pid));
}

function medians(samples: readonly { readonly costs: Record<Work, Cost>; readonly peak: number }[]) {
  const costs = Object.fromEntries(
    WORKS.map((work) => [work, median(samples.map((each) => each.costs[work]))]),
  );
  return { costs, peak: Math.max(...samples.map(({ peak }) => peak)) };
}

function median(costs: readonly Cost[]): Cost {
  const middle = (key: keyof Cost) =>
    costs.map((cost) => cost[key]).toSorted((a, b) => a - b)[costs.length >> 1] ?? Number.NaN;
  return { clock: middle('clock'), processor: middle('processor') };
}

export function archivesText(results: readonly ArchiveResult[]): string {
  return results.map((result) => `\n${linesOf(result).join('\n')}\n`).join('');
}

function linesOf({ id, contenders, zcat, absent }: ArchiveResult): string[] {
  const cost = ({ clock, processor }: Cost) => `${clock.toFixed(2)} s (${processor.toFixed(2)})`;
  const lines = [`${id}: clock (processor time of whoever serves, of the first ls all of it), medians`];
  for (const [contender, { costs, peak }] of Object.entries(contenders)) {
    const told = WORKS.map((work) => `${work} ${costs[work] === undefined ? '-' : cost(costs[work])}`);
    lines.push(`  ${contender.padEnd(12)}${told.join(', ')}, peak ${(peak / 2 ** 20).toFixed(0)} MiB`);
  }
  const mark = (isMet: boolean) => (isMet ? '' : '  ✗');
  const [ours, umoci] = ['stratafs', 'umoci'].map((name) => contenders[name]?.costs['first ls']);
  if (ours !== undefined && umoci !== undefined) {
    const ratio = ours.processor / umoci.processor;
    lines.push(
      `  first ls by umoci, processor time: ${ratio.toFixed(2)}  goal: 0.33${mark(ratio <= FIRST_LS_GOAL)}`,
    );
  }
  const sequential = contenders.stratafs?.costs.sequential;
  if (zcat !== undefined && sequential !== undefined) {
    const ratio = sequential.processor / zcat.processor;
    lines.push(
      `  zcat of the large file's layer ${cost(zcat)}; sequential by it, processor time: ${ratio.toFixed(2)}  goal: ${SEQUENTIAL_GOAL}${mark(ratio <= SEQUENTIAL_GOAL)}`,
    );
  }
  if (absent.length > 0) lines.push(`  not here: ${absent.join(', ')}`);
  return lines;
}
