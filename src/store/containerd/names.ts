// What images of a namespace are called: one image may have several names, and each kind of user sees its own ID. Docker's,
// nerdctl's and ctr's is the digest that the name leads to; CRI's is that of the config, so that its names of one image meet.
import { type BlobDigest, isBlobDigest } from '../digest.ts';
import { quoted } from '../formats/json.ts';
import type { PlatformImage } from '../oci/platform-image.ts';
import { familiarName } from '../reference/reference.ts';
import type { ImageRecord } from './metadata.ts';
import type { Users } from './root.ts';

/** Docker's name for an image that has none. */
const DANGLING = 'moby-dangling@';
/** Of an image that the classic builder made another from (daemon/containerd/image_list.go). */
export const PARENT_LABEL = 'org.mobyproject.image.parent';

/** An image by what its ID is; of the records, the names. */
export interface NamedImage {
  readonly id: BlobDigest;
  /** At least one; one digest but with CRI, where an index and a manifest may have one config. */
  readonly targets: readonly BlobDigest[];
  readonly records: readonly ImageRecord[];
}

/** Whether a record is no name that a person gave. */
export function isNameless({ name }: ImageRecord): boolean {
  return name.startsWith(DANGLING) || isBlobDigest(name);
}

/** As the users' own lists write it. */
export function shownName({ name }: ImageRecord, users: Users): string {
  return users === 'docker' ? (familiarName(name) ?? name) : name;
}

/** `name:tag`. */
export function tagsOf({ records }: NamedImage, users: Users): string[] {
  return records.filter((one) => !isNameless(one) && !hasDigest(one)).map((one) => shownName(one, users));
}

/** `name@sha256:…`: CRI keeps records of them, for others a name with its target is one. */
export function digestsOf({ records }: NamedImage, users: Users): string[] {
  const named = records.filter((one) => !isNameless(one));
  const own = named.filter(hasDigest).map((one) => shownName(one, users));
  if (users === 'cri') return own;
  const made = named
    .filter((one) => !hasDigest(one))
    .map((one) => `${withoutTag(shownName(one, users))}@${one.digest}`);
  return [...new Set([...own, ...made])].sort();
}

function hasDigest({ name }: ImageRecord): boolean {
  return name.includes('@');
}

function withoutTag(name: string): string {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return colon < 0 ? name : name.slice(0, colon);
}

/**
 * The images of records, in the order of their first names. `read` answers what a target is made of, undefined where that
 * cannot be told; then CRI's ID cannot either, and the target stands for it. Records without a digest are told to `refuse`.
 */
export function groupImages(
  records: readonly ImageRecord[],
  users: Users,
  read: (target: BlobDigest) => PlatformImage | undefined,
  refuse: (state: string) => void,
): NamedImage[] {
  const images = new Map<BlobDigest, { targets: Set<BlobDigest>; records: ImageRecord[] }>();
  for (const record of records) {
    const { digest, name } = record;
    if (!isBlobDigest(digest)) {
      refuse(
        `the image ${quoted(name)} leads to ${quoted(digest)}, which is not a digest ("sha256:" and 64 hex digits)`,
      );
      continue;
    }
    const id = users === 'cri' ? (read(digest)?.config ?? digest) : digest;
    const image = images.get(id) ?? { targets: new Set(), records: [] };
    images.set(id, image);
    image.targets.add(digest);
    image.records.push(record);
  }
  return [...images].map(([id, { targets, records: named }]) => ({
    id,
    targets: [...targets],
    records: named,
  }));
}
