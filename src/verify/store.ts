// Verifies what a store claims: each layer against its record, the chain they form, the config they belong to, the names that
// lead to it. Knows no kind of store.

import { findRootsMark } from '../layers/dialect.ts';
import { LayerFiles } from '../layers/layer-files.ts';
import { objectsOfEntries } from '../layers/objects.ts';
import { OVERRIDE } from '../overlay/layer/translated.ts';
import type { Claim, Claims, LayerClaims, OwnLayer } from '../store/claims.ts';
import type { ChainId, DiffId } from '../store/digest.ts';
import type { Dialect, Layer } from '../store/layer-stack.ts';
import type { TarRecord } from '../store/record.ts';
import { withRecord } from '../store/record.ts';
import { directoryOf, sourceName } from '../store/source.ts';
import { asBytes, type ByteString, shownBytes } from '../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';
import { S_IFDIR, S_IFMT } from '../sys/statx.ts';
import type { DirectoryBelow } from '../unpack/implied.ts';
import {
  CONTAINERD_RULES,
  CONTAINERS_STORAGE_RULES,
  MOBY_RULES,
  type UnpackingRules,
} from '../unpack/rules.ts';
import { type NamedBlob, verifyBlobLayer } from './blob-layer.ts';
import type { Unpacking } from './entry.ts';
import type { Finding, Progress } from './finding.ts';
import { type LayerVerdict, verifyLayer } from './layer.ts';
import { reportUnrecorded } from './listing.ts';
import { OwnerMap, ROOT_OWNER } from './owners.ts';

/** One layer of an image, or what stands for it, base first from 1; of a container's own without IDs. */
export interface LayerPlace {
  readonly number: number;
  readonly diffId?: DiffId;
  readonly chainId?: ChainId;
  /** Of a container's own. */
  readonly role?: OwnLayer['role'];
}

/** What a verification is about: `id` is absent for layers that no image has, and for the store itself. */
export type Subject = Pick<Claims, 'label' | 'kind' | 'id'>;

/** Told of everything, in order. `layer` is absent for what concerns the subject as a whole. */
export interface VerifyLog extends Progress {
  begin(subject: Subject): void;
  finding(finding: Finding, layer: LayerPlace | undefined): void;
  /** After the findings on a layer. `first` is where it was verified before, as a layer of another image. */
  layer(layer: LayerPlace, verdict: LayerVerdict, first: FirstPlace | undefined): void;
  /** After the findings on a layer of a container's own. */
  own(layer: LayerPlace, verdict: Verdict): void;
  /** `proven` are names with digests whose own bytes lead to all that was verified. */
  end(verdict: Verdict, proven: readonly string[]): void;
}

export interface FirstPlace {
  readonly subject: Subject;
  readonly number: number;
}

export type Verdict = LayerVerdict['verdict'];

export interface VerifierOptions {
  /** How marks are written, where a person knows it better than the owners tell. */
  readonly dialect?: Dialect;
  /** Whether this process sees attributes named `trusted.*`. */
  readonly seesTrusted: boolean;
}

/** What every container has. */
const UPPER: OwnLayer = { role: 'upper', claims: [] };

const NOTHING: LayerVerdict = { verdict: 'unverifiable', entries: 0, bytes: 0, sha256: 'not made', kept: [] };

interface Known extends FirstPlace {
  readonly verdict: LayerVerdict;
}

export class StoreVerifier {
  readonly #log: VerifyLog;
  readonly #options: VerifierOptions;
  /** By chain ID and directory: the same layer may lie in a store more than once. */
  readonly #verdicts = new Map<string, Known>();
  /** One for all layers that were unpacked alike: what it learns of one holds for the others. */
  readonly #owners = new Map<string, OwnerMap>();
  /** By directory: whether a layer whose owners look rootless has marks of root's engine. */
  readonly #hasRootsMarks = new Map<ByteString, boolean>();
  #subject: Subject = { label: '', kind: 'store' };

  constructor(log: VerifyLog, options: VerifierOptions) {
    this.#log = log;
    this.#options = options;
  }

