// All of a layer's directory against what unpacking its tar leaves there, both ways: what is missing, what is another thing
// than it was, what was put beside it. Findings come in the order of the paths.
import type { FileStatus, LayerFiles } from '../layers/layer-files.ts';
import type { RecordedObject } from '../overlay/recorded/recorded-data.ts';
import { RECORDED_ROOT } from '../overlay/recorded/recorded-layer.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT } from '../sys/statx.ts';
import { joinPath } from '../tar/path.ts';
import { IMPLIED } from '../unpack/model-files.ts';
import type { UnpackingRules } from '../unpack/rules.ts';
import type { UnpackedTar } from '../unpack/unpack.ts';
import { compareObject, isDeviceMode, missing, type Unpacking } from './entry.ts';
import {
  ANOTHER_FILE,
  type Finding,
  type Losable,
  lossOf,
  OPAQUE_DIRECTORY,
  type Report,
  type Severity,
} from './finding.ts';
import { examining, namesOnDisk, reportExtra } from './listing.ts';
import { compareOpaque, compareWhiteout, isRecordedWhiteout, type MarkRules } from './marks.ts';
import { typeWords } from './words.ts';
import { compareXattrs } from './xattrs.ts';

const SETGID = 0o2000;
/** What fuse-overlayfs writes into a directory that it makes opaque. */
const OPAQUE_NAMES: readonly string[] = ['.wh..wh..opq', '.wh..opq'];

/** A layer's files, and how they came there. */
export interface LayerOnDisk {
  readonly files: LayerFiles;
  readonly unpacking: Unpacking;
  readonly marks: MarkRules;
}

/** A directory whose names are being compared, the next one last. */
interface Level {
  readonly path: ByteString;
  readonly directory: number;
  readonly names: string[];
  /** What the disk has there. */
  readonly onDisk: ReadonlySet<string>;
}

export class TreeComparison {
  readonly #onDisk: LayerOnDisk;
  readonly #files: LayerFiles;
  readonly #unpacked: UnpackedTar;
  readonly #rules: UnpackingRules;
  readonly #report: Report;
  /** Objects of several names → where the first was found, and its inode. */
  readonly #linked = new Map<number, { readonly path: ByteString; readonly inode: string }>();
  /** Inodes of several names on disk → the object that was found there. */
  readonly #inodes = new Map<string, { readonly path: ByteString; readonly number: number }>();
  readonly #kept = new Set<Losable>();
  /** Bits of modes that files have lost, and those that some still have. */
  #lostBits = 0;
  #keptBits = 0;
  /** Directories that a name in them makes opaque. */
  readonly #opaqueByName = new Set<ByteString>();

  constructor(onDisk: LayerOnDisk, unpacked: UnpackedTar, rules: UnpackingRules, report: Report) {
    this.#onDisk = onDisk;
    this.#files = onDisk.files;
    this.#unpacked = unpacked;
    this.#rules = rules;
    this.#report = report;
  }

