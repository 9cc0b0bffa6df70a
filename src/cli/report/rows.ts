// The rows of a report: all objects of a surveyed stack in one tree, what is shown and what newer layers hide.
import { STATE, type SurveyedStack } from '../../layers/survey/survey-stack.ts';
import { eachObject, isShown, ownBytes } from '../../layers/survey/survey-sums.ts';
import type { ReportRow } from '../../report/image/record.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { escapeBytes, hasEscapes } from '../../told/escape.ts';
import { modeString } from '../print/status.ts';

interface Place {
  readonly row: number;
  readonly path: ByteString;
  /** In the order of a walk. */
  key: string;
  shown: number;
  hidden: number;
  /** Shown, unless a missing layer hides it. */
  unknown: number;
}

export interface TreeRows {
  readonly rows: ReportRow[];
  /** Files that are in none. */
  readonly leftOut: number;
}

/** At most about `most`: the smallest files are left out first, directories never. */
export function treeRows(view: SurveyedStack, stack: LayerStack, most: number): TreeRows {
  const { table } = view.survey;
  const places = placesOf(view);
  const leads = leadsOf(view, places);
  const told = places.filter((place) => {
    const lead = leads.get(place.path);
    // A directory in whose place another stands is one with it: what it held is below that.
    return lead === place || !table.isDirectory(place.row);
  });
  sumUp(view, told, leads);
  told.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.row - b.row));
  const kept = largest(told, (place) => table.isDirectory(place.row), most);
  const { mode, uid, gid } = table.columns;
  const rows = kept.map(({ row, path, shown, hidden, unknown }): ReportRow => {
    const isHidden = view.state[row] === STATE.hidden;
    const escaped = escapeBytes(path);
    return {
      path: escaped,
      isEscaped: hasEscapes(escaped),
      mode: modeString(mode[row] as number),
      uid: uid[row] as number,
      gid: gid[row] as number,
      layer: layerNumber(stack, view.layerOf(row)),
      state: !isHidden
        ? isSettled(view, row)
          ? 'shown'
          : 'unknown'
        : view.rival[row] === 0
          ? 'deleted'
          : 'overwritten',
      by: isHidden ? layerNumber(stack, view.by[row] as number) : 0,
      shown,
      hidden,
      unknown,
    };
  });
  return { rows, leftOut: told.length - kept.length };
}

/** Whether all layers above a row's own could be read, so that it is known what hides it. */
function isSettled(view: SurveyedStack, row: number): boolean {
  return view.survey.roots.lastIndexOf(0, view.layerOf(row)) < 0;
}

/** What is shown where the merged view has it, what is hidden where its layer has it. */
function placesOf(view: SurveyedStack): Place[] {
  const { table } = view.survey;
  const places: Place[] = [];
  for (let row = 1; row < table.end; row++) {
    if (view.layerOf(row) < 0) continue;
    const state = view.state[row];
    if (state !== STATE.shown && state !== STATE.hidden) continue;
    const path = ((state === STATE.shown ? view.pathOf(row) : table.pathOf(row)) || '/') as ByteString;
    places.push({ row, path, key: '', shown: 0, hidden: 0, unknown: 0 });
  }
  return places;
}

/** Of each path the object that holds what is below it, or stands for it: a directory before all else, then what is shown. */
function leadsOf(view: SurveyedStack, places: readonly Place[]): Map<string, Place> {
  const { table } = view.survey;
  const leads = new Map<string, Place>();
  const rank = ({ row }: Place) =>
    (table.isDirectory(row) ? 2 : 0) + (view.state[row] === STATE.shown ? 1 : 0);
  for (const place of places) {
    const known = leads.get(place.path);
    const order = known === undefined ? 1 : rank(place) - rank(known);
    if (
      order > 0 ||
      (order === 0 && known !== undefined && view.layerOf(place.row) < view.layerOf(known.row))
    )
      leads.set(place.path, place);
  }
  // A slash sorts before all that a name may hold; other versions follow what is in the directory of their name.
  for (const place of places) {
    const key = place.path === '/' ? '' : place.path.replaceAll('/', '\0');
    place.key = leads.get(place.path) === place ? key : `${key}\x01`;
  }
  return leads;
}

/** Each object once, by the name that counts, and in all directories above. */
function sumUp(view: SurveyedStack, places: readonly Place[], leads: ReadonlyMap<string, Place>): void {
  const byRow = new Map(places.map((place) => [place.row, place]));
  const shownBy = new Map([...view.data].map(([shown, data]) => [data, shown]));
  eachObject(view, (row) => {
    const bytes = ownBytes(view, row);
    if (bytes === 0) return;
    const state = view.state[row] as number;
    const place = byRow.get(state === STATE.data ? (shownBy.get(row) ?? row) : row);
    if (place === undefined) return;
    const kind = !isShown(state) ? 'hidden' : isSettled(view, row) ? 'shown' : 'unknown';
    place[kind] += bytes;
    for (let path: string = place.path; path !== '/'; ) {
      path = path.slice(0, path.lastIndexOf('/')) || '/';
      const above = leads.get(path);
      if (above !== undefined) above[kind] += bytes;
    }
  });
}

function largest(places: Place[], isKept: (place: Place) => boolean, most: number): Place[] {
  if (places.length <= most) return places;
  const files = places.filter((place) => !isKept(place));
  const size = ({ shown, hidden, unknown }: Place) => shown + hidden + unknown;
  files.sort((a, b) => size(b) - size(a));
  const out = new Set(files.slice(Math.max(0, most - (places.length - files.length))));
  return places.filter((place) => !out.has(place));
}
