// Where the truth about a layer is: the compressed tar in the content store that it was unpacked from. Whether that is there
// is another matter: layers that were there already are not fetched, and CRI can be told to throw blobs away.
import { type BlobDigest, type ChainId, shortId } from '../digest.ts';
import { trouble } from '../file-state.ts';
import type { Descriptor } from '../oci/manifest.ts';
import type { PlatformImage } from '../oci/platform-image.ts';
import type { OwnerIds } from '../owner.ts';
import type { TarRecord, UnpackRules } from '../record.ts';
import { blobPath, hasBlob } from './blobs.ts';
import { METADATA } from './metadata.ts';
import type { ContainerdPlace } from './root.ts';

/** By the media type's last word. */
const FORMS = new Map<string, TarRecord['form']>([
  ['gzip', 'tar+gzip'],
  ['zstd', 'tar+zstd'],
]);

/** Throws Trouble where the blob is not there. */
export function tarRecordOf(
  root: ContainerdPlace,
  image: PlatformImage,
  chainId: ChainId,
): TarRecord | undefined {
  const blob = image.layers[image.chain.indexOf(chainId)];
  return blob && tarRecord(root, blob);
}

/** Throws Trouble where the blob is not there. */
export function tarRecord(root: ContainerdPlace, { digest, mediaType }: Descriptor): TarRecord {
  const { files } = root;
  const path = blobPath(digest);
  if (!hasBlob(files, digest)) throw trouble('read', files.pathOf(path), absence(digest));
  const form = FORMS.get(mediaType.split(/[^a-z]/).at(-1) ?? '') ?? 'tar';
  return { form, path: files.pathOf(path), digest, rules: unpackRules(root), open: () => files.open(path) };
}

function absence(digest: BlobDigest): string {
  return `the compressed layer ${shortId(digest)} is not here, so the files that it was unpacked to cannot be verified`;
}

/** Whose containerd it is, where that is not root's. */
export function rootlessOwner({ files, dialect }: ContainerdPlace): OwnerIds | undefined {
  return dialect === 'user' ? files.ownerOf(METADATA) : undefined;
}

function unpackRules(place: ContainerdPlace): UnpackRules {
  const owner = rootlessOwner(place);
  return {
    engine: 'containerd',
    inPlace: false,
    withoutDevices: owner !== undefined,
    root: owner ?? { uid: 0, gid: 0 },
    isOneRange: owner === undefined,
  };
}
