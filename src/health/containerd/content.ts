// The content store: files against records, and what is being fetched.

import { measureDirectory } from '../../layers/survey/measure.ts';
import { blobPath, CONTENT } from '../../store/containerd/blobs.ts';
import { METADATA } from '../../store/containerd/metadata.ts';
import { hexOf, isBlobDigest } from '../../store/digest.ts';
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { ReportFinding } from './findings.ts';
import type { KeptNames } from './roots.ts';
import { type NamespaceIndex, recordedIn, type StoreIndex } from './store-index.ts';
import { usesOf } from './uses.ts';

export function examineContent(
  index: StoreIndex,
  kept: ReadonlyMap<NamespaceIndex, KeptNames>,
  report: ReportFinding,
): void {
  const { files } = index.place;
  for (const { name, kind } of index.notBlobs) {
    const path = files.pathOf(`${CONTENT}/blobs/sha256/${name}`);
    report({ code: 'foreign-name', path, detail: `the name "${shownBytes(name)}" (${kind ?? 'gone'})` });
  }
  for (const namespace of index.namespaces) examineRecords(index, namespace, report);
  examineUnreferenced(index, kept, report);
  const { blobs } = recordedIn(index);
  for (const [hex, size] of index.isWhole ? index.blobs : []) {
    if (blobs.has(hex) || size instanceof Trouble) continue;
    const path = files.pathOf(`${CONTENT}/blobs/sha256/${hex}`);
    report({ code: 'blob-orphan', path, detail: `no namespace has a record of it (${size} bytes)` });
  }
  examineIngests(index, report);
}

function examineRecords(
  { place: { files }, blobs }: StoreIndex,
  { namespace, reading }: NamespaceIndex,
  report: ReportFinding,
): void {
  const of = `"${shownBytes(namespace)}"`;
  for (const { digest, size } of reading.blobs) {
    if (!isBlobDigest(digest)) {
      report({
        code: 'foreign-name',
        path: files.pathOf(METADATA),
        detail: `the digest "${digest}" of content of ${of}`,
      });
      continue;
    }
    const path = files.pathOf(blobPath(digest));
    const found = blobs.get(hexOf(digest));
    if (found === undefined) report({ code: 'blob-missing', path, detail: `${of} has a record of it` });
    else if (found instanceof Trouble) report({ code: 'blob-missing', path, detail: found.message });
    else if (size !== undefined && size !== found)
      report({ code: 'blob-size', path, detail: `it has ${found} bytes, by the record of ${of} ${size}` });
  }
}

/** What no namespace keeps, and no image has: of that is told with the image. */
function examineUnreferenced(
  index: StoreIndex,
  kept: ReadonlyMap<NamespaceIndex, KeptNames>,
  report: ReportFinding,
): void {
  const { blobs: used } = usesOf(index);
  for (const namespace of index.namespaces) {
    const keeps = kept.get(namespace);
    for (const { digest } of namespace.reading.blobs) {
      if (!isBlobDigest(digest) || keeps?.has(`content ${digest}`)) continue;
      const isImages = (used.get(hexOf(digest)) ?? []).some(
        (user) => user.kind === 'image' && user.namespace === namespace,
      );
      if (isImages) continue;
      const path = index.place.files.pathOf(blobPath(digest));
      report({ code: 'blob-unreferenced', path, detail: `recorded in "${shownBytes(namespace.namespace)}"` });
    }
  }
}

function examineIngests(index: StoreIndex, report: ReportFinding): void {
  const { files } = index.place;
  const { ingests } = recordedIn(index);
  const met = new Set<string>();
  for (const { name, kind } of index.ingests) {
    const directory = `${CONTENT}/ingest/${name}`;
    const path = files.pathOf(directory);
    if (kind !== 'directory') {
      report({ code: 'foreign-name', path, detail: `a ${kind ?? 'name that vanished'}, not a directory` });
      continue;
    }
    const ref = attempt(() => files.readTextIfPresent(`${directory}/ref`));
    const takes = measureDirectory(path, index.examined);
    if (typeof ref !== 'string') {
      const detail = ref instanceof Trouble ? ref.message : 'it has no file "ref"';
      report({ code: 'ingest-orphan', path, detail, takes });
      continue;
    }
    met.add(ref);
    const detail = `"${shownBytes(ref as typeof name)}"`;
    report({ code: ingests.has(ref) || !index.isWhole ? 'ingest' : 'ingest-orphan', path, detail, takes });
  }
  const path = files.pathOf(METADATA);
  for (const ref of ingests)
    if (!met.has(ref)) report({ code: 'ingest-record', path, detail: `"${shownBytes(ref as never)}"` });
}