  compare(): void {
    const root = asBytes('');
    let enters = true;
    examining(root, 'missing', this.#report, () => {
      enters = this.#compareOne(root, RECORDED_ROOT, this.#files.status(root), RECORDED_ROOT);
    });
    const levels = enters ? [this.#level(root, RECORDED_ROOT)] : [];
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const name = level.names.pop();
      if (name === undefined) levels.pop();
      else {
        const below = this.#compareName(level, name);
        if (below !== undefined) levels.push(below);
      }
    }
  }

  /** Owners that are not root's, attributes and marks that came through, bits of modes that others have lost. */
  kept(): Losable[] {
    const modes = (this.#lostBits & this.#keptBits) === 0 ? [] : (['mode'] as const);
    return [...this.#kept, ...modes];
  }

  #level(path: ByteString, directory: number): Level {
    const onDisk = new Set(namesOnDisk(this.#files, path, this.#report));
    const names = new Set<string>(onDisk);
    for (const [name] of this.#unpacked.layer.names(directory)) names.add(name);
    return { path, directory, onDisk, names: [...names].sort().reverse() };
  }

  /** Answers the names of the directory that is to be compared next. */
  #compareName({ path: above, directory, onDisk }: Level, name: string): Level | undefined {
    const path = joinPath(above, asBytes(name));
    if (this.#unpacked.isUnknown(directory, name)) return undefined;
    const number = this.#unpacked.layer.find(directory, name);
    if (number === 0 && this.#isMarkBeside(name)) {
      examining(path, 'whiteout', this.#report, () => this.#compareMarkBeside(above, directory));
      return undefined;
    }
    if (number === 0) {
      reportExtra(this.#files, path, this.#onDisk.unpacking, this.#report);
      return undefined;
    }
    let enters = this.#unpacked.layer.isDirectory(number);
    examining(path, 'missing', this.#report, () => {
      const status = onDisk.has(name) ? this.#files.status(path) : undefined;
      enters = this.#compareOne(path, number, status, directory);
    });
    return enters ? this.#level(path, number) : undefined;
  }

  /** A driver that reads names as marks leaves both, where a build step wrote the layer: the name says what the attribute says. */
  #isMarkBeside(name: string): boolean {
    const { marks, unpacking } = this.#onDisk;
    return marks.marks === 'aufs' && unpacking.inPlace && OPAQUE_NAMES.includes(name);
  }

  /** The mark is told of once. Throws Errno. */
  #compareMarkBeside(path: ByteString, directory: number): void {
    const { opaque } = this.#rules;
    const recorded = this.#unpacked.layer.object(directory).xattrs.get(opaque);
    const isTold = this.#opaqueByName.has(path) || this.#files.xattrs(path).get(opaque) === 'y';
    this.#opaqueByName.add(path);
    const mark = isTold ? undefined : compareOpaque(path, recorded, asBytes('y'), this.#onDisk.marks);
    if (mark !== undefined) this.#report(mark);
  }

  /** Answers whether what is below it is to be compared. Throws Errno. */
  #compareOne(path: ByteString, number: number, status: FileStatus | undefined, above: number): boolean {
    const { layer } = this.#unpacked;
    const object = layer.object(number);
    const isDirectory = layer.isDirectory(number);
    if (isRecordedWhiteout(object)) this.#compareWhiteout(path, status);
    else if (status === undefined) {
      this.#report(missing(path, object, this.#onDisk.unpacking));
      this.#reportLostMark(path, object, 'nothing');
    } else if ((status.mode & S_IFMT) !== (object.mode & S_IFMT)) {
      const [expected, found] = [typeWords(object.mode), typeWords(status.mode)];
      this.#report({ severity: 'tampered', class: 'type', path, expected, found });
      this.#reportLostMark(path, object, 'not opaque');
    } else if (isDirectory || this.#isItsFile(path, object, status)) {
      this.#compareSame(path, object, status, above);
    }
    return isDirectory;
  }

  #compareWhiteout(path: ByteString, status: FileStatus | undefined): void {
    const finding = compareWhiteout(path, status, this.#onDisk.marks);
    if (finding === undefined) this.#kept.add('whiteout');
    else this.#report(finding);
  }

  #reportLostMark(path: ByteString, { xattrs }: RecordedObject, found: string): void {
    if (xattrs.get(this.#rules.opaque) !== 'y') return;
    this.#report({ severity: 'tampered', class: 'whiteout', path, expected: OPAQUE_DIRECTORY, found });
  }

  /** Whether the inode is to be compared: the file's own, and not one that another of its names has led to already. */
  #isItsFile(path: ByteString, { number, links }: RecordedObject, status: FileStatus): boolean {
    const differ = (expected: string, found: string) =>
      this.#report({ severity: 'tampered', class: 'link', path, expected, found });
    const first = links > 1 ? this.#linked.get(number) : undefined;
    if (first !== undefined) {
      if (first.inode === status.inode) this.#kept.add('hardlink');
      else differ(`the same file as ${first.path}`, ANOTHER_FILE);
      return false;
    }
    if (links > 1) this.#linked.set(number, { path, inode: status.inode });
    if (status.nlink === 1) return true;
    const other = this.#inodes.get(status.inode);
    if (other === undefined) this.#inodes.set(status.inode, { path, number });
    else differ('a file of its own', `the same file as ${other.path}`);
    return true;
  }

  #compareSame(path: ByteString, object: RecordedObject, status: FileStatus, above: number): void {
    const { unpacking, marks } = this.#onDisk;
    const files = this.#files;
    const onDisk = files.xattrs(path);
    const findings = compareObject(object, path, status, files, unpacking);
    const { opaque } = this.#rules;
    const isDirectory = (object.mode & S_IFMT) === S_IFDIR;
    const mark = isDirectory
      ? compareOpaque(path, object.xattrs.get(opaque), onDisk.get(opaque), marks)
      : undefined;
    if (mark !== undefined) findings.push(mark);
    else if (isDirectory && object.xattrs.get(opaque) === 'y') this.#kept.add('opaque');
    if (onDisk.size > 0 || object.xattrs.size > 0) {
      const differences = compareXattrs(path, object.xattrs, onDisk, {
        shifted: unpacking.owners.isShifted || unpacking.isForced,
        inPlace: unpacking.inPlace,
        copied: unpacking.losesXattrs && !this.#unpacked.isOfLast(object.number),
        passed: mark === undefined ? [] : [opaque],
        empty: this.#unpacked.emptyXattrs(object.number),
      });
      for (const difference of differences) findings.push(difference);
    }
    this.#noteKept(object, findings);
    if ((object.mode & S_IFMT) !== S_IFLNK) {
      this.#lostBits |= object.mode & ~status.mode & 0o7777;
      this.#keptBits |= object.mode & status.mode & 0o7777;
    }
    for (const finding of findings) this.#report(this.#weighed(finding, object, status, above));
  }

  /** What cannot be told of a directory that no entry tells of is no proof of anything. */
  #weighed(finding: Finding, { number }: RecordedObject, status: FileStatus, above: number): Finding {
    const { layer, rootEntry } = this.#unpacked;
    const asIs = (severity: Severity): Finding =>
      finding.severity === 'tampered' ? { ...finding, severity } : finding;
    const isOfMode = finding.class === 'mode' || finding.class === 'owner';
    if (number === RECORDED_ROOT) {
      const isOtherRoot = this.#rules.rootModes.includes(status.mode & 0o7777);
      if (finding.class === 'mode' && rootEntry === undefined && isOtherRoot) return asIs('known');
      // The root of a layer that a build step wrote is as the step left it, and in no tar.
      if (this.#onDisk.unpacking.inPlace && (isOfMode || finding.class === 'xattr')) return asIs('note');
      // Some versions apply a tar's entry for its root, others pass over it.
      const { owners } = this.#onDisk.unpacking;
      const isApplied =
        rootEntry !== undefined &&
        owners.fits(rootEntry, status) &&
        rootEntry.mode === (status.mode & 0o7777);
      return isOfMode && isApplied ? asIs('known') : finding;
    }
    if (!layer.hasFlag(number, IMPLIED)) return finding;
    // Newer versions of containerd unpack layers beside each other, so that there is nothing to copy yet.
    const isPlain =
      status.uid === 0 && status.gid === 0 && (status.mode & 0o7777) === this.#rules.impliedMode;
    if (this.#rules.copiesImplied && isPlain && (isOfMode || finding.class === 'xattr')) return asIs('known');
    // Made through the overlay, in a user namespace, they are copies of the directory below.
    const isOfBelow = this.#onDisk.marks.dialect === 'user' && (isOfMode || finding.class === 'xattr');
    return isOfBelow || this.#isOfSetgid(finding, status, above) ? asIs('known') : finding;
  }

  /** Newer versions leave a directory that they make in a setgid one its group, and not the bit. */
  #isOfSetgid(finding: Finding, status: FileStatus, above: number): boolean {
    const { layer } = this.#unpacked;
    if ((layer.mode(above) & SETGID) === 0) return false;
    if (finding.class === 'mode') return (status.mode & 0o7777) === this.#rules.impliedMode;
    const gid = layer.get(above, 'gid');
    return finding.class === 'owner' && this.#onDisk.unpacking.owners.fits({ uid: 0, gid }, status);
  }

  #noteKept({ mode, uid, gid, xattrs }: RecordedObject, findings: readonly Finding[]): void {
    const lost = findings.map(lossOf);
    if ((uid !== 0 || gid !== 0) && !lost.includes('owner')) this.#kept.add('owner');
    if (isDeviceMode(mode) || (mode & S_IFMT) === S_IFIFO) this.#kept.add('special');
    if ((mode & S_IFMT) === S_IFLNK) this.#kept.add('symlink');
    const count = xattrs.size - (xattrs.has(this.#rules.opaque) ? 1 : 0);
    if (count > 0 && !lost.includes('xattr')) this.#kept.add('xattr');
  }
}
