// What can be wrong with what dockerd itself keeps in a data root, wherever its images are.
import type { StoreFiles } from '../../store/files.ts';
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { CodedFinding, FindingKind } from '../health.ts';

export const DATA_ROOT_FINDINGS = {
  'container-file': {
    severity: 'warning',
    meaning:
      'a file that Docker keeps for the container is missing or damaged: its log, hostconfig.json, hosts or the like',
    works: "the container's file system",
  },
  'checkpoint-damaged': {
    severity: 'warning',
    meaning: 'a checkpoint of the container without its contents',
    works: 'the container, which cannot be restored from it',
  },
  'volume-missing': {
    severity: 'error',
    meaning: 'a container mounts a volume that is not there; a daemon would make an empty one',
    works: 'the container without the contents of that volume',
  },
  'volume-damaged': {
    severity: 'error',
    meaning: 'the directory of a volume has not what belongs in it',
    works: 'other volumes, all images and containers',
  },
  'volume-record': {
    severity: 'warning',
    meaning: 'the database has a record of a volume that is damaged, or whose directory is not there',
    works: 'other volumes, all images and containers',
  },
  'volume-unused': {
    severity: 'note',
    meaning: 'no container mounts this volume',
    works: 'everything; its contents lie in its directory "_data"',
  },
  'database-damaged': {
    severity: 'error',
    meaning: 'a database of the daemon cannot be read to its end; a daemon may not start with it',
    works: 'images and containers; what the database holds is not known, or only in part',
  },
  'database-older': {
    severity: 'error',
    meaning:
      'the newest state of a database is damaged, or may be, so an older one is shown: what was done last is missing, or is there again',
    works: 'everything, as it was one transaction before',
  },
  'foreign-name': {
    severity: 'note',
    meaning: 'Docker writes no such name here',
    works: 'everything; it is not used',
  },
} as const satisfies Record<string, FindingKind>;

export type ReportDataRoot = (finding: CodedFinding<keyof typeof DATA_ROOT_FINDINGS>) => void;

/** Names that Docker does not write where it keeps ids. */
export function reportForeignNames(
  files: StoreFiles,
  directory: string,
  isOurs: (name: ByteString) => boolean,
  report: ReportDataRoot,
): void {
  const names = attempt(() => files.namesIfPresent(directory) ?? []);
  // That it cannot be listed was told.
  if (names instanceof Trouble) return;
  for (const name of names) {
    if (isOurs(name)) continue;
    report({
      code: 'foreign-name',
      path: files.pathOf(`${directory}/${name}`),
      detail: `the name "${shownBytes(name)}"`,
    });
  }
}
