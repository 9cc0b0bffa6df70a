// Leases: what keeps content and snapshots for a time.
import { METADATA } from '../../store/containerd/metadata.ts';
import { shownBytes } from '../../sys/bytes.ts';
import type { ReportFinding } from './findings.ts';
import { isPast } from './roots.ts';
import type { StoreIndex } from './store-index.ts';

export function examineLeases({ namespaces, place }: StoreIndex, now: number, report: ReportFinding): void {
  const path = place.files.pathOf(METADATA);
  for (const { namespace, leases, reading } of namespaces) {
    const digests = new Set(reading.blobs.map(({ digest }) => digest));
    for (const { id, expires, content, snapshots } of leases) {
      const lease = `the lease "${id}" of "${shownBytes(namespace)}"`;
      if (isPast(expires, now)) report({ code: 'lease-expired', path, detail: `${lease}, until ${expires}` });
      const gone = [
        ...content.filter((digest) => !digests.has(digest)),
        ...snapshots.flatMap((one) =>
          reading.snapshot(one) === undefined
            ? [`snapshot "${shownBytes(one.key)}" of ${one.snapshotter}`]
            : [],
        ),
      ];
      if (gone.length > 0)
        report({ code: 'lease-dangling', path, detail: `${lease} keeps ${gone.join(', ')}` });
    }
  }
}
