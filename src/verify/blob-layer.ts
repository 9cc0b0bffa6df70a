// Verifies one layer against the compressed tar that it was unpacked from: the blob against the digest that names it, the tar
// in it against the diff ID, and the files against what unpacking that tar leaves, their contents among them. Only a tar that
// is proven says anything of files.
import { createHash, type Hash } from 'node:crypto';
import { BlobDamage } from '../blob/blob.ts';
import { compressionOf, decompressed } from '../blob/compression.ts';
import { LayerContents } from '../layers/layer-contents.ts';
import { isAbsence } from '../layers/layer-files.ts';
import type { DiffId } from '../store/digest.ts';
import type { OpenFile } from '../store/files.ts';
import type { ReadSome } from '../sys/bytes.ts';
import { E, errnoWords } from '../sys/errors.ts';
import { TarDamage, type TarEntry } from '../tar/entry.ts';
import { TarStream } from '../tar/stream.ts';
import { TAR_TYPE } from '../tar/type.ts';
import type { Below } from '../unpack/implied.ts';
import type { UnpackingRules } from '../unpack/rules.ts';
import { UnpackedTar } from '../unpack/unpack.ts';
import type { Finding, FindingClass, Losable, Progress, Report, Severity } from './finding.ts';
import { type LayerVerdict, reportRefusals } from './layer.ts';
import { type LayerOnDisk, TreeComparison } from './tree.ts';

/** A compressed tar, and the hashes that name it. */
export interface NamedBlob {
  /** Undefined where nothing tells it. */
  readonly diffId: DiffId | undefined;
  /** What names the blob, `sha256:…`; absent where nothing does. */
  readonly digest: string | undefined;
  /** At its beginning; it is closed here. Throws Trouble. */
  readonly open: () => OpenFile;
}

export interface BlobEvidence extends NamedBlob {
  /** Those of the layers below, base first, where its directory has all that they hold as well. */
  readonly copied: readonly NamedBlob[];
  readonly rules: UnpackingRules;
  /** What the layers below have, for directories that a tar only implies. */
  readonly below: Below;
  /** Where it was unpacked to; absent where it was not. */
  readonly onDisk: LayerOnDisk | undefined;
}

/** Of a regular file in a tar, by the index of its entry among all that were unpacked: the hash of its contents, and whether it says all of them. */
interface TarContents {
  readonly path: string;
  readonly size: number;
  readonly isSparse: boolean;
  readonly hash: string;
}

interface ReadBlob {
  readonly digest: string;
  readonly diffId: string;
  readonly bytes: number;
  readonly entries: number;
  /** What is wrong with the compressed stream or the tar in it. */
  readonly damage: string | undefined;
}

/** What is told of a file whose contents are not those of the tar. */
const CONTENTS: readonly FindingClass[] = ['content', 'missing', 'type', 'link'];
const READ_SIZE = 256 << 10;
const MAGIC_BYTES = 4;

