// Snapshots: containerd's records against the snapshotters', these against each other and against the directories.

import { measureDirectory } from '../../layers/survey/measure.ts';
import { METADATA } from '../../store/containerd/metadata.ts';
import { chainOf, placeOf, type Snapshot, snapshotterOf } from '../../store/containerd/snapshotter.ts';
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { ReportFinding } from './findings.ts';
import { type KeptNames, snapshotName } from './roots.ts';
import { type NamespaceIndex, recordedIn, type SnapshotterIndex, type StoreIndex } from './store-index.ts';

export function examineSnapshots(
  index: StoreIndex,
  kept: ReadonlyMap<NamespaceIndex, KeptNames>,
  report: ReportFinding,
): void {
  for (const namespace of index.namespaces) {
    examineRecords(index, namespace, report);
    examineUnreferenced(index, namespace, kept.get(namespace) ?? new Set(), report);
  }
  const { snapshots } = recordedIn(index);
  for (const snapshotter of index.snapshotters) {
    const path = index.place.files.pathOf(`${placeOf(snapshotter.name)}/metadata.db`);
    const { rows } = snapshotter;
    if (rows instanceof Trouble) report({ code: 'database-damaged', path, detail: rows.message });
    else if (rows !== undefined) examineRows(index, snapshotter, rows, snapshots, report);
    examineDirectories(index, snapshotter, report);
  }
}

/** What containerd says of snapshots, against what the snapshotter says. */
function examineRecords(
  { snapshotters, place: { files } }: StoreIndex,
  { reading, namespace }: NamespaceIndex,
  report: ReportFinding,
): void {
  const path = files.pathOf(METADATA);
  for (const record of reading.snapshots) {
    const { snapshotter, key, name, parent } = record;
    const rows = snapshotters.find((one) => one.name === snapshotter)?.rows;
    const what = `"${shownBytes(key)}" of ${snapshotter} in "${shownBytes(namespace)}"`;
    // Those that fetch layers while they are read have a root of their own.
    if (rows === undefined && snapshotterOf(snapshotter).directory === undefined) continue;
    if (rows instanceof Trouble) continue;
    const row = rows?.get(name);
    if (row === undefined) {
      const state = rows === undefined ? 'which has no database' : `no snapshot "${shownBytes(name)}"`;
      report({ code: 'snapshot-missing', path, detail: `${what}: ${state}` });
      continue;
    }
    if (typeof row === 'string') continue;
    const below = parent === '' ? undefined : reading.snapshot({ snapshotter, key: parent })?.name;
    if (parent !== '' && below === undefined)
      report({
        code: 'snapshot-chain',
        path,
        detail: `${what}: its parent "${shownBytes(parent)}" has no record`,
      });
    else if (below !== row.parent)
      report({
        code: 'snapshot-parent',
        path,
        detail: `${what}: on "${shownBytes(below ?? ('nothing' as ByteString))}", by the snapshotter on "${shownBytes(row.parent ?? ('nothing' as ByteString))}"`,
      });
  }
}

function examineUnreferenced(
  { place: { files } }: StoreIndex,
  { reading, namespace }: NamespaceIndex,
  kept: KeptNames,
  report: ReportFinding,
): void {
  for (const { snapshotter, key } of reading.snapshots) {
    if (kept.has(snapshotName(snapshotter, key))) continue;
    const detail = `"${shownBytes(key)}" of ${snapshotter} in "${shownBytes(namespace)}"`;
    report({ code: 'snapshot-unreferenced', path: files.pathOf(METADATA), detail });
  }
}

function examineRows(
  { place: { files }, isWhole, examined }: StoreIndex,
  { name: snapshotter }: SnapshotterIndex,
  rows: ReadonlyMap<ByteString, Snapshot | string>,
  recorded: ReadonlySet<string>,
  report: ReportFinding,
): void {
  const path = files.pathOf(`${placeOf(snapshotter)}/metadata.db`);
  const { directory, keeps } = snapshotterOf(snapshotter);
  if (directory === undefined && rows.size > 0)
    report({
      code: 'snapshotter-unread',
      path: files.pathOf(placeOf(snapshotter)),
      detail: `${snapshotter} ${keeps}`,
    });
  const holders = new Map<number, ByteString>();
  for (const [name, row] of rows) {
    examined(name, 1);
    const what = `"${shownBytes(name)}"`;
    if (typeof row === 'string') {
      report({ code: 'snapshot-damaged', path, detail: `${what}: ${row}` });
      continue;
    }
    const other = holders.get(row.id);
    if (other !== undefined)
      report({
        code: 'snapshot-shared',
        path,
        detail: `${what} and "${shownBytes(other)}" have the id ${row.id}`,
      });
    holders.set(row.id, name);
    const chain = chainOf(rows, name);
    // Where one below is damaged, that is told of it.
    if (typeof chain === 'string' && isFirstAt(rows, row))
      report({ code: 'snapshot-chain', path, detail: `${what}: ${chain}` });
    if (isWhole && !recorded.has(`${snapshotter} ${name}`))
      report({ code: 'snapshot-unrecorded', path, detail: what });
    const found = directory && attempt(() => files.requireDirectory(directory(row.id)));
    if (directory !== undefined && found instanceof Trouble)
      report({
        code: 'snapshot-directory',
        path: files.pathOf(directory(row.id)),
        detail: `${what}: ${found.message}`,
      });
  }
}

/** Whether the fault of a chain is at this row itself: its parent is not there, or is a cycle that it is part of. */
function isFirstAt(rows: ReadonlyMap<ByteString, Snapshot | string>, { parent, name }: Snapshot): boolean {
  const below = parent === undefined ? undefined : rows.get(parent);
  if (below === undefined) return true;
  if (typeof below === 'string') return false;
  const seen = new Set<ByteString>();
  for (let next: ByteString | undefined = parent; next !== undefined && !seen.has(next); ) {
    if (next === name) return true;
    seen.add(next);
    const row = rows.get(next);
    next = typeof row === 'string' ? undefined : row?.parent;
  }
  return false;
}

function examineDirectories(
  { place: { files }, examined }: StoreIndex,
  { name: snapshotter, rows, entries }: SnapshotterIndex,
  report: ReportFinding,
): void {
  // Without the database nothing tells which of them are whose.
  if (rows instanceof Trouble) return;
  const ids = new Set(
    [...(rows?.values() ?? [])].flatMap((row) => (typeof row === 'string' ? [] : [String(row.id)])),
  );
  const isLost = [...(rows?.values() ?? [])].some((row) => typeof row === 'string');
  for (const { name, kind } of entries) {
    if (ids.has(name)) continue;
    const path = files.pathOf(`${placeOf(snapshotter)}/snapshots/${name}`);
    if (kind !== 'directory') {
      report({ code: 'foreign-name', path, detail: `a ${kind ?? 'name that vanished'}, not a directory` });
      continue;
    }
    const state = name.startsWith('rm-')
      ? 'its removal was begun and not ended'
      : name.startsWith('new-')
        ? 'its making was begun and not ended'
        : 'no snapshot has this id';
    const lost = isLost ? '; it may be that of a snapshot whose record is damaged' : '';
    report({
      code: 'snapshot-orphan',
      path,
      detail: `${state}${lost}`,
      takes: measureDirectory(path, examined),
    });
  }
}
