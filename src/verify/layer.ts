// Verifies one layer of an image against its tar-split record and its diff ID.
import { createHash } from 'node:crypto';
import type { ReadSome } from '../blob/compression.ts';
import type { FileStatus, LayerFiles } from '../layers/layer-files.ts';
import type { DiffId } from '../store/digest.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { S_IFDIR, S_IFMT } from '../sys/statx.ts';
import { TarDamage, type TarEntry } from '../tar/entry.ts';
import { type Gap, rebuildTar } from '../tar/rebuild.ts';
import { checkContents } from './contents.ts';
import { compareEntry, type Unpacking } from './entry.ts';
import { type Finding, type Losable, lossOf, type Progress, type Report, type Severity } from './finding.ts';
import { examining, SeenNames } from './listing.ts';
import { MarkComparison, type MarkRules } from './marks.ts';

export interface LayerEvidence {
  readonly diffId: DiffId;
  readonly files: LayerFiles;
  /** Opens the record anew, at its beginning; gives it to `use` and closes it. Throws Trouble. */
  readonly withTarSplit: (use: (read: ReadSome) => Promise<void>) => Promise<void>;
  readonly unpacking: Unpacking;
  readonly marks: MarkRules;
}

export interface LayerVerdict {
  readonly verdict: 'verified' | 'tampered' | 'unverifiable';
  readonly entries: number;
  /** Of the tar, as far as it could be put together. */
  readonly bytes: number;
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
    counts[finding.severity] += 1;
    report(finding);
  };
  const comparison = new Comparison(evidence, count);
  const hash = createHash('sha256');
  let bytes = 0;
  let gap: Gap | undefined;
  const verdict = (): LayerVerdict => ({
    verdict: counts.tampered > 0 ? 'tampered' : counts.unverifiable > 0 ? 'unverifiable' : 'verified',
    entries: comparison.entries,
    bytes,
    kept: comparison.kept(),
  });
  try {
    await evidence.withTarSplit((read) =>
      rebuildTar(read, evidence.files, {
        bytes(chunk) {
          hash.update(chunk);
          bytes += chunk.length;
          progress.bytes(chunk.length);
        },
        entry: (entry, path) => comparison.entry(entry, path),
        gap(path, found) {
          gap = found;
          reportGap(path, found, count);
        },
      }),
    );
  } catch (error) {
    if (!(error instanceof TarDamage)) throw error;
    count({ severity: 'unverifiable', class: 'tar-split', message: error.message });
    return verdict();
  }
  comparison.end();
  const found = gap === undefined ? `sha256:${hash.digest('hex')}` : undefined;
  if (found === evidence.diffId) return verdict();
  await evidence.withTarSplit((read) => checkContents(read, evidence.files, count, progress));
  if (found !== undefined && counts.tampered === 0) count(inconsistent(evidence.diffId, found));
  return verdict();
}

/** Every file has its checksum, yet the hash of all differs: then what was changed is the record. */
function inconsistent(expected: string, found: string): Finding {
  const message =
    'headers or checksums in the record were changed: every file agrees with it, but not its hash';
  return { severity: 'tampered', class: 'tar-split', expected, found, message };
}

// Any other gap is found by its header, or when the contents are checked.
function reportGap(path: ByteString, gap: Gap, report: Report): void {
  if (gap.kind === 'sparse') {
    const message =
      'the tar held this file sparse, in a way that its record does not tell: no hash can be made';
    report({ severity: 'unverifiable', class: 'content', path, message });
  }
}

/** Devices and fifos in a tar. */
const SPECIAL_TYPES = ['3', '4', '6'];
const CAPABILITY = asBytes('security.capability');

function isLostCapability({ class: kind, found }: Finding): boolean {
  return kind === 'xattr' && found === `no ${CAPABILITY}`;
}

/** Headers against the disk, entry by entry, and the listing both ways. */
class Comparison {
  entries = 0;
  readonly #evidence: LayerEvidence;
  readonly #report: Report;
  readonly #seen = new SeenNames();
  readonly #marks: MarkComparison;
  /** Findings on files with several names, by inode: a later name's header may be the one that was applied last. */
  readonly #linked = new Map<string, Finding[]>();
  readonly #kept = new Set<Losable>();

  constructor(evidence: LayerEvidence, report: Report) {
    this.#evidence = evidence;
    this.#report = report;
    this.#marks = new MarkComparison(evidence.files, evidence.marks, this.#seen, report);
  }

  entry(entry: TarEntry, path: ByteString): void {
    this.entries += 1;
    if (entry.type === 'g') return;
    examining(path, 'missing', this.#report, () => this.#compare(entry, path));
  }

  #compare(entry: TarEntry, path: ByteString): void {
    if (this.#marks.take(path)) return;
    const { files, unpacking } = this.#evidence;
    this.#seen.add(path);
    this.#marks.passEntry(path);
    const status = files.status(path);
    const { findings, xattrs } = compareEntry(entry, path, status, files, unpacking);
    if (status !== undefined) this.#noteKept(entry, findings);
    if (status !== undefined && (status.mode & S_IFMT) === S_IFDIR) {
      this.#seen.addDirectory(path);
      this.#marks.passDirectory(path, xattrs);
    } else if (status !== undefined && status.nlink > 1) {
      this.#hold(entry, status, findings);
      return;
    }
    for (const finding of findings) this.#report(finding);
  }

  /** Owners that are not root's, attributes and marks that came through. */
  kept(): Losable[] {
    return [...this.#kept, ...(this.#marks.hasKept ? (['whiteout'] as const) : [])];
  }

  #noteKept({ type, uid, gid, xattrs }: TarEntry, findings: readonly Finding[]): void {
    const lost = findings.map(lossOf);
    if ((uid !== 0 || gid !== 0) && !lost.includes('owner')) this.#kept.add('owner');
    if (type === '1' && !lost.includes('hardlink')) this.#kept.add('hardlink');
    if (SPECIAL_TYPES.includes(type)) this.#kept.add('special');
    if (xattrs.size > 0 && !lost.includes('xattr')) this.#kept.add('xattr');
  }

  /**
   * Docker applies mode and owner of a hard link's header to the file that all its names share, and its chown takes the
   * file's capabilities away.
   */
  #hold(entry: TarEntry, status: FileStatus, findings: readonly Finding[]): void {
    const held = this.#linked.get(status.inode) ?? [];
    const left = entry.type === '1' ? held.flatMap((one) => this.#overrule(one, entry, status)) : held;
    for (const finding of findings) {
      if (finding.class === 'mode' || finding.class === 'owner' || isLostCapability(finding))
        left.push(finding);
      else this.#report(finding);
    }
    if (left.length > 0 || held.length > 0) this.#linked.set(status.inode, left);
  }

  /** What is left of a finding on a file after the header of another of its names. */
  #overrule(finding: Finding, link: TarEntry, status: FileStatus): Finding[] {
    const { owners } = this.#evidence.unpacking;
    if (finding.class === 'mode') return link.mode === (status.mode & 0o7777) ? [] : [finding];
    if (finding.class === 'owner') {
      return owners.fits(link, status) ? [] : [finding];
    }
    return link.xattrs.has(CAPABILITY) ? [finding] : [{ ...finding, severity: 'known' }];
  }

  end(): void {
    for (const findings of this.#linked.values()) for (const finding of findings) this.#report(finding);
    this.#marks.end();
    if (this.#evidence.marks.marks !== 'none') this.#seen.reportExtra(this.#evidence.files, this.#report);
  }
}