/** Goes on past everything it finds. Throws Trouble where the blob cannot be opened, Errno where it cannot be read. */
export async function verifyBlobLayer(
  evidence: BlobEvidence,
  report: Report,
  progress: Progress,
): Promise<LayerVerdict> {
  let hasOtherContents = false;
  const counts: Record<Severity, number> = { tampered: 0, unverifiable: 0, known: 0, note: 0 };
  const count: Report = (finding) => {
    counts[finding.severity] += 1;
    if (finding.severity === 'tampered' && CONTENTS.includes(finding.class)) hasOtherContents = true;
    report(finding);
  };
  const unpacked = new UnpackedTar(evidence.rules, evidence.below);
  const contents = new Map<number, TarContents>();
  const areCopiesProven = await readCopies(evidence, { unpacked, contents }, progress);
  const blob = await readBlob(evidence, { unpacked, contents }, progress);
  for (const finding of judgeBlob(evidence, blob)) count(finding);
  const isProven = counts.tampered + counts.unverifiable === 0;
  let kept: readonly Losable[] = [];
  // Of a blob the hash speaks for the tar, not yet for the files.
  const hasHash = blob.damage === undefined && evidence.diffId !== undefined;
  let sha256: LayerVerdict['sha256'] = !hasHash ? 'not made' : isProven ? 'right' : 'wrong';
  if (isProven && !areCopiesProven) count(UNPROVEN_COPIES);
  else if (isProven && evidence.onDisk !== undefined) {
    const { onDisk, rules } = evidence;
    reportRefusals(unpacked, count, 'containerd');
    const comparison = new TreeComparison(onDisk, unpacked, rules, count);
    comparison.compare();
    kept = comparison.kept();
    checkFiles(contents, new LayerContents(unpacked, onDisk.files), count, progress);
    if (hasOtherContents) sha256 = 'wrong';
  }
  const { tampered, unverifiable } = counts;
  const verdict = tampered > 0 ? 'tampered' : unverifiable > 0 ? 'unverifiable' : 'verified';
  return { verdict, sha256, entries: blob.entries, bytes: blob.bytes, kept };
}

/** What tars are unpacked to, one on the other, and the contents of their files. */
interface Unpacked {
  readonly unpacked: UnpackedTar;
  readonly contents: Map<number, TarContents>;
}

const UNPROVEN_COPIES: Finding = {
  severity: 'unverifiable',
  class: 'blob',
  message:
    'its directory holds what the layers below hold as well, and not all of these are what their digests name: its files were not compared',
};

/** Whether all of them are what they are named. What is wrong with one is told where its own layer is verified. */
async function readCopies({ copied }: BlobEvidence, into: Unpacked, progress: Progress): Promise<boolean> {
  let areProven = true;
  for (const blob of copied) {
    const read = await readBlob(blob, into, progress);
    areProven &&= judgeBlob(blob, read).length === 0;
  }
  return areProven;
}

async function readBlob({ open }: NamedBlob, into: Unpacked, progress: Progress): Promise<ReadBlob> {
  const file = open();
  try {
    const blobHash = createHash('sha256');
    const tarHash = createHash('sha256');
    const read: ReadSome = (buffer) => {
      const length = file.readNext(buffer);
      if (length > 0) blobHash.update(buffer.subarray(0, length));
      return length;
    };
    const before = into.unpacked.entries;
    const tar = new TarInBlob(into);
    const compression = compressionOf(file.read(0, MAGIC_BYTES));
    let bytes = 0;
    let damage: string | undefined;
    try {
      for await (const chunk of decompressed(read, compression, 'a blob')) {
        tarHash.update(chunk);
        bytes += chunk.length;
        progress.bytes(chunk.length);
        tar.push(chunk);
      }
    } catch (error) {
      if (!(error instanceof BlobDamage)) throw error;
      damage = error.message;
    }
    // Whatever follows the stream, or was left because of damage, is part of what the digest names.
    const rest = Buffer.allocUnsafe(READ_SIZE);
    while (read(rest) > 0);
    tar.end();
    return {
      digest: `sha256:${blobHash.digest('hex')}`,
      diffId: `sha256:${tarHash.digest('hex')}`,
      bytes,
      entries: into.unpacked.entries - before,
      damage: damage ?? tar.damage,
    };
  } finally {
    file.close();
  }
}

/** A tar whose damage ends the reading of entries, and not that of bytes. */
class TarInBlob {
  readonly #into: Unpacked;
  damage: string | undefined;
  readonly #stream: TarStream;
  #entry: TarEntry | undefined;
  #hash: Hash | undefined;

