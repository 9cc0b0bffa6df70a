// Images: whether what each is made of is here, as it was fetched or unpacked, and whether anything keeps it.

import { blobPath } from '../../store/containerd/blobs.ts';
import { METADATA } from '../../store/containerd/metadata.ts';
import type { NamedImage } from '../../store/containerd/names.ts';
import { type BlobDigest, type ChainId, shortId } from '../../store/digest.ts';
import { platformOf, platformText } from '../../store/oci/manifest.ts';
import type { PlatformImage } from '../../store/oci/platform-image.ts';
import { asBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { ReportFinding } from './findings.ts';
import { type KeptNames, snapshotName } from './roots.ts';
import { imageLabel, type NamespaceIndex, type StoreIndex } from './store-index.ts';

export function examineImages(
  index: StoreIndex,
  kept: ReadonlyMap<NamespaceIndex, KeptNames>,
  report: ReportFinding,
): void {
  const path = index.place.files.pathOf(METADATA);
  for (const namespace of index.namespaces) {
    for (const detail of namespace.images.damage()) report({ code: 'image-name', path, detail });
    for (const image of namespace.named)
      for (const target of image.targets)
        examineTarget(index, namespace, { image, target }, kept.get(namespace) ?? new Set(), report);
  }
}

interface Target {
  readonly image: NamedImage;
  readonly target: BlobDigest;
}

function examineTarget(
  index: StoreIndex,
  namespace: NamespaceIndex,
  { image, target }: Target,
  kept: KeptNames,
  report: ReportFinding,
): void {
  const { label } = imageLabel(index, namespace, image);
  const path = index.place.files.pathOf(blobPath(target));
  index.examined(path, 1);
  const contents = index.contents.get(target);
  if (contents === undefined || !contents.isHere) {
    report({ code: 'image-target', path, detail: `"${label}": no such file` });
    return;
  }
  for (const detail of contents.damage)
    report({ code: 'image-damaged', path, detail: `"${label}": ${detail}` });
  for (const [digest, role] of contents.absent) {
    if (role === 'config')
      report({ code: 'image-damaged', path, detail: `"${label}": its config ${digest} is not here` });
  }
  if (contents.platforms.length === 0 && contents.damage.length === 0 && contents.absent.size === 0)
    report({
      code: 'image-not-unpacked',
      path,
      detail: `"${label}": no image that it names for a platform is here`,
    });
  for (const platform of contents.platforms)
    examinePlatform(namespace, platform, { label, path }, kept, report);
  const loose = [...contents.blobs.keys()].filter((digest) => !kept.has(`content ${digest}`));
  const isRecorded = (digest: BlobDigest) => namespace.reading.blobs.some((blob) => blob.digest === digest);
  const open = loose.filter(isRecorded);
  if (open.length > 0)
    report({ code: 'image-unprotected', path, detail: `"${label}": the content ${open.join(', ')}` });
}

function examinePlatform(
  namespace: NamespaceIndex,
  { chain, layers, diffIds, json }: PlatformImage,
  { label, path }: { readonly label: string; readonly path: ReturnType<typeof asBytes> },
  kept: KeptNames,
  report: ReportFinding,
): void {
  const { reading } = namespace;
  const words = platformText(platformOf(json));
  const tell = (code: Parameters<ReportFinding>[0]['code'], detail: string) =>
    report({ code, path, detail: `"${label}" (${words}): ${detail}` });
  if (layers.length !== diffIds.length)
    tell('image-damaged', `its manifest has ${layers.length} layers, its config ${diffIds.length}`);
  const recorded = new Set(reading.blobs.map(({ digest }) => digest));
  const isFetched = (i: number) => {
    const digest = layers[i]?.digest;
    if (digest === undefined || !recorded.has(digest)) return false;
    return reading.root.files.kindOf(blobPath(digest)) === 'file';
  };
  const isUnpacked = (chainId: ChainId) =>
    reading
      .snapshottersOf(chainId)
      .some(
        (snapshotter) =>
          !(attempt(() => reading.chain({ snapshotter, key: asBytes(chainId) })) instanceof Trouble),
      );
  const top = chain.at(-1);
  const isWhole = top !== undefined && isUnpacked(top);
  // A whole chain needs none below it by itself: its parents are part of it.
  const missing = isWhole ? [] : chain.flatMap((chainId, i) => (isUnpacked(chainId) ? [] : [i]));
  const lost = missing.filter((i) => attempt(() => isFetched(i)) !== true);
  const names = (which: readonly number[]) =>
    which.map((i) => `layer ${i + 1} (${shortId(diffIds[i] ?? '')})`).join(', ');
  if (lost.length > 0)
    tell('image-incomplete', `${names(lost)} is neither unpacked nor here as it was fetched`);
  else if (missing.length > 0) tell('image-not-unpacked', names(missing));
  const absent = chain.flatMap((_, i) => (attempt(() => isFetched(i)) === true ? [] : [i]));
  if (lost.length === 0 && absent.length > 0) tell('image-content', names(absent));
  for (const snapshotter of top === undefined || !isWhole ? [] : reading.snapshottersOf(top)) {
    if (!kept.has(snapshotName(snapshotter, top ?? '')))
      tell('image-unprotected', `its layers as ${snapshotter} has them`);
  }
}
