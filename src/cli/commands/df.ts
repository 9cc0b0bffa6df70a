// `stratafs df`: what fills the store, and what removing a thing of it would free.
import type { Command } from 'commander';
import type { DiskUsage, PlaceUsage, PlaceUser } from '../../health/disk-usage.ts';
import type { StoreOptions } from '../../open/stack.ts';
import { shortId } from '../../store/digest.ts';
import { asBytes } from '../../sys/bytes.ts';
import { escapeBytes, escapeText } from '../../told/escape.ts';
import {
  eachStore,
  everyStore,
  jsonRoots,
  rootField,
  rootHeading,
  type WholeStore,
} from '../examine/every-store.ts';
import {
  containerUsages,
  imageUsages,
  type PlaceSizes,
  sumOfSizes,
  USAGE_GROUPS,
  usageLines,
} from '../examine/usage-sums.ts';
import { beginJson } from '../json/stream.ts';
import { counted } from '../print/count.ts';
import { severalNames } from '../print/several-names.ts';
import { humanSize } from '../print/size.ts';
import { formatTable } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';
import { walkLayers } from '../survey.ts';

interface DfOptions extends StoreOptions {
  readonly verbose?: true;
  readonly all?: true;
  readonly json?: true;
}

export function registerDf(program: Command, terminal: Terminal): void {
  program
    .command('df')
    .summary('show what fills the store, and what removing an image would free')
    .description(
      'Show what the layers, containers, logs, volumes and build cache of the store take, and everything else in the data ' +
        'root, each object once: the sum is that of "du -x". SIZE is what sizes tell, as Docker counts; ON DISK is allocated.',
    )
    .option(
      '-v, --verbose',
      'each image, container and volume; UNIQUE is what no other image or container has',
    )
    .option('-a, --all', 'each directory, the largest first, with what it belongs to')
    .option('-h, --human-readable', 'sizes for people, as they are without it too; --json has bytes')
    .option('--json', 'one JSON object a line: each directory, image and container, the groups, the whole')
    .helpOption('--help', 'print this help')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<DfOptions>();
      const stores = await everyStore(options, terminal, { shares: false });
      if (options.json) beginJson(terminal, 'df', jsonRoots(stores));
      await eachStore(stores, terminal, async (whole, isFirst) => {
        if (!isFirst && !options.json) terminal.out.write('\n');
        await tell(whole, terminal);
      });
    });
}

async function tell(whole: WholeStore<DfOptions>, terminal: Terminal): Promise<void> {
  const { diskUsageOf } = await import('../../health/open.ts');
  const { options, mark } = whole;
  const usage = diskUsageOf(whole.store);
  try {
    await walkLayers(usage.survey, terminal);
    const places = usage.places();
    const { columns } = terminal.out;
    terminal.out.write(
      options.json
        ? usageLines(usage, places, rootField(mark))
        : rootHeading(whole) + text(usage, places, options, columns),
    );
  } finally {
    usage.survey.close();
  }
  for (const error of usage.damage) terminal.report(error);
}

type Told = readonly [heading: readonly string[], rows: readonly string[][], ...details: string[]];

function text(
  usage: DiskUsage,
  places: readonly PlaceUsage[],
  { verbose, all }: DfOptions,
  columns: number | undefined,
): string {
  const tables: Told[] = [
    groupTable(places),
    ...(verbose ? [imageTable(usage, places), containerTable(usage, places), volumeTable(places)] : []),
    ...(all ? [placeTable(usage, places)] : []),
  ];
  return tables
    .filter(([, rows]) => rows.length > 0)
    .map(([heading, rows, ...details]) => formatTable(heading, rows, { columns, details }))
    .join('\n');
}

function sizeCells({ bytes, allocated }: PlaceSizes): string[] {
  return [humanSize(bytes), humanSize(allocated)];
}

function groupTable(places: readonly PlaceUsage[]): Told {
  const rows = USAGE_GROUPS.map(([name, kinds, one]) => {
    const own = places.filter(({ kind }) => kinds.includes(kind));
    return { own, cells: [name, counted(own.length, one, plural(one)), ...sizeCells(sumOfSizes(own))] };
  });
  const shown = rows.filter(({ own }) => own.length > 0).map(({ cells }) => cells);
  const sum = ['Everything', '', ...sizeCells(sumOfSizes(places))];
  return [['', 'COUNT', 'SIZE', 'ON DISK'], [...shown, sum], 'COUNT'];
}

function plural(one: string): string {
  return one.endsWith('y') ? `${one.slice(0, -1)}ies` : `${one}s`;
}

function imageTable(usage: DiskUsage, places: readonly PlaceUsage[]): Told {
  const rows = imageUsages(usage, places).map((image) => [
    escapeText(severalNames(image)),
    shortId(image.id),
    String(image.layers),
    ...sizeCells(image.whole),
    ...sizeCells(image.unique),
  ]);
  const heading = ['IMAGE', 'IMAGE ID', 'LAYERS', 'SIZE', 'ON DISK', 'UNIQUE', 'UNIQUE ON DISK'];
  return [heading, rows, 'IMAGE ID', 'LAYERS'];
}

function containerTable(usage: DiskUsage, places: readonly PlaceUsage[]): Told {
  const rows = containerUsages(usage, places).map(({ id, label, own, log, whole }) => [
    escapeText(label),
    escapeText(shortId(id)),
    humanSize(own.bytes),
    humanSize(log.bytes),
    humanSize(whole.allocated),
  ]);
  return [['CONTAINER', 'ID', 'SIZE', 'LOG', 'ON DISK'], rows];
}

function volumeTable(places: readonly PlaceUsage[]): Told {
  const volumes = places.filter(({ kind }) => kind === 'volume');
  const rows = volumes.map((place) => [escapeBytes(asBytes(place.id)), ...sizeCells(place)]);
  return [['VOLUME', 'SIZE', 'ON DISK'], rows];
}

function placeTable(usage: DiskUsage, places: readonly PlaceUsage[]): Told {
  const sorted = places.toSorted((a, b) => b.allocated - a.allocated || (a.path < b.path ? -1 : 1));
  const rows = sorted.map((place) => [
    ...sizeCells(place),
    place.kind,
    userWords(place.users),
    escapeBytes(usage.shown(place.path)) || '.',
  ]);
  return [['SIZE', 'ON DISK', 'KIND', 'OF', 'DIRECTORY'], rows, 'DIRECTORY'];
}

function userWords(users: readonly PlaceUser[]): string {
  const [first, second, ...more] = users.map((user) => escapeText(severalNames(user)));
  return [first, second, ...(more.length > 0 ? [`${more.length} more`] : [])].filter(Boolean).join(', ');
}
