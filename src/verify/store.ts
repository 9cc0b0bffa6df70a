// Verifies what a store claims: each layer against its record, the chain they form, the config they belong to, the names that
// lead to it. Knows no kind of store.

import { LayerFiles } from '../layers/layer-files.ts';
import type { ChainId, DiffId } from '../store/digest.ts';
import { withRecord } from '../store/record.ts';
import type { Claim, Claims, Dialect, Layer, LayerClaims, TarRecord } from '../store/store.ts';
import type { ByteString } from '../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';
import { CONTAINERS_STORAGE_RULES, MOBY_RULES, type UnpackingRules } from '../unpack/rules.ts';
import type { Unpacking } from './entry.ts';
import type { Finding, Progress } from './finding.ts';
import { type LayerVerdict, verifyLayer } from './layer.ts';
import { OwnerMap, ROOT } from './owners.ts';

/** One layer of an image, or what stands for it, base first from 1. */
export interface LayerPlace {
  readonly number: number;
  readonly diffId: DiffId;
  readonly chainId: ChainId;
}

/** What a verification is about: `id` is absent for layers that no image has, and for the store itself. */
export type Subject = Pick<Claims, 'label' | 'kind' | 'id'>;

/** Told of everything, in order. `layer` is absent for what concerns the subject as a whole. */
export interface VerifyLog extends Progress {
  begin(subject: Subject): void;
  finding(finding: Finding, layer: LayerPlace | undefined): void;
  /** After the findings on a layer. `again` where it was verified before, as a layer of another image. */
  layer(layer: LayerPlace, verdict: LayerVerdict, again: boolean): void;
  end(verdict: Verdict): void;
}

export type Verdict = LayerVerdict['verdict'];

const NOTHING: LayerVerdict = { verdict: 'unverifiable', entries: 0, bytes: 0, kept: [] };

export class StoreVerifier {
  readonly #log: VerifyLog;
  /** By chain ID and directory: the same layer may lie in a store more than once. */
  readonly #verdicts = new Map<string, LayerVerdict>();
  /** One for all layers that were unpacked alike: what it learns of one holds for the others. */
  readonly #owners = new Map<string, OwnerMap>();

  constructor(log: VerifyLog) {
    this.#log = log;
  }

  async verify({ label, kind, id, claims, chains }: Claims): Promise<Verdict> {
    this.#log.begin({ label, kind, ...(id === undefined ? {} : { id }) });
    let verdict: Verdict = 'verified';
    const report = (finding: Finding) => {
      verdict = worse(verdict, severityVerdict(finding));
      this.#log.finding(finding, undefined);
    };
    if (kind === 'container') {
      const message = "a container's own layers have no record: nothing can be said of them";
      report({ severity: 'known', class: 'tar-split', message });
    }
    for (const finding of claims.flatMap(judge)) report(finding);
    for (const chain of chains) verdict = worse(verdict, await this.#chain(chain));
    this.#log.end(verdict);
    return verdict;
  }

  /** Base first. */
  async #chain(layers: readonly LayerClaims[]): Promise<Verdict> {
    let verdict: Verdict = 'verified';
    const below: ByteString[] = [];
    for (const [index, layer] of layers.entries()) {
      verdict = worse(verdict, await this.#layer(layer, index + 1, below));
      if (layer.layer !== undefined) below.push(layer.layer.source.path);
    }
    return verdict;
  }

  /** `below` are the directories of the layers below it. */
  async #layer(
    { diffId, chainId, claims, layer, record }: LayerClaims,
    number: number,
    below: readonly ByteString[],
  ): Promise<Verdict> {
    const place = { number, diffId, chainId };
    const key = `${chainId} ${layer?.source.path ?? ''}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) {
      this.#log.layer(place, known, true);
      return known.verdict;
    }
    const findings = claims.flatMap(judge);
    for (const finding of findings) this.#log.finding(finding, place);
    let verdict = NOTHING;
    if (layer !== undefined && record !== undefined)
      verdict = await this.#contents(place, layer, record, below);
    for (const finding of findings)
      verdict = { ...verdict, verdict: worse(verdict.verdict, severityVerdict(finding)) };
    this.#verdicts.set(key, verdict);
    this.#log.layer(place, verdict, false);
    return verdict.verdict;
  }

  async #contents(
    place: LayerPlace,
    { source, dialect = 'trusted' }: Layer,
    record: TarRecord,
    below: readonly ByteString[],
  ): Promise<LayerVerdict> {
    const cannot = (message: string) => {
      this.#log.finding({ severity: 'unverifiable', class: 'tar-split', message }, place);
      return NOTHING;
    };
    if (record.form !== 'tar-split') {
      return cannot(`Cannot use "${record.path}": a record of the form ${record.form} cannot be read`);
    }
    const prefix = dialect === 'user' ? 'user' : 'trusted';
    const files = new LayerFiles(source.path, prefix);
    const unpacking = this.#unpacking(record);
    const { owners } = unpacking;
    if (owners.isShifted) this.#log.finding(shiftFinding(owners), place);
    try {
      return await verifyLayer(
        {
          diffId: place.diffId,
          rules: rulesOf(record, dialect),
          files,
          withTarSplit: (use) => withRecord(record, use),
          unpacking,
          marks: {
            marks: dialect === 'aufs' ? 'aufs' : 'kernel',
            dialect: prefix,
            hidesBelow: (path) => below.some((lower) => hasPath(lower, path)),
          },
        },
        (finding) => this.#log.finding(finding, place),
        this.#log,
      );
    } catch (error) {
      if (error instanceof Trouble) return cannot(error.message);
      if (!(error instanceof Errno)) throw error;
      return cannot(`Cannot read "${record.path}": ${errnoWords(error.errno)}`);
    } finally {
      files.close();
    }
  }

  #unpacking({ rules: { root, isOneRange, withoutDevices, inPlace } }: TarRecord): Unpacking {
    const key = `${root.uid}:${root.gid} ${isOneRange}`;
    const owners = this.#owners.get(key) ?? new OwnerMap(root, isOneRange);
    this.#owners.set(key, owners);
    return { owners, withoutDevices, inPlace };
  }
}

/** By whose code a layer was unpacked, and with which marks. */
function rulesOf({ rules: { engine } }: TarRecord, dialect: Dialect): UnpackingRules {
  const rules = engine === 'containers-storage' ? CONTAINERS_STORAGE_RULES : MOBY_RULES;
  return rules[dialect === 'none' ? 'trusted' : dialect];
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
  return { severity: 'known', class: 'owner', expected: '0:0', found: owners.describe(ROOT), message };
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
