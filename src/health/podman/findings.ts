// What can be wrong with a root of containers-storage: one row a kind, with what it means and what still works.
import type { CodedFinding, FindingKind } from '../health.ts';

export const FINDING_KINDS = {
  'list-unreadable': {
    severity: 'error',
    meaning: 'a list of the store cannot be read, so what it tells is known only from other files',
    works: "what directories and the engine's own database still tell, by ID",
  },
  'record-damaged': {
    severity: 'error',
    meaning: 'a record of a list cannot be used',
    works: 'all other records',
  },
  'database-damaged': {
    severity: 'error',
    meaning:
      "Podman's own database, or a record in it, cannot be read: states, pods and mounts of containers are not known",
    works: 'images, layers and the file systems of containers',
  },
  'database-older': {
    severity: 'error',
    meaning:
      'the newest state of a database is damaged, or may be, so an older one is shown: what was done last is missing, or is there again',
    works: 'everything, as it was one transaction before',
  },
  'root-unusable': {
    severity: 'error',
    meaning: 'another root that images and layers are taken from cannot be used',
    works: 'what is in this root',
  },
  'image-damaged': {
    severity: 'error',
    meaning: 'the config of the image cannot be trusted or read, or is not of its layers',
    works: 'its layers by lowerdir=, and containers made from it',
  },
  'image-incomplete': {
    severity: 'error',
    meaning: 'a layer of the image is missing or damaged, so the image cannot be shown whole',
    works: 'its other layers by lowerdir=, and images that do not have that layer',
  },
  'image-former-name': {
    severity: 'note',
    meaning: 'the image once had a name that another image has now, or none',
    works: 'everything; the image by its ID',
  },
  'layer-chain': {
    severity: 'error',
    meaning: 'what lies below the layer is not known: a parent is missing, or parents form a cycle',
    works: 'its own files by lowerdir=, and what does not stand on it',
  },
  'layer-directory': {
    severity: 'error',
    meaning: "the layer's files are not where its record says",
    works: 'images and containers that do not have this layer',
  },
  'layer-incomplete': {
    severity: 'warning',
    meaning: 'the layer was not written to its end (a pull or build that was cut off); an engine removes it',
    works: 'everything; it belongs to no image',
  },
  'layer-unused': {
    severity: 'note',
    meaning: 'no image and no container has this layer',
    works: 'everything; its files can be read by lowerdir=',
  },
  'layer-orphan': {
    severity: 'warning',
    meaning: 'a layer directory that no record leads to: left behind by a removal or a crash',
    works: 'everything; its files can be read by lowerdir=',
  },
  'tar-split': {
    severity: 'warning',
    meaning: 'the layer cannot be verified, nor given back as the tar it was',
    works: 'mount, ls, cat, diff and all that reads its files',
  },
  'link-damaged': {
    severity: 'warning',
    meaning: "the layer's short link, by which it is mounted, is missing or leads elsewhere",
    works:
      'everything here: it is not used; an engine cannot start containers on the layer, or makes it anew',
  },
  'lower-damaged': {
    severity: 'warning',
    meaning: "the driver's list of the layers below cannot be read, or names short links that are not there",
    works: 'everything here: the record is used; an engine would fail to mount the layer',
  },
  'lower-other': {
    severity: 'error',
    meaning: "an engine would stack other layers than those that the layer's record says",
    works: 'everything here: the record is used, so what is shown is not what a container saw',
  },
  unfinished: {
    severity: 'note',
    meaning: 'what is left of an unfinished pull, build or removal',
    works: 'everything; it is not used',
  },
  'container-layers': {
    severity: 'error',
    meaning: "the container's layers are not all there, so it cannot be shown whole",
    works: 'the layers that are left, by lowerdir=',
  },
  'container-image': {
    severity: 'warning',
    meaning: 'the image it was made from is not there any more',
    works: 'the container itself: its layers do not need the image',
  },
  'container-record': {
    severity: 'error',
    meaning: 'the list has no record of the container that can be used',
    works: 'its layers, as far as other files tell which they are',
  },
  'container-left': {
    severity: 'warning',
    meaning: 'files kept for a container or an image that is not there any more',
    works: 'everything; they are not used',
  },
} as const satisfies Record<string, FindingKind>;

export type FindingCode = keyof typeof FINDING_KINDS;

export type ReportFinding = (finding: CodedFinding<FindingCode>) => void;
