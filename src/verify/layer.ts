// Verifies one layer of an image against its tar-split record and its diff ID. *Verified* is said only of a layer whose tar
// was put together from what lies on disk and has the hash that names it, and of whose files nothing else was found.
import { createHash } from 'node:crypto';
import { LayerContents } from '../layers/layer-contents.ts';
import type { DiffId } from '../store/digest.ts';
import { asBytes, type ByteString, type ReadSome } from '../sys/bytes.ts';
import { TarDamage } from '../tar/entry.ts';
import { cleanPath } from '../tar/path.ts';
import { type Gap, rebuildTar } from '../tar/rebuild.ts';
import type { UnpackingRules } from '../unpack/rules.ts';
import { unpackTarSplit } from '../unpack/tar-split.ts';
import { UnpackedTar } from '../unpack/unpack.ts';
import { BLIND, blindly } from './blind.ts';
import { checkContents } from './contents.ts';
import type { Finding, Losable, Progress, Report, Severity } from './finding.ts';
import { type LayerOnDisk, TreeComparison } from './tree.ts';

export interface LayerEvidence extends LayerOnDisk {
  readonly diffId: DiffId;
  /** Those by which it was unpacked. */
  readonly rules: UnpackingRules;
  /** Whether attributes named `trusted.*` are not seen, though the layer may have some that count. */
  readonly isBlind: boolean;
  readonly withTarSplit: WithTarSplit;
  /** Where the contents of its entries lie, where the directory holds contents alone: then that is all that is compared. */
  readonly objects?: readonly (ByteString | undefined)[] | undefined;
  /** The records of the layers below it, base first, where its directory has all that they hold as well. */
  readonly copied: readonly WithTarSplit[];
}

/** Opens a record anew, at its beginning; gives it to `use` and closes it. Throws Trouble. */
export type WithTarSplit = <T>(use: (read: ReadSome) => Promise<T>) => Promise<T>;

export interface LayerVerdict {
  readonly verdict: 'verified' | 'tampered' | 'unverifiable';
  readonly entries: number;
  /** Of the tar, as far as it could be put together. */
  readonly bytes: number;
  /** Whether the hash of that tar is the diff ID: then the record and all contents are right, whatever else is not. */
  readonly sha256: 'right' | 'wrong' | 'not made';
  /** What a poor copy loses and this one has, of what the record tells. */
  readonly kept: readonly Losable[];
}

