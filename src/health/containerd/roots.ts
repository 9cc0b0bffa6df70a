// What containerd's garbage collector would keep of a namespace: what images, containers, leases and labels lead to (core/metadata/
// gc.go). Labels are all that it goes by: that a manifest names a layer is nothing to it.
import type { LeaseRecord } from '../../store/containerd/metadata.ts';
import { asBytes, bytesOfText } from '../../sys/bytes.ts';
import type { NamespaceIndex } from './store-index.ts';

const ROOT = 'containerd.io/gc.root';
const EXPIRE = 'containerd.io/gc.expire';
const REFERENCE = /^containerd\.io\/gc\.(?:ref|bref)\.(content|snapshot)(?:\.([^/]*))?(?:\/.*)?$/;

/** `content DIGEST` and `snapshot SNAPSHOTTER/KEY`. */
export type KeptNames = ReadonlySet<string>;

/** `now` in milliseconds since 1970. */
export function keptBy({ reading, leases, containers }: NamespaceIndex, now: number): KeptNames {
  const blobs = new Map(reading.blobs.map(({ digest, labels }) => [`content ${digest}`, labels]));
  const snapshots = new Map(
    reading.snapshots.map((one) => [snapshotName(one.snapshotter, one.key), one] as const),
  );
  const waiting: string[] = [];
  for (const [name, labels] of blobs) if (labels.has(ROOT)) waiting.push(name);
  for (const [name, { labels }] of snapshots) if (labels.has(ROOT)) waiting.push(name);
  for (const lease of leases) {
    if (isPast(lease.expires, now)) continue;
    for (const name of keptByLease(lease)) waiting.push(name);
  }
  for (const { digest, labels } of reading.images) {
    if (isPast(labels.get(EXPIRE), now)) continue;
    waiting.push(`content ${digest}`);
    for (const name of referencesOf(labels)) waiting.push(name);
  }
  for (const { labels } of reading.containers) for (const name of referencesOf(labels)) waiting.push(name);
  for (const { place } of reading.root.docker === undefined ? containers : [])
    waiting.push(snapshotName(place.snapshotter, place.key));
  const kept = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (kept.has(name)) continue;
    kept.add(name);
    const snapshot = snapshots.get(name);
    if (snapshot !== undefined && snapshot.parent !== '')
      waiting.push(snapshotName(snapshot.snapshotter, snapshot.parent));
    for (const kin of referencesOf(blobs.get(name) ?? snapshot?.labels ?? new Map())) waiting.push(kin);
  }
  return kept;
}

export function snapshotName(snapshotter: string, key: string): string {
  return `snapshot ${snapshotter}/${key}`;
}

export function isPast(expires: string | undefined, now: number): boolean {
  const time = expires === undefined ? Number.NaN : Date.parse(expires);
  return !Number.isNaN(time) && time < now;
}

function keptByLease({ content, snapshots, labels }: LeaseRecord): string[] {
  return [
    ...content.map((digest) => `content ${digest}`),
    ...snapshots.map(({ snapshotter, key }) => snapshotName(snapshotter, key)),
    ...referencesOf(labels),
  ];
}

/** `containerd.io/gc.ref.content.l.0`, `containerd.io/gc.ref.snapshot.overlayfs`, either with more behind a slash. */
function referencesOf(labels: ReadonlyMap<string, string>): string[] {
  return [...labels].flatMap(([label, value]) => {
    const [, kind, what = ''] = REFERENCE.exec(label) ?? [];
    if (kind === undefined) return [];
    return [kind === 'content' ? `content ${value}` : snapshotName(what, asBytes(bytesOfText(value)))];
  });
}
