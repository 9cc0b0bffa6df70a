// The two maps of where layers were pulled from: each entry's form, and whether the two say the same.
import { type DiffId, isHexId } from '../../store/digest.ts';
import {
  blobNames,
  blobPath,
  diffIdOfBlob,
  MOST_ORIGINS,
  originNames,
  originsPath,
  readOrigins,
} from '../../store/docker/distribution.ts';
import { quoted } from '../../store/formats/json.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { ReportFinding } from './findings.ts';
import type { StoreIndex } from './store-index.ts';

export function examineDistribution({ root, layers }: StoreIndex, report: ReportFinding): void {
  const { files, metadata } = root;
  const damaged = (path: string, detail: string) =>
    report({ code: 'distribution', path: files.pathOf(path), detail });
  const list = (names: () => readonly ByteString[]): readonly string[] => {
    const found = attempt(names);
    if (!(found instanceof Trouble)) return found.filter(isHexId);
    report({ code: 'unlisted', path: files.pathOf(`${metadata}/distribution`), detail: found.message });
    return [];
  };
  const diffIds = new Map<string, DiffId>();
  for (const blob of list(() => blobNames(root))) {
    const diffId = attempt(() => diffIdOfBlob(root, blob));
    if (diffId instanceof Trouble) damaged(blobPath(root, blob), diffId.message);
    else if (diffId !== undefined) diffIds.set(`sha256:${blob}`, diffId);
  }
  const known = new Map<string, ReadonlySet<string>>();
  for (const hex of list(() => originNames(root))) {
    const diffId = `sha256:${hex}` as DiffId;
    const origins = attempt(() => readOrigins(root, diffId));
    if (origins instanceof Trouble) {
      damaged(originsPath(root, diffId), origins.message);
      continue;
    }
    const digests = origins.map(({ digest }) => digest);
    // Where it is full, what was dropped may be anything.
    if (digests.length < MOST_ORIGINS) known.set(diffId, new Set(digests));
    for (const digest of digests) {
      const other = diffIds.get(digest);
      if (other === diffId) continue;
      const state = other === undefined ? 'is not there' : `says ${other}`;
      damaged(originsPath(root, diffId), `it names the blob ${quoted(digest)}, whose own entry ${state}`);
    }
  }
  for (const [digest, diffId] of diffIds) {
    if (known.get(diffId)?.has(digest) ?? true) continue;
    damaged(blobPath(root, digest.slice('sha256:'.length)), `${diffId} does not name this blob`);
  }
  const present = new Set(
    [...layers.values()].map((layer) => (layer instanceof Trouble ? '' : layer.diffId)),
  );
  const gone = [...diffIds.values()].filter((diffId) => !present.has(diffId)).length;
  if (gone === 0) return;
  const detail = `${gone} ${gone === 1 ? 'blob' : 'blobs'} of layers that are not here; "whose" tells of a blob by its digest`;
  report({ code: 'pulled-before', path: files.pathOf(`${metadata}/distribution`), detail });
}
