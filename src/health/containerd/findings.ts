// What can be wrong with a root of containerd: one row a kind, with what it means and what still works.
import { DATA_ROOT_FINDINGS } from '../dockerd/findings.ts';
import type { CodedFinding, FindingKind } from '../health.ts';

export const FINDING_KINDS = {
  ...DATA_ROOT_FINDINGS,
  unlisted: {
    severity: 'error',
    meaning: 'a database or a directory of the store cannot be read, so what it tells was not examined',
    works: 'what the other databases and directories tell',
  },
  'record-damaged': {
    severity: 'error',
    meaning: 'the database has a value where a record, or all records of one kind, should be',
    works: 'all other records',
  },
  'image-name': {
    severity: 'error',
    meaning: 'the record of the name is damaged, so it leads to no image',
    works: 'all other names',
  },
  'image-target': {
    severity: 'error',
    meaning: 'the name leads to content that is not here, so nothing is known of the image',
    works: 'other images; its layers, if they were unpacked, as snapshot:KEY',
  },
  'image-damaged': {
    severity: 'error',
    meaning: 'a manifest, index or config of the image cannot be trusted or read',
    works: 'containers made from it, and other images',
  },
  'image-incomplete': {
    severity: 'error',
    meaning:
      'a layer of the image is neither unpacked nor here as it was fetched, so it cannot be shown whole',
    works: 'its other layers, and images that do not have that layer',
  },
  'image-not-unpacked': {
    severity: 'note',
    meaning: 'all of the image is here as it was fetched, and not all of its layers are unpacked',
    works: 'every command, by the compressed layers; containerd unpacks it when a container needs it',
  },
  'image-content': {
    severity: 'note',
    meaning:
      'compressed layers of the image are not here: they were discarded, or never fetched as the layers were here already',
    works: 'everything but "verify" of these layers and "ctr images export"',
  },
  'image-unprotected': {
    severity: 'warning',
    meaning:
      "nothing keeps a part of the image from containerd's garbage collector, which may remove it at any time",
    works: 'everything, as long as it is there',
  },
  'blob-missing': {
    severity: 'error',
    meaning: 'containerd has a record of content that is not there',
    works: 'everything that does not need it',
  },
  'blob-size': {
    severity: 'error',
    meaning: 'content has another size than its record says: it was cut off or changed',
    works: 'everything that does not need it; "verify" tells which layers it is of',
  },
  'blob-orphan': {
    severity: 'warning',
    meaning: 'content that containerd has no record of: it will be removed, or was left behind by a crash',
    works: 'everything; it is not used',
  },
  'blob-unreferenced': {
    severity: 'note',
    meaning: "content that no image and no lease leads to: containerd's garbage collector removes it",
    works: 'everything',
  },
  ingest: {
    severity: 'note',
    meaning: 'content that is being fetched, or whose fetching was cut off',
    works: 'everything; a fetch of the same content goes on with it',
  },
  'ingest-orphan': {
    severity: 'warning',
    meaning:
      'the beginning of content that containerd has no record of, left behind by a fetch that was cut off',
    works: 'everything; it is not used',
  },
  'ingest-record': {
    severity: 'note',
    meaning: 'a record of content being fetched of which nothing is there',
    works: 'everything',
  },
  'lease-expired': {
    severity: 'note',
    meaning:
      'a lease whose time has passed: containerd drops it when it next collects garbage, with what only it keeps',
    works: 'everything',
  },
  'lease-dangling': {
    severity: 'warning',
    meaning: 'a lease keeps something that is not there',
    works: 'everything that does not need it',
  },
  'snapshot-damaged': {
    severity: 'error',
    meaning: "the snapshotter's record cannot be used, so neither can snapshots on top of it",
    works: 'what does not stand on it; its files by lowerdir=, if its directory is known',
  },
  'snapshot-missing': {
    severity: 'error',
    meaning: 'containerd has a record of a snapshot that its snapshotter does not know',
    works: 'images and containers that do not have it',
  },
  'snapshot-chain': {
    severity: 'error',
    meaning: 'what lies below the snapshot is not known: a parent is missing, or parents form a cycle',
    works: 'what does not stand on it; its own files by lowerdir=',
  },
  'snapshot-parent': {
    severity: 'error',
    meaning: 'containerd and its snapshotter do not agree on what is below the snapshot',
    works:
      'everything here, by the snapshotter\'s record, which is what is mounted; "verify" tells whether that is right',
  },
  'snapshot-shared': {
    severity: 'error',
    meaning: 'two snapshots claim one directory: at least one of them shows the wrong files',
    works: '"verify" tells which of the two is right',
  },
  'snapshot-directory': {
    severity: 'error',
    meaning: "the snapshot's files are not where its record says",
    works: 'images and containers that do not have this layer',
  },
  'snapshot-unrecorded': {
    severity: 'warning',
    meaning:
      'the snapshotter has a snapshot that containerd has no record of: it is left of a removal or a crash',
    works: 'everything; its files can be read by lowerdir=',
  },
  'snapshot-orphan': {
    severity: 'warning',
    meaning:
      'a directory of snapshots that no record leads to: left behind by a removal (rm-) or a crash (new-)',
    works: 'everything; its files can be read by lowerdir=',
  },
  'snapshot-unreferenced': {
    severity: 'note',
    meaning:
      "a snapshot that no image, container or lease leads to: containerd's garbage collector removes it",
    works: 'everything; its files can be read as snapshot:KEY',
  },
  'snapshotter-unread': {
    severity: 'note',
    meaning: 'the snapshotter does not keep layers as files, so what it keeps was not examined',
    works: 'lists, inspect, history and "verify" of compressed layers',
  },
  'container-snapshot': {
    severity: 'error',
    meaning: "the container's own layer or one below it is missing, so it cannot be shown whole",
    works: 'the layers that are left, as snapshot:KEY or by lowerdir=',
  },
  'container-image': {
    severity: 'warning',
    meaning: 'the image it was made from is not there any more, or not the one it stands on',
    works: 'the container itself: its layers do not need the image',
  },
  'container-record': {
    severity: 'error',
    meaning: 'a part of the record of the container cannot be read: its name, state or command is not known',
    works: 'its layers, by its ID',
  },
  'container-sandbox': {
    severity: 'warning',
    meaning: 'the sandbox of the pod that the container ran in is not there any more',
    works: "the container's file system",
  },
  'container-lost': {
    severity: 'warning',
    meaning: "a snapshot that was a container's, of which nothing else is left",
    works: 'ls, mount, diff of it by the ID of the container',
  },
  'pod-left': {
    severity: 'warning',
    meaning: 'files that Kubernetes (CRI) kept for a container or a pod that is not there any more',
    works: 'everything; they are not used',
  },
  'task-left': {
    severity: 'note',
    meaning:
      'a directory of a running container of which containerd has no record: it was not shut down in order',
    works: 'everything; it is not used',
  },
} as const satisfies Record<string, FindingKind>;

export type FindingCode = keyof typeof FINDING_KINDS;

export type ReportFinding = (finding: CodedFinding<FindingCode>) => void;
