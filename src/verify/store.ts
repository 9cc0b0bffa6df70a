// Verifies what a store claims: each layer against its record, the chain they form, the config they belong to, the names that
// lead to it. Knows no kind of store.

import { LayerFiles } from '../layers/layer-files.ts';
import { objectsOfEntries } from '../layers/objects.ts';
import { OVERRIDE } from '../overlay/layer/translated.ts';
import type { BlobClaims, Claims, LayerClaims, OwnLayer } from '../store/claims.ts';
import type { Layer } from '../store/layer-stack.ts';
import { type TarRecord, withRecord } from '../store/record.ts';
import { directoryOf, sourceName } from '../store/source.ts';
import { asBytes, shownBytes } from '../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';
import { TarDamage } from '../tar/entry.ts';
import { CONTAINERD_RULES } from '../unpack/rules.ts';
import { directoriesOf, directoryBelow, hasPath, namedBlob } from './below.ts';
import { verifyBlobLayer } from './blob-layer.ts';
import type { Finding } from './finding.ts';
import { type LayerVerdict, verifyLayer } from './layer.ts';
import { reportUnrecorded } from './listing.ts';
import {
  FORCED_UNPACKING,
  rulesOf,
  type UnpackingOptions,
  Unpackings,
  unpackingFindings,
} from './unpackings.ts';
import {
  type FirstPlace,
  judge,
  type LayerPlace,
  type Subject,
  severityVerdict,
  type Verdict,
  type VerifyLog,
  worse,
} from './verdict.ts';

/** What every container has. */
const UPPER: OwnLayer = { role: 'upper', claims: [] };

const NOTHING: LayerVerdict = { verdict: 'unverifiable', entries: 0, bytes: 0, sha256: 'not made', kept: [] };

interface Known extends FirstPlace {
  readonly verdict: LayerVerdict;
}

export class StoreVerifier {
  readonly #log: VerifyLog;
  readonly #seesTrusted: boolean;
  /** By chain ID and directory: the same layer may lie in a store more than once. */
  readonly #verdicts = new Map<string, Known>();
  readonly #unpackings: Unpackings;
  #subject: Subject = { label: '', kind: 'store' };

  constructor(log: VerifyLog, options: UnpackingOptions) {
    this.#log = log;
    this.#seesTrusted = options.seesTrusted;
    this.#unpackings = new Unpackings(options);
  }

  async verify(claimed: Claims): Promise<Verdict> {
    const { label, names, kind, id, platform, claims, chains, own } = claimed;
    const { blobs = [], unrecorded = [], repoDigests = [] } = claimed;
    this.#subject = {
      ...{ label, kind, ...(id === undefined ? {} : { id }) },
      ...(names === undefined ? {} : { names }),
      ...(platform === undefined ? {} : { platform }),
    };
    this.#log.begin(this.#subject);
    let verdict: Verdict = 'verified';
    const report = (finding: Finding) => {
      verdict = worse(verdict, severityVerdict(finding));
      this.#log.finding(finding, undefined);
    };
    for (const finding of claims.flatMap(judge)) report(finding);
    for (const directory of unrecorded) reportUnrecorded(directory, report);
    for (const chain of chains) verdict = worse(verdict, await this.#chain(chain));
    for (const [index, blob] of blobs.entries())
      verdict = worse(verdict, await this.#namedBlob(blob, index + 1));
    const count = chains.flat().filter(({ isToldElsewhere }) => !isToldElsewhere).length;
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
      const layer = layers[index] as LayerClaims;
      if (layer.isToldElsewhere) continue;
      verdict = worse(verdict, await this.#layer(layer, layers.slice(0, index)));
    }
    return verdict;
  }

  /** `below` are the layers below it, base first. */
  async #layer(
    { diffId, chainId, claims, place: where, platform, layer, record }: LayerClaims,
    below: readonly LayerClaims[],
  ): Promise<Verdict> {
    const number = below.length + 1;
    const of = platform === undefined ? {} : { platform };
    const place = { number, diffId, chainId, ...(where === undefined ? {} : { place: where }), ...of };
    const key = `${chainId} ${layer === undefined ? '' : sourceName(layer.source)}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) {
      this.#log.layer(place, known.verdict, known);
      return known.verdict.verdict;
    }
    const verdict = await this.#judged(claims, place, async () => {
      if (record !== undefined && record.form !== 'tar-split') {
        return this.#blob(place, layer, record, below);
      }
      return layer !== undefined && record !== undefined
        ? this.#contents(place, layer, record, below)
        : NOTHING;
    });
    this.#verdicts.set(key, { subject: this.#subject, number, verdict, ...of });
    this.#log.layer(place, verdict, undefined);
    return verdict.verdict;
  }

  async #namedBlob({ claims, record }: BlobClaims, number: number): Promise<Verdict> {
    const place = { number };
    const verdict = await this.#judged(claims, place, async () =>
      record === undefined ? NOTHING : this.#blob(place, undefined, record, []),
    );
    this.#log.layer(place, verdict, undefined);
    return verdict.verdict;
  }

  /** What the claims and the bytes come to together. */
  async #judged(
    claims: LayerClaims['claims'],
    place: LayerPlace,
    verify: () => Promise<LayerVerdict>,
  ): Promise<LayerVerdict> {
    const findings = claims.flatMap(judge);
    for (const finding of findings) this.#log.finding(finding, place);
    const own = await verify();
    const verdict = findings.map(severityVerdict).reduce(worse, own.verdict);
    return { ...own, verdict };
  }

  /** Against the compressed tar; without a directory, since it was not unpacked, that alone. */
  async #blob(
    place: LayerPlace,
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
            unpacking: this.#unpackings.of(record, false),
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
    const { dialect, isChanged } = this.#unpackings.dialect(layer, below);
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
      const unpacking = isForced ? FORCED_UNPACKING : this.#unpackings.of(record, isChanged);
      for (const finding of unpackingFindings(unpacking, isChanged)) this.#log.finding(finding, place);
      return await verifyLayer(
        {
          diffId: place.diffId,
          rules: rulesOf(record, dialect, holds),
          isBlind: prefix === 'trusted' && holds !== 'tree' && !this.#seesTrusted,
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
      if (error instanceof Trouble || error instanceof TarDamage) return cannot(error.message);
      if (!(error instanceof Errno)) throw error;
      return cannot(`Cannot read "${shownBytes(record.path)}": ${errnoWords(error.errno)}`);
    } finally {
      files.close();
    }
  }
}