  async verify(claimed: Claims): Promise<Verdict> {
    const { label, kind, id, claims, chains, own, unrecorded = [], repoDigests = [] } = claimed;
    this.#subject = { label, kind, ...(id === undefined ? {} : { id }) };
    this.#log.begin(this.#subject);
    let verdict: Verdict = 'verified';
    const report = (finding: Finding) => {
      verdict = worse(verdict, severityVerdict(finding));
      this.#log.finding(finding, undefined);
    };
    for (const finding of claims.flatMap(judge)) report(finding);
    for (const directory of unrecorded) reportUnrecorded(directory, report);
    for (const chain of chains) verdict = worse(verdict, await this.#chain(chain));
    const count = chains.flat().length;
    const ownLayers = own ?? (kind === 'container' ? [UPPER] : []);
    for (const [index, layer] of ownLayers.entries())
      verdict = worse(verdict, this.#own(layer, count + index + 1));
    this.#log.end(verdict, verdict === 'verified' ? repoDigests : []);
    return verdict;
  }

  /** Nothing records what is in it, so that there is nothing it could be verified with. */
  #own({ role, claims }: OwnLayer, number: number): Verdict {
    const place = { number, role };
    let verdict: Verdict = 'unverifiable';
    for (const finding of claims.flatMap(judge)) {
      verdict = worse(verdict, severityVerdict(finding));
      this.#log.finding(finding, place);
    }
    this.#log.own(place, verdict);
    return verdict;
  }

  /** Base first. */
  async #chain(layers: readonly LayerClaims[]): Promise<Verdict> {
    let verdict: Verdict = 'verified';
    for (const index of layers.keys()) {
      const below = layers.slice(0, index);
      verdict = worse(verdict, await this.#layer(layers[index] as LayerClaims, below));
    }
    return verdict;
  }

  /** `below` are the layers below it, base first. */
  async #layer(
    { diffId, chainId, claims, layer, record }: LayerClaims,
    below: readonly LayerClaims[],
  ): Promise<Verdict> {
    const number = below.length + 1;
    const place = { number, diffId, chainId };
    const key = `${chainId} ${layer === undefined ? '' : sourceName(layer.source)}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) {
      this.#log.layer(place, known.verdict, known);
      return known.verdict.verdict;
    }
    const findings = claims.flatMap(judge);
    for (const finding of findings) this.#log.finding(finding, place);
    let verdict = NOTHING;
    if (record !== undefined && record.form !== 'tar-split') {
      verdict = await this.#blob(place, layer, record, below);
    } else if (layer !== undefined && record !== undefined) {
      verdict = await this.#contents(place, layer, record, below);
    }
    for (const finding of findings)
      verdict = { ...verdict, verdict: worse(verdict.verdict, severityVerdict(finding)) };
    this.#verdicts.set(key, { subject: this.#subject, number, verdict });
    this.#log.layer(place, verdict, undefined);
    return verdict.verdict;
  }

  /** Against the compressed tar; without a directory, since it was not unpacked, that alone. */
  async #blob(
    place: LayerPlace & Pick<LayerClaims, 'diffId'>,
    layer: Layer | undefined,
    record: TarRecord,
    below: readonly LayerClaims[],
  ): Promise<LayerVerdict> {
    const lower = directoriesOf(below).reverse();
    const opened = lower.map((directory) => new LayerFiles(directory, 'trusted'));
    // A whole tree is more than what one tar leaves.
    const isTree = layer?.holds === 'tree';
    const copied = isTree ? below.flatMap((each) => namedBlob(each) ?? []) : [];
    const isComparable = copied.length === (isTree ? below.length : 0);
    const [directory] = layer === undefined || !isComparable ? [] : directoriesOf([{ layer }]);
    const files = directory === undefined ? undefined : new LayerFiles(directory, 'trusted');
    const report = (finding: Finding) => this.#log.finding(finding, place);
    try {
      const verdict = await verifyBlobLayer(
        {
          diffId: place.diffId,
          digest: record.digest,
          open: record.open,
          copied,
          rules: isTree || below.length === 0 ? CONTAINERD_RULES.base : CONTAINERD_RULES.layer,
          below: (path) => directoryBelow(opened, path),
          onDisk: files && {
            files,
            unpacking: this.#unpacking(record, false),
            marks: {
              marks: isTree ? 'none' : 'kernel',
              dialect: 'trusted',
              hidesBelow: (path) => lower.some((directory) => hasPath(directory, path)),
            },
          },
        },
        report,
        this.#log,
      );
      if (isComparable || layer === undefined) return verdict;
      const message = `"${sourceName(layer.source)}" holds what the layers below hold as well, and not all of their compressed layers are here: its files were not compared`;
      report({ severity: 'unverifiable', class: 'blob', message });
      return { ...verdict, sha256: 'not made', verdict: worse(verdict.verdict, 'unverifiable') };
    } catch (error) {
      if (!(error instanceof Trouble || error instanceof Errno)) throw error;
      const message =
        error instanceof Trouble
          ? error.message
          : `Cannot read "${shownBytes(record.path)}": ${errnoWords(error.errno)}`;
      report({ severity: 'unverifiable', class: 'blob', message });
      return NOTHING;
    } finally {
      for (const each of files === undefined ? opened : [files, ...opened]) each.close();
    }
  }

  async #contents(
    place: LayerPlace & Pick<LayerClaims, 'diffId'>,
    layer: Layer,
    record: TarRecord,
    below: readonly LayerClaims[],
  ): Promise<LayerVerdict> {
    const { source, holds } = layer;
    const cannot = (message: string) => {
      this.#log.finding({ severity: 'unverifiable', class: 'tar-split', message }, place);
      return NOTHING;
    };
    const { dialect, isChanged } = this.#dialect(layer, below);
    const copied = holds === 'tree' ? below.flatMap((each) => each.record ?? []) : [];
    if (holds === 'tree' && copied.length < below.length) {
      return cannot(
        `"${shownBytes(sourceName(source))}" holds what the layers below hold as well, and not all of them have a record`,
      );
    }
    const prefix = dialect === 'user' ? 'user' : 'trusted';
    const files = new LayerFiles(directoryOf(source, 'verify'), prefix);
    try {
      const isForced = files.xattrs(asBytes('')).has(OVERRIDE);
      if (isForced) files.believeOverrides(record.rules.root);
      const unpacking = isForced ? FORCED_UNPACKING : this.#unpacking(record, isChanged);
      const { owners } = unpacking;
      if (isForced) this.#log.finding(FORCED, place);
      if (isChanged) this.#log.finding(CHANGED_OWNERS, place);
      if (owners.isShifted) this.#log.finding(shiftFinding(owners), place);
      return await verifyLayer(
        {
          diffId: place.diffId,
          rules: rulesOf(record, dialect, holds),
          isBlind: prefix === 'trusted' && holds !== 'tree' && !this.#options.seesTrusted,
          files,
          withTarSplit: (use) => withRecord(record, use),
          objects: source.kind === 'directory' ? await objectsOfEntries(source, record) : undefined,
          copied: copied.map((each) => (use) => withRecord(each, use)),
          unpacking,
          marks: {
            marks: holds === 'tree' ? 'none' : dialect === 'aufs' ? 'aufs' : 'kernel',
            dialect: prefix,
            hidesBelow: (path) => directoriesOf(below).some((directory) => hasPath(directory, path)),
          },
        },
        (finding) => this.#log.finding(finding, place),
        this.#log,
      );
    } catch (error) {
      if (error instanceof Trouble) return cannot(error.message);
      if (!(error instanceof Errno)) throw error;
      return cannot(`Cannot read "${shownBytes(record.path)}": ${errnoWords(error.errno)}`);
    } finally {
      files.close();
    }
  }

  /** `isChanged` where the owners tell of a rootless store, and the marks of root's own engine. */
  #dialect(
    { source, dialect = 'trusted' }: Layer,
    below: readonly LayerClaims[],
  ): { readonly dialect: Dialect; readonly isChanged: boolean } {
    const { dialect: asked, seesTrusted } = this.#options;
    if (asked !== undefined) return { dialect: asked, isChanged: dialect === 'user' && asked === 'trusted' };
    if (dialect !== 'user' || !seesTrusted) return { dialect, isChanged: false };
    const isChanged = [directoryOf(source, 'verify'), ...directoriesOf(below)].some((directory) => {
      const known = this.#hasRootsMarks.get(directory) ?? findRootsMark([directory]) !== undefined;
      this.#hasRootsMarks.set(directory, known);
      return known;
    });
    return { dialect: isChanged ? 'trusted' : dialect, isChanged };
  }

  #unpacking({ rules }: TarRecord, isChanged: boolean): Unpacking {
    const changed = isChanged ? { ...rules, ...AS_ROOT } : rules;
    const { root, isOneRange, withoutDevices, inPlace, losesXattrs = false } = changed;
    const key = `${root.uid}:${root.gid} ${isOneRange}`;
    const owners = this.#owners.get(key) ?? new OwnerMap(root, isOneRange);
    this.#owners.set(key, owners);
    return { owners, isForced: false, withoutDevices, inPlace, losesXattrs };
  }
}

/** What is kept in an attribute is as the containers' users see it. */
const FORCED: Finding = {
  severity: 'known',
  class: 'owner',
  message: `owners, modes and types are those that ${OVERRIDE} says (force_mask)`,
};

/** With `force_mask` devices can be told of, though they are files on disk. */
const FORCED_UNPACKING: Unpacking = {
  owners: new OwnerMap(ROOT_OWNER, true),
  isForced: true,
  withoutDevices: false,
  inPlace: false,
  losesXattrs: false,
};

/** By whose code a layer was unpacked, and with which marks. A build step leaves the kernel's, whatever names lie beside them. */
function rulesOf(
  { rules: { engine, inPlace } }: TarRecord,
  dialect: Dialect,
  holds: Layer['holds'],
): UnpackingRules {
  const rules = engine === 'containers-storage' ? CONTAINERS_STORAGE_RULES : MOBY_RULES;
  if (holds === 'tree') return rules.none;
  return rules[dialect === 'none' || (dialect === 'aufs' && inPlace) ? 'trusted' : dialect];
}

/** How root's own engine unpacks. */
const AS_ROOT = { root: ROOT_OWNER, isOneRange: true, withoutDevices: false } as const;

const CHANGED_OWNERS: Finding = {
  severity: 'known',
  class: 'owner',
  message:
    "owners look like a rootless store's, marks (trusted.overlay.*) are those of root's own engine: owners of a copy were changed",
};

/** Undefined for a layer whose compressed tar is not here. */
function namedBlob({ diffId, record }: LayerClaims): NamedBlob | undefined {
  if (record === undefined || record.form === 'tar-split') return undefined;
  return { diffId, digest: record.digest, open: record.open };
}

/** What a claim comes to: nothing where it holds. */
function judge(claim: Claim): Finding[] {
  if ('unreadable' in claim) {
    return [{ severity: 'unverifiable', class: claim.about, message: claim.unreadable }];
  }
  const { about, expected, found, message } = claim;
  return expected === found ? [] : [{ severity: 'tampered', class: about, expected, found, message }];
}

function shiftFinding(owners: OwnerMap): Finding {
  const message = 'owners are those of a user namespace (userns-remap or rootless): root is another there';
  return { severity: 'known', class: 'owner', expected: '0:0', found: owners.describe(ROOT_OWNER), message };
}

/** What the highest layer that has something at a path has there, where that is a directory. */
function directoryBelow(layers: readonly LayerFiles[], path: ByteString): DirectoryBelow | undefined {
  for (const files of layers) {
    const status = files.status(path);
    if (status === undefined) continue;
    if ((status.mode & S_IFMT) !== S_IFDIR) return undefined;
    return { mode: status.mode & 0o7777, uid: status.uid, gid: status.gid, xattrs: files.xattrs(path) };
  }
  return undefined;
}

/** Of the layers that lie in one. */
function directoriesOf(layers: readonly Pick<LayerClaims, 'layer'>[]): ByteString[] {
  return layers.flatMap(({ layer }) => (layer?.source.kind === 'directory' ? [layer.source.path] : []));
}

function hasPath(layer: ByteString, path: ByteString): boolean {
  const files = new LayerFiles(layer, 'trusted');
  try {
    return files.status(path) !== undefined;
  } finally {
    files.close();
  }
}

export function severityVerdict({ severity }: Finding): Verdict {
  return severity === 'tampered' || severity === 'unverifiable' ? severity : 'verified';
}

const ORDER: readonly Verdict[] = ['verified', 'unverifiable', 'tampered'];

export function worse(a: Verdict, b: Verdict): Verdict {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}
