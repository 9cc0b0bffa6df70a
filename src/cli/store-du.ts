// `stratafs du` without a reference: what the images, containers and everything else of the store take, as a tree that is told
// as du(1) tells directories.
import type { DiskUsage, PlaceKind, PlaceUsage, PlaceUser } from '../health/disk-usage.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { addTo } from '../sys/groups.ts';
import { escapeBytes, escapeJson, jsonName } from '../told/escape.ts';
import { type RootMark, rootField } from './examine/every-store.ts';
import { formatBlocks, type SizeForm } from './print/blocks.ts';
import type { Output } from './print/output.ts';
import { severalNames } from './print/several-names.ts';

export interface StoreDuOptions {
  readonly all?: true;
  /** No deeper than so many names. */
  readonly deepest: number;
  readonly form: SizeForm;
  readonly isApparent: boolean;
  readonly sort?: 'size' | 'name';
  readonly json?: true;
  /** Of several roots, which one it is. */
  readonly mark?: RootMark;
}

/** What is neither of an image nor of a container, by the name of its directory. */
const GROUPS: Readonly<Partial<Record<PlaceKind, string>>> = {
  unused: 'layers-of-no-image',
  loose: 'content-of-no-image',
  cache: 'build-cache',
  volume: 'volumes',
  unfinished: 'unfinished',
  orphan: 'orphans',
  beside: 'other-stores',
  records: 'records',
  other: 'other',
};

interface Sum {
  readonly allocated: number;
  readonly bytes: number;
}

interface StoreLine {
  readonly path: ByteString;
  readonly depth: number;
  readonly isPlace: boolean;
  readonly allocated: number;
  readonly bytes: number;
}

/** Whole names and what is in each; a place that several images have is in each of them, and counts once above. */
type Groups = Map<string, Map<string, PlaceUsage[]>>;

/** Answers what the whole takes. */
export function writeStoreDu(
  usage: DiskUsage,
  places: readonly PlaceUsage[],
  options: StoreDuOptions,
  out: Output,
): Sum {
  // In JSON an image has one name, which can be used.
  const nameOf = (image: PlaceUser) => (options.json ? image.label : severalNames(image));
  const lines = linesOf(usage, places, nameOf).filter(
    ({ depth, isPlace }) => depth <= options.deepest && (options.all || !isPlace),
  );
  const size = ({ allocated, bytes }: StoreLine) => (options.isApparent ? bytes : allocated);
  const byName = (a: StoreLine, b: StoreLine) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  if (options.sort === 'size') lines.sort((a, b) => size(b) - size(a) || byName(a, b));
  if (options.sort === 'name') lines.sort(byName);
  const { mark } = options;
  const root = mark === undefined ? '' : `${mark.shown}:`;
  for (const line of lines) {
    if (options.json) {
      const { path, isPlace, allocated, bytes } = line;
      const t = isPlace ? 'place' : 'group';
      const fields = { ...jsonName('name', path), allocated, bytes, ...rootField(mark) };
      out.write(`${escapeJson({ t, ...fields })}\n`);
    } else out.write(`${formatBlocks(size(line), options.form)}\t${root}${escapeBytes(line.path)}\n`);
  }
  return sumOf(places);
}

/** After all stores. */
export function writeTotal(
  { allocated, bytes }: Sum,
  { json, isApparent, form }: Pick<StoreDuOptions, 'json' | 'isApparent' | 'form'>,
  out: Output,
): void {
  if (json) out.write(`${escapeJson({ t: 'total', allocated, bytes })}\n`);
  else out.write(`${formatBlocks(isApparent ? bytes : allocated, form)}\ttotal\n`);
}

/** What is in a directory before it, names in byte order. */
function linesOf(
  usage: DiskUsage,
  places: readonly PlaceUsage[],
  nameOf: (image: PlaceUser) => string,
): StoreLine[] {
  const lines: StoreLine[] = [];
  for (const [group, members] of sorted(groupsOf(usage, places, nameOf))) {
    for (const [member, own] of sorted(members)) {
      // Where a place is alone in its group it is told once.
      const parts = [group, member].filter((part) => part !== '');
      for (const place of own) {
        const path = asBytes([...parts, usage.shown(place.path) || '.'].join('/'));
        lines.push({ ...sumOf([place]), path, depth: parts.length + 1, isPlace: true });
      }
      if (member !== '')
        lines.push({ ...sumOf(own), path: asBytes(parts.join('/')), depth: 2, isPlace: false });
    }
    const all = [...new Set([...members.values()].flat())];
    lines.push({ ...sumOf(all), path: asBytes(group), depth: 1, isPlace: false });
  }
  lines.push({ ...sumOf(places), path: asBytes('.'), depth: 0, isPlace: false });
  return lines;
}

function groupsOf(
  { containers }: DiskUsage,
  places: readonly PlaceUsage[],
  nameOf: (image: PlaceUser) => string,
): Groups {
  const labels = new Map(containers.map(({ id, label }) => [id, label]));
  const groups: Groups = new Map();
  for (const place of places) {
    const { kind, id, users } = place;
    const group = GROUPS[kind];
    if (group !== undefined) addMember(groups, group, '', place);
    else if (kind === 'layer' || kind === 'content') {
      const images = users.filter((user) => user.kind === 'image');
      for (const image of images) addMember(groups, 'images', nameOf(image), place);
      // The layers of a container whose image was removed.
      if (images.length === 0) addMember(groups, 'images', '', place);
    } else addMember(groups, 'containers', labels.get(id) ?? id, place);
  }
  return groups;
}

function addMember(groups: Groups, group: string, member: string, place: PlaceUsage): void {
  const members = groups.get(group) ?? new Map<string, PlaceUsage[]>();
  groups.set(group, members);
  addTo(members, member, place);
}

function sorted<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function sumOf(places: readonly PlaceUsage[]): Sum {
  const sum = { allocated: 0, bytes: 0 };
  for (const { allocated, bytes } of places) {
    sum.allocated += allocated;
    sum.bytes += bytes;
  }
  return sum;
}
