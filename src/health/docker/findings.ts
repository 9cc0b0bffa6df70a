// What can be wrong with a data root: one row a kind, with what it means and what still works.

import { DATA_ROOT_FINDINGS } from '../dockerd/findings.ts';
import type { CodedFinding, FindingKind } from '../health.ts';

export const FINDING_KINDS = {
  ...DATA_ROOT_FINDINGS,
  unlisted: {
    severity: 'error',
    meaning: 'a directory of the store cannot be listed, so nothing in it was examined',
    works: 'what is in other directories',
  },
  'store-beside': {
    severity: 'note',
    meaning: "another store of Docker's is here or was used from here, which was not examined",
    works: 'everything of the store that was examined',
  },
  'container-elsewhere': {
    severity: 'note',
    meaning: 'the container belongs to another driver or store, so its layers were not examined',
    works: 'everything else; a daemon with this driver passes over it too',
  },
  'container-driver': {
    severity: 'warning',
    meaning: "the container's config names another driver than the one that has its own layers",
    works: 'everything else; its own layers by the ID of their directory',
  },
  'names-unreadable': {
    severity: 'error',
    meaning: 'no image can be found by its name',
    works: 'images by ID, containers by name and ID',
  },
  'name-damaged': {
    severity: 'error',
    meaning: 'this name leads to no image',
    works: 'all other names, and every image by ID',
  },
  'name-dangling': {
    severity: 'error',
    meaning: 'the name points to an image whose config is not there',
    works: 'other names of other images; layers of the image that are left, by lowerdir=',
  },
  ambiguous: {
    severity: 'warning',
    meaning: 'an engine reads this file in one way, other readers in another; it was made or changed by hand',
    works: 'everything; it is read here as an engine reads it',
  },
  'image-damaged': {
    severity: 'error',
    meaning: 'the config cannot be trusted, so it is not known what the image is made of',
    works: 'containers made from it, and its layers by lowerdir=',
  },
  'image-incomplete': {
    severity: 'error',
    meaning: 'a layer of the image is missing or damaged, so the image cannot be shown whole',
    works: 'its other layers by lowerdir=, and images that do not have that layer',
  },
  'image-record': {
    severity: 'warning',
    meaning: 'a daemon does not have the image, because the record of one of its layers is damaged',
    works: "everything of the image here: its config proves what the layer's record should say",
  },
  'image-metadata': {
    severity: 'note',
    meaning: 'build metadata of an image that is not there',
    works: 'everything; it is not used',
  },
  'layer-damaged': {
    severity: 'error',
    meaning: 'a daemon cannot use the record of the layer, nor images and containers that have it',
    works: 'everything else; the layer too in images whose config is there, if its file "cache-id" is whole',
  },
  'layer-chain': {
    severity: 'error',
    meaning: 'the record does not fit its place in the chain: it was changed, or belongs to another layer',
    works: 'images and containers that do not have this layer',
  },
  'layer-directory': {
    severity: 'error',
    meaning: "the layer's files are not where its record says",
    works: 'images and containers that do not have this layer',
  },
  'layer-shared': {
    severity: 'error',
    meaning: 'two layers claim one directory: at least one of them shows the wrong files',
    works: '"verify" tells which of the two is right',
  },
  'layer-size': {
    severity: 'warning',
    meaning: 'the recorded size is missing or no number; nothing but lists of sizes depends on it',
    works: 'everything',
  },
  'tar-split': {
    severity: 'warning',
    meaning: 'the layer cannot be verified, nor given back as the tar it was; "docker save" of it fails',
    works: 'mount, ls, cat, diff and all that reads its files',
  },
  'layer-removing': {
    severity: 'warning',
    meaning: 'a layer whose removal was begun and not ended',
    works: 'everything; its files may still be there',
  },
  'layer-transaction': {
    severity: 'warning',
    meaning: 'a layer whose registration was begun and not ended (a pull or build that was cut off)',
    works: 'everything; it belongs to no image',
  },
  'layer-unused': {
    severity: 'note',
    meaning: 'no image and no container has this layer',
    works: 'everything; its files can be read by lowerdir=',
  },
  'link-damaged': {
    severity: 'warning',
    meaning: "the layer's short link, by which Docker mounts it, is missing or leads elsewhere",
    works: 'everything here: it is not used; a daemon cannot start containers on the layer',
  },
  'link-broken': {
    severity: 'warning',
    meaning: 'a short link that leads to no layer',
    works: 'everything; it is not used',
  },
  'lower-damaged': {
    severity: 'warning',
    meaning: "the driver's list of the layers below cannot be read, or names short links that are not there",
    works: 'everything here: the record is used; a daemon would fail to mount the layer',
  },
  'lower-other': {
    severity: 'error',
    meaning: "a daemon would stack other layers than those that the layer's record proves",
    works: 'everything here: the record is used, so what is shown is not what a container saw',
  },
  'directory-orphan': {
    severity: 'warning',
    meaning: 'a layer directory that no record leads to: left behind by a removal or a crash',
    works: 'everything; its files can be read by lowerdir=',
  },
  'directory-cache': {
    severity: 'note',
    meaning: 'files of the build cache: BuildKit has a record of this directory, no image has it',
    works: 'everything; its files can be read by lowerdir=',
  },
  'layer-cache': {
    severity: 'note',
    meaning: 'no image and no container has this layer; the build cache holds it',
    works: 'everything; its files can be read by lowerdir=',
  },
  'cache-incomplete': {
    severity: 'warning',
    meaning: 'files that the build cache has a record of are not there',
    works: 'everything; a daemon runs that build step again, or fails to build until "docker builder prune"',
  },
  distribution: {
    severity: 'warning',
    meaning: 'the records of where layers were pulled from are damaged or contradict each other',
    works: 'everything; only where this layer came from is not certain',
  },
  'pulled-before': {
    severity: 'note',
    meaning: 'images were pulled here whose layers have been removed since',
    works: 'everything',
  },
  'mount-damaged': {
    severity: 'error',
    meaning: "the record of a container's own layers cannot be used",
    works: 'the image it was made from; its own files by lowerdir= if their directory is known',
  },
  'mount-orphan': {
    severity: 'warning',
    meaning: 'own layers of a container that is not there any more',
    works: 'everything; its files can be read by lowerdir=',
  },
  'container-damaged': {
    severity: 'error',
    meaning: 'the config of the container cannot be used, so its name and image are not known',
    works: 'its own layers by lowerdir= (see "whose" with its ID)',
  },
  'container-layers': {
    severity: 'error',
    meaning: "the container's layers are not all there, so it cannot be shown whole",
    works: 'the layers that are left, by lowerdir=',
  },
  'container-image': {
    severity: 'warning',
    meaning: 'the image it was made from is not there any more, or not the one it stands on',
    works: 'the container itself: its layers are proven without the image',
  },
} as const satisfies Record<string, FindingKind>;

export type FindingCode = keyof typeof FINDING_KINDS;

export type ReportFinding = (finding: CodedFinding<FindingCode>) => void;

/** What else of the root is examined. */
export interface Beside {
  /** Names of its other stores. */
  readonly others: readonly string[];
  /** Whether what all graph drivers of the root share is to be examined: volumes, databases, files of containers. */
  readonly isFirst: boolean;
}