  constructor(into: Unpacked) {
    this.#into = into;
    this.#stream = new TarStream({
      entry: (entry, { size }) => {
        this.#endEntry();
        into.unpacked.add(entry);
        if (size === 0 || entry.type === TAR_TYPE.hardLink) return;
        this.#entry = entry;
        this.#hash = createHash('sha256');
      },
      contents: (bytes) => this.#hash?.update(bytes),
    });
  }

  push(bytes: Uint8Array): void {
    this.#unlessDamaged(() => this.#stream.push(bytes));
  }

  end(): void {
    this.#unlessDamaged(() => this.#stream.end());
    this.#endEntry();
    this.#unlessDamaged(() => this.#into.unpacked.end());
  }

  #unlessDamaged(act: () => void): void {
    if (this.damage !== undefined) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof TarDamage)) throw error;
      this.damage = error.message;
    }
  }

  #endEntry(): void {
    const entry = this.#entry;
    if (entry === undefined || this.#hash === undefined) return;
    const { name, size, sparse } = entry;
    this.#into.contents.set(this.#into.unpacked.entries - 1, {
      path: name,
      size,
      isSparse: sparse,
      hash: this.#hash.digest('hex'),
    });
    this.#entry = undefined;
    this.#hash = undefined;
  }
}

function judgeBlob({ digest, diffId }: NamedBlob, blob: ReadBlob): Finding[] {
  const findings: Finding[] = [];
  const differ = (expected: string, found: string, message: string) => {
    if (expected !== found) findings.push({ severity: 'tampered', class: 'blob', expected, found, message });
  };
  if (digest !== undefined)
    differ(digest, blob.digest, 'the compressed layer is not the one that its digest names');
  // What is not whole has no hash to be compared.
  if (blob.damage === undefined && diffId !== undefined)
    differ(diffId, blob.diffId, 'the tar in the compressed layer is not the one that its diff ID names');
  else if (findings.length === 0) {
    const message = blob.damage === undefined ? withoutDiffId(digest) : `${UNREADABLE}: ${blob.damage}`;
    findings.push({ severity: 'unverifiable', class: 'blob', message });
  }
  return findings;
}

const UNREADABLE = 'the compressed layer cannot be read to its end';

/** Of a blob of which all that can be known is right. */
function withoutDiffId(digest: string | undefined): string {
  const blob =
    digest === undefined ? 'no digest names the layer' : `the layer is what its digest names, ${digest}`;
  return `${blob}; the diff ID of its tar cannot be known, as no config of its image can be used`;
}

const buffer = Buffer.allocUnsafeSlow(READ_SIZE);

/** Files that are missing, or whose size is wrong, are passed over: they are found by their headers. */
function checkFiles(
  recorded: ReadonlyMap<number, TarContents>,
  contents: LayerContents,
  report: Report,
  progress: Progress,
): void {
  for (const [index, { size, isSparse, hash }] of recorded) {
    const path = contents.path(index);
    // Contents that a later entry of the tar took away are no file's.
    if (path === undefined) continue;
    if (isSparse) {
      const message = 'the tar holds this file sparse: its contents were not compared';
      report({ severity: 'unverifiable', class: 'content', path, message });
      continue;
    }
    const own = createHash('sha256');
    const total = contents.withContents(index, (read) => {
      for (let sum = 0; ; ) {
        const count = read(buffer);
        if (count <= 0) return count < 0 ? count : sum;
        own.update(buffer.subarray(0, count));
        progress.bytes(count);
        sum += count;
      }
    });
    if (typeof total !== 'number' || total < 0) {
      const errno = typeof total === 'number' ? -total : total.kind === 'errno' ? total.errno : E.ENOENT;
      if (isAbsence(errno)) continue;
      const message = `cannot be read: ${errnoWords(errno)}`;
      report({ severity: 'unverifiable', class: 'content', path, message });
      continue;
    }
    const found = own.digest('hex');
    if (total !== size || found === hash) continue;
    report({
      severity: 'tampered',
      class: 'content',
      path,
      expected: `sha256:${hash}`,
      found: `sha256:${found}`,
    });
  }
}