/** Goes on past everything it finds. Throws Trouble where the record cannot be opened. */
export async function verifyLayer(
  evidence: LayerEvidence,
  report: Report,
  progress: Progress,
): Promise<LayerVerdict> {
  const counts: Record<Severity, number> = { tampered: 0, unverifiable: 0, known: 0, note: 0 };
  const count: Report = (finding) => {
    const weighed = evidence.isBlind ? blindly(finding) : finding;
    counts[weighed.severity] += 1;
    report(weighed);
  };
  const examined: Omit<Mutable<LayerVerdict>, 'verdict'> = {
    entries: 0,
    bytes: 0,
    sha256: 'not made',
    kept: [],
  };
  if (evidence.isBlind) count(BLIND);
  try {
    const { rules } = evidence;
    const unpacked = new UnpackedTar(rules);
    const firsts: number[] = [];
    for (const withTarSplit of [...evidence.copied, evidence.withTarSplit]) {
      firsts.push(unpacked.entries);
      await withTarSplit((read) => unpackTarSplit(read, rules, unpacked));
    }
    const first = firsts.at(-1) ?? 0;
    examined.entries = unpacked.entries - first;
    reportRefusals(unpacked, count);
    if (evidence.objects === undefined) {
      const comparison = new TreeComparison(evidence, unpacked, rules, count);
      comparison.compare();
      examined.kept = comparison.kept();
    } else count(OBJECTS_ALONE);
    const contents = new LayerContents(unpacked, evidence.files, first, evidence.objects);
    const made = await hashTar(evidence, contents, count, progress);
    examined.bytes = made.bytes;
    if (made.hash !== undefined) examined.sha256 = made.hash === evidence.diffId ? 'right' : 'wrong';
    // What was copied from below is in no hash of this layer, but has its checksum in the record of its own.
    for (const [index, withTarSplit] of evidence.copied.entries()) {
      const copies = new LayerContents(unpacked, evidence.files, firsts[index]);
      await withTarSplit((read) => checkContents(read, copies, count, progress));
    }
    if (examined.sha256 !== 'right') {
      await evidence.withTarSplit((read) => checkContents(read, contents, count, progress));
      if (made.hash === undefined) {
        if (counts.tampered + counts.unverifiable === 0) count(UNMADE);
      } else if (counts.tampered === 0) count(inconsistent(evidence.diffId, made.hash));
    }
  } catch (error) {
    if (!(error instanceof TarDamage)) throw error;
    count({ severity: 'unverifiable', class: 'tar-split', message: error.message });
  }
  const isClean = counts.tampered + counts.unverifiable === 0;
  const isProven = examined.sha256 === 'right' && isClean;
  const verdict = counts.tampered > 0 ? 'tampered' : isProven ? 'verified' : 'unverifiable';
  return { verdict, ...examined };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface MadeTar {
  /** Undefined where the tar could not be made. */
  readonly hash: string | undefined;
  readonly bytes: number;
}

async function hashTar(
  { withTarSplit }: LayerEvidence,
  contents: LayerContents,
  report: Report,
  progress: Progress,
): Promise<MadeTar> {
  const hash = createHash('sha256');
  let bytes = 0;
  let isWhole = true;
  await withTarSplit((read) =>
    rebuildTar(read, contents, {
      bytes(chunk) {
        hash.update(chunk);
        bytes += chunk.length;
        progress.bytes(chunk.length);
      },
      gap(name, gap) {
        isWhole = false;
        reportGap(name, gap, report);
      },
    }),
  );
  return { hash: isWhole ? `sha256:${hash.digest('hex')}` : undefined, bytes };
}

/** Where everything that was looked at is as recorded, and there is no proof all the same. */
const UNMADE: Finding = {
  severity: 'unverifiable',
  class: 'content',
  message: "the layer's tar could not be put together: no hash can be made",
};

/** What an engine mounts is then an image of names and metadata that nothing names. */
const OBJECTS_ALONE: Finding = {
  severity: 'unverifiable',
  class: 'content',
  message:
    'contents are held against the record, names and metadata are not: the image of them that the engine mounts (composefs.blob) is not read',
};

/** Every file has its checksum, yet the hash of all differs: then what was changed is the record. */
function inconsistent(expected: string, found: string): Finding {
  const message =
    'headers or checksums in the record were changed: every file agrees with it, but not its hash';
  return { severity: 'tampered', class: 'tar-split', expected, found, message };
}

// Any other gap is found by its header, or when the contents are checked.
function reportGap(name: string, gap: Gap, report: Report): void {
  const why = {
    sparse: 'the tar held this file sparse, in a way that its record does not tell',
    lost: 'the tar has contents here that unpacking keeps nowhere',
  };
  if (gap.kind !== 'sparse' && gap.kind !== 'lost') return;
  const message = `${why[gap.kind]}: no hash can be made`;
  report({ severity: 'unverifiable', class: 'content', path: cleanPath(asBytes(name)), message });
}

export function reportRefusals({ refusals, refused }: UnpackedTar, report: Report, engine = 'Docker'): void {
  for (const { path, reason } of refusals) {
    const message = `cannot be unpacked as ${engine} does it: ${reason}`;
    report({ severity: 'unverifiable', class: 'tar-split', path, message });
  }
  const others = refused - refusals.length;
  if (others === 0) return;
  const message = `cannot be unpacked as ${engine} does it: ${others} entries more`;
  report({ severity: 'unverifiable', class: 'tar-split', message });
}
