// `stratafs df`: what fills the store, and what removing a thing of it would free.
import type { Command } from 'commander';
import {
  type DiskUsage,
  type PlaceKind,
  type PlaceUsage,
  type PlaceUser,
  userKey,
} from '../../health/disk-usage.ts';
import { asBytes } from '../../sys/bytes.ts';
import { addTo } from '../../sys/groups.ts';
import { counted } from '../print/count.ts';
import { escapeBytes, escapeJson, escapeText, jsonName } from '../print/escape.ts';
import { humanSize } from '../print/size.ts';
import { formatTable } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';
import { openTheStore, type StoreOptions } from '../stack.ts';
import { walkLayers } from '../survey.ts';

interface DfOptions extends StoreOptions {
  readonly verbose?: true;
  readonly all?: true;
  readonly json?: true;
}

/** The rows of the table: what kinds of places are in each. */
const GROUPS: readonly (readonly [name: string, kinds: readonly PlaceKind[], one: string])[] = [
  ['Layers of images', ['layer'], 'layer'],
  ['Layers of no image', ['unused'], 'layer'],
  ['Content of images', ['content'], 'blob'],
  ['Content of no image', ['loose'], 'blob'],
  ['Containers', ['upper', 'init', 'files'], 'directory'],
  ['Logs of containers', ['log'], 'file'],
  ['Build cache', ['cache'], 'directory'],
  ['Volumes', ['volume'], 'volume'],
  ['Unfinished', ['unfinished'], 'directory'],
  ['Orphans', ['orphan'], 'directory'],
  ['Other stores', ['beside'], 'directory'],
  ['Records', ['records'], 'directory'],
  ['Anything else', ['other'], 'name'],
];

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
    .option('--json', 'one JSON object a line: each directory, image and container, the groups, the whole')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<DfOptions>();
      const { diskUsageOf } = await import('../../health/open.ts');
      const usage = diskUsageOf(await openTheStore(options));
      try {
        await walkLayers(usage.survey, terminal);
        const places = usage.places();
        terminal.out.write(options.json ? jsonLines(usage, places) : text(usage, places, options));
      } finally {
        usage.survey.close();
      }
      for (const error of usage.damage) terminal.report(error);
    });
}

interface Sizes {
  readonly bytes: number;
  readonly allocated: number;
}

function sum(places: readonly Sizes[]): Sizes {
  const total = { bytes: 0, allocated: 0 };
  for (const { bytes, allocated } of places) {
    total.bytes += bytes;
    total.allocated += allocated;
  }
  return total;
}

function text(usage: DiskUsage, places: readonly PlaceUsage[], { verbose, all }: DfOptions): string {
  const tables = [
    groupTable(places),
    ...(verbose ? [imageTable(usage, places), containerTable(usage, places), volumeTable(places)] : []),
    ...(all ? [placeTable(usage, places)] : []),
  ];
  return tables.filter((table) => table !== '').join('\n');
}

function sizeCells({ bytes, allocated }: Sizes): string[] {
  return [humanSize(bytes), humanSize(allocated)];
}

function groupTable(places: readonly PlaceUsage[]): string {
  const rows = GROUPS.map(([name, kinds, one]) => {
    const own = places.filter(({ kind }) => kinds.includes(kind));
    return { own, cells: [name, counted(own.length, one, plural(one)), ...sizeCells(sum(own))] };
  });
  const shown = rows.filter(({ own }) => own.length > 0).map(({ cells }) => cells);
  return formatTable(
    ['', 'COUNT', 'SIZE', 'ON DISK'],
    [...shown, ['Everything', '', ...sizeCells(sum(places))]],
  );
}

function plural(one: string): string {
  return one.endsWith('y') ? `${one.slice(0, -1)}ies` : `${one}s`;
}

interface ImageUsage {
  readonly id: string;
  readonly label: string;
  readonly layers: number;
  /** Of its layers, and of what a content store has of it. */
  readonly whole: Sizes;
  /** Of what nothing but this image has. */
  readonly unique: Sizes;
}

/** The largest first; images whose config cannot be read are left out, as `doctor` tells. */
function imagesOf({ images }: DiskUsage, places: readonly PlaceUsage[]): ImageUsage[] {
  const owned = new Map<string, PlaceUsage[]>();
  for (const place of places) {
    if (place.kind !== 'layer' && place.kind !== 'content') continue;
    for (const user of place.users) if (user.kind === 'image') addTo(owned, userKey(user), place);
  }
  const usages = images.map((image): ImageUsage => {
    const { id, label } = image;
    const key = userKey(image);
    const own = owned.get(key) ?? [];
    const alone = own.filter(({ users }) => users.every((user) => userKey(user) === key));
    const layers = own.filter(({ kind }) => kind === 'layer').length;
    return { id, label, layers, whole: sum(own), unique: sum(alone) };
  });
  return usages.sort((a, b) => b.whole.bytes - a.whole.bytes || (a.id < b.id ? -1 : 1));
}

