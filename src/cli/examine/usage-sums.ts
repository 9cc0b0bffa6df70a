// What fills a store, summed up: by group, by image and by container, and as JSON lines. For `df` and reports.
import { type DiskUsage, type PlaceKind, type PlaceUsage, userKey } from '../../health/disk-usage.ts';
import { addTo } from '../../sys/groups.ts';
import { escapeJson, jsonName } from '../../told/escape.ts';

/** What a store is made of: what kinds of places are in each group, and what one of them is called. */
export const USAGE_GROUPS: readonly (readonly [name: string, kinds: readonly PlaceKind[], one: string])[] = [
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

/** Of one place, or of several. */
export interface PlaceSizes {
  readonly bytes: number;
  readonly allocated: number;
}

export function sumOfSizes(places: readonly PlaceSizes[]): PlaceSizes {
  const total = { bytes: 0, allocated: 0 };
  for (const { bytes, allocated } of places) {
    total.bytes += bytes;
    total.allocated += allocated;
  }
  return total;
}

export interface ImageUsage {
  readonly id: string;
  readonly label: string;
  /** Where it has several. */
  readonly names?: readonly string[];
  readonly namespace?: string;
  readonly layers: number;
  /** Of its layers, and of what a content store has of it. */
  readonly whole: PlaceSizes;
  /** Of what nothing but this image has. */
  readonly unique: PlaceSizes;
}

/** The largest first; images whose config cannot be read are left out, as `doctor` tells. */
export function imageUsages({ images }: DiskUsage, places: readonly PlaceUsage[]): ImageUsage[] {
  const owned = new Map<string, PlaceUsage[]>();
  for (const place of places) {
    if (place.kind !== 'layer' && place.kind !== 'content') continue;
    for (const user of place.users) if (user.kind === 'image') addTo(owned, userKey(user), place);
  }
  const usages = images.map((image): ImageUsage => {
    const { id, label, names, namespace } = image;
    const key = userKey(image);
    const own = owned.get(key) ?? [];
    const alone = own.filter(({ users }) => users.every((user) => userKey(user) === key));
    const layers = own.filter(({ kind }) => kind === 'layer').length;
    const known = {
      ...(names === undefined ? {} : { names }),
      ...(namespace === undefined ? {} : { namespace }),
    };
    return { id, label, ...known, layers, whole: sumOfSizes(own), unique: sumOfSizes(alone) };
  });
  return usages.sort((a, b) => b.whole.bytes - a.whole.bytes || (a.id < b.id ? -1 : 1));
}

export interface ContainerUsage {
  readonly id: string;
  readonly label: string;
  /** Of its own layer, as `docker ps -s`. */
  readonly own: PlaceSizes;
  readonly log: PlaceSizes;
  readonly whole: PlaceSizes;
}

export function containerUsages(usage: DiskUsage, places: readonly PlaceUsage[]): ContainerUsage[] {
  const kinds: readonly PlaceKind[] = ['upper', 'init', 'files', 'log'];
  const owned = new Map<string, PlaceUsage[]>();
  for (const place of places) if (kinds.includes(place.kind)) addTo(owned, place.id, place);
  const containers = usage.containers.map(({ id, label }): ContainerUsage => {
    const all = owned.get(id) ?? [];
    const of = (wanted: PlaceKind) => sumOfSizes(all.filter(({ kind }) => kind === wanted));
    return { id, label, own: of('upper'), log: of('log'), whole: sumOfSizes(all) };
  });
  return containers.sort((a, b) => b.whole.allocated - a.whole.allocated || (a.id < b.id ? -1 : 1));
}

/** As JSON lines: each directory, image and container, the groups, the whole; each with `fields` besides. */
export function usageLines(usage: DiskUsage, places: readonly PlaceUsage[], fields: object = {}): string {
  const lines: object[] = places.map(({ kind, id, path, bytes, allocated, users }) => ({
    t: 'place',
    kind,
    id,
    ...jsonName('path', path),
    bytes,
    allocated,
    ...(users.length === 0 ? {} : { users: users.map((user) => ({ id: user.id, name: user.label })) }),
  }));
  for (const { id, label, names, layers, whole, unique } of imageUsages(usage, places))
    lines.push({ t: 'image', id, name: label, names, layers, ...whole, unique });
  for (const { id, label, own, log, whole } of containerUsages(usage, places))
    lines.push({ t: 'container', id, name: label, ...own, log, whole });
  for (const [name, kinds] of USAGE_GROUPS) {
    const own = places.filter(({ kind }) => kinds.includes(kind));
    lines.push({ t: 'group', name, count: own.length, ...sumOfSizes(own) });
  }
  lines.push({ t: 'total', ...sumOfSizes(places) });
  return lines.map((line) => `${escapeJson({ ...line, ...fields })}\n`).join('');
}