function imageTable(usage: DiskUsage, places: readonly PlaceUsage[]): string {
  const rows = imagesOf(usage, places).map(({ id, label, layers, whole, unique }) => [
    escapeText(label),
    id.replace(/^sha256:/, '').slice(0, 12),
    String(layers),
    ...sizeCells(whole),
    ...sizeCells(unique),
  ]);
  const heading = ['IMAGE', 'IMAGE ID', 'LAYERS', 'SIZE', 'ON DISK', 'UNIQUE', 'UNIQUE ON DISK'];
  return rows.length === 0 ? '' : formatTable(heading, rows);
}

interface ContainerUsage {
  readonly id: string;
  readonly label: string;
  /** Of its own layer, as `docker ps -s`. */
  readonly own: Sizes;
  readonly log: Sizes;
  readonly whole: Sizes;
}

function containersOf(usage: DiskUsage, places: readonly PlaceUsage[]): ContainerUsage[] {
  const kinds: readonly PlaceKind[] = ['upper', 'init', 'files', 'log'];
  const owned = new Map<string, PlaceUsage[]>();
  for (const place of places) if (kinds.includes(place.kind)) addTo(owned, place.id, place);
  const containers = usage.containers.map(({ id, label }): ContainerUsage => {
    const all = owned.get(id) ?? [];
    const of = (wanted: PlaceKind) => sum(all.filter(({ kind }) => kind === wanted));
    return { id, label, own: of('upper'), log: of('log'), whole: sum(all) };
  });
  return containers.sort((a, b) => b.whole.allocated - a.whole.allocated || (a.id < b.id ? -1 : 1));
}

function containerTable(usage: DiskUsage, places: readonly PlaceUsage[]): string {
  const rows = containersOf(usage, places).map(({ id, label, own, log, whole }) => [
    escapeText(label),
    escapeText(id.slice(0, 12)),
    humanSize(own.bytes),
    humanSize(log.bytes),
    humanSize(whole.allocated),
  ]);
  return rows.length === 0 ? '' : formatTable(['CONTAINER', 'ID', 'SIZE', 'LOG', 'ON DISK'], rows);
}

function volumeTable(places: readonly PlaceUsage[]): string {
  const volumes = places.filter(({ kind }) => kind === 'volume');
  const rows = volumes.map((place) => [escapeBytes(asBytes(place.id)), ...sizeCells(place)]);
  return rows.length === 0 ? '' : formatTable(['VOLUME', 'SIZE', 'ON DISK'], rows);
}

function placeTable(usage: DiskUsage, places: readonly PlaceUsage[]): string {
  const sorted = places.toSorted((a, b) => b.allocated - a.allocated || (a.path < b.path ? -1 : 1));
  const rows = sorted.map((place) => [
    ...sizeCells(place),
    place.kind,
    userWords(place.users),
    escapeBytes(usage.shown(place.path)) || '.',
  ]);
  return formatTable(['SIZE', 'ON DISK', 'KIND', 'OF', 'DIRECTORY'], rows);
}

function userWords(users: readonly PlaceUser[]): string {
  const [first, second, ...more] = users.map(({ label }) => escapeText(label));
  return [first, second, ...(more.length > 0 ? [`${more.length} more`] : [])].filter(Boolean).join(', ');
}

function jsonLines(usage: DiskUsage, places: readonly PlaceUsage[]): string {
  const lines: object[] = places.map(({ kind, id, path, bytes, allocated, users }) => ({
    type: 'place',
    kind,
    id,
    ...jsonName('path', usage.shown(path)),
    bytes,
    allocated,
    ...(users.length === 0 ? {} : { users: users.map((user) => ({ id: user.id, name: user.label })) }),
  }));
  for (const { id, label, layers, whole, unique } of imagesOf(usage, places))
    lines.push({ type: 'image', id, name: label, layers, ...whole, unique });
  for (const { id, label, own, log, whole } of containersOf(usage, places))
    lines.push({ type: 'container', id, name: label, ...own, log, whole });
  for (const [name, kinds] of GROUPS) {
    const own = places.filter(({ kind }) => kinds.includes(kind));
    lines.push({ type: 'group', name, count: own.length, ...sum(own) });
  }
  lines.push({ type: 'total', ...sum(places) });
  return lines.map((line) => `${escapeJson(line)}\n`).join('');
}
