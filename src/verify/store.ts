// Verifies images of Docker's store: each layer, the chain they form, the config they belong to, the names that lead to it.

import { LayerFiles, withFileBelow } from '../layers/layer-files.ts';
import {
  type ChainId,
  chainIdOn,
  type DiffId,
  type ImageId,
  isBuiltInPlace,
  parseDiffId,
  sha256,
} from '../store/digest.ts';
import type { DockerRoot } from '../store/docker/driver.ts';
import { imagePath } from '../store/docker/images.ts';
import { layerPath, readLayerRecord } from '../store/docker/layerdb.ts';
import { IMAGE } from '../store/docker/shapes.ts';
import { parseJson, requiredObject, stringsOf } from '../store/json.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { E, Errno, errnoWords, Trouble } from '../sys/errors.ts';
import type { Unpacking } from './entry.ts';
import type { Finding, Progress } from './finding.ts';
import { type LayerVerdict, verifyLayer } from './layer.ts';
import { type OwnerMap, ROOT } from './owners.ts';
import { unpackingOf } from './unpacking.ts';

/** One layer of an image, or what stands for it, base first from 1. */
export interface LayerPlace {
  readonly number: number;
  readonly diffId: DiffId;
  readonly chainId: ChainId;
}

/** Told of everything, in order. `layer` is absent for what concerns the image as a whole. */
export interface VerifyLog extends Progress {
  finding(finding: Finding, layer: LayerPlace | undefined): void;
  /** After the findings on a layer. `again` where it was verified before, as a layer of another image. */
  layer(layer: LayerPlace, verdict: LayerVerdict, again: boolean): void;
}

/** Where a layer's files are, and whether a build step wrote them there. */
interface Found {
  readonly directory: ByteString;
  readonly inPlace: boolean;
}

export type Verdict = LayerVerdict['verdict'];

const NOTHING: LayerVerdict = { verdict: 'unverifiable', entries: 0, bytes: 0, kept: [] };

export class StoreVerifier {
  readonly #root: DockerRoot;
  readonly #log: VerifyLog;
  readonly #unpacking: Omit<Unpacking, 'inPlace'>;
  readonly #verdicts = new Map<ChainId, LayerVerdict>();

  constructor(root: DockerRoot, log: VerifyLog) {
    this.#root = root;
    this.#log = log;
    this.#unpacking = unpackingOf(root);
  }

  /** The image's config and all of its layers. */
  async image(id: ImageId): Promise<Verdict> {
    let verdict: Verdict = 'verified';
    const report = (finding: Finding) => {
      verdict = worse(verdict, severityVerdict(finding));
      this.#log.finding(finding, undefined);
    };
    const diffIds = this.#config(id, report);
    return worse(verdict, await this.chain(diffIds));
  }

  /** Layers, base first. */
  async chain(diffIds: readonly DiffId[]): Promise<Verdict> {
    let verdict: Verdict = 'verified';
    const below: ByteString[] = [];
    let parent: ChainId | undefined;
    for (const [index, diffId] of diffIds.entries()) {
      const chainId = chainIdOn(parent, diffId);
      const place = { number: index + 1, diffId, chainId };
      verdict = worse(verdict, await this.#layer(place, parent, below));
      parent = chainId;
    }
    return verdict;
  }

  /** Whether a layer was verified as part of a chain. */
  hasSeen(chainId: ChainId): boolean {
    return this.#verdicts.has(chainId);
  }

  /** The layers of an image as its config names them, base first; none where it cannot be read. */
  #config(id: ImageId, report: (finding: Finding) => void): DiffId[] {
    const { files } = this.#root;
    const path = imagePath(this.#root, id);
    const file = files.pathOf(path);
    try {
      const bytes = files.read(path);
      const found = `sha256:${sha256(bytes)}`;
      if (found !== id) {
        const message = 'the config is not the one that the image ID was made from';
        report({ severity: 'tampered', class: 'config', expected: id, found, message });
      }
      const config = parseJson(bytes, file, IMAGE);
      if (config.ambiguity !== undefined)
        report({ severity: 'unverifiable', class: 'ambiguous', message: config.ambiguity });
      const rootfs = requiredObject(config, 'rootfs');
      return stringsOf(rootfs, 'diff_ids').map((text, index) =>
        parseDiffId(text, { file, part: `rootfs.diff_ids[${index}]` }),
      );
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      report({ severity: 'unverifiable', class: 'config', message: error.message });
      return [];
    }
  }

  /** `below` are the directories of the layers below it, to which its own is added. */
  async #layer(place: LayerPlace, parent: ChainId | undefined, below: ByteString[]): Promise<Verdict> {
    const findings: Finding[] = [];
    const found = this.#place(place, parent, (finding) => findings.push(finding));
    const known = this.#verdicts.get(place.chainId);
    if (known !== undefined) {
      if (found !== undefined) below.push(found.directory);
      this.#log.layer(place, known, true);
      return known.verdict;
    }
    for (const finding of findings) this.#log.finding(finding, place);
    let verdict = NOTHING;
    if (found !== undefined) {
      verdict = await this.#contents(place, found, below);
      below.push(found.directory);
    }
    for (const finding of findings)
      verdict = { ...verdict, verdict: worse(verdict.verdict, severityVerdict(finding)) };
    this.#verdicts.set(place.chainId, verdict);
    this.#log.layer(place, verdict, false);
    return verdict.verdict;
  }

  /** The layer's directory, by its entry in layerdb; undefined where there is none. */
  #place(
    { chainId, diffId }: LayerPlace,
    parent: ChainId | undefined,
    report: (finding: Finding) => void,
  ): Found | undefined {
    const root = this.#root;
    const differ = (name: string, expected: string | undefined, found: string | undefined) => {
      if (expected === found) return;
      const message = `"${root.files.pathOf(`${layerPath(root, chainId)}/${name}`)}" does not fit the chain`;
      report({
        severity: 'tampered',
        class: 'chain',
        expected: expected ?? 'none',
        found: found ?? 'none',
        message,
      });
    };
    try {
      const record = readLayerRecord(root, chainId);
      differ('diff', diffId, record.diffId);
      differ('parent', parent, record.parent);
      const directory = root.files.requireDirectory(root.driver.layerDirectory(record.cacheId));
      return { directory, inPlace: isBuiltInPlace(record.cacheId) };
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      report({ severity: 'unverifiable', class: 'chain', message: error.message });
      return undefined;
    }
  }

  async #contents(
    place: LayerPlace,
    { directory, inPlace }: Found,
    below: readonly ByteString[],
  ): Promise<LayerVerdict> {
    const root = this.#root;
    const record = asBytes(`${layerPath(root, place.chainId)}/tar-split.json.gz`);
    const dialect = root.dialect === 'user' ? 'user' : 'trusted';
    const files = new LayerFiles(directory, dialect);
    const { owners } = this.#unpacking;
    if (owners.isShifted) this.#log.finding(shiftFinding(owners), place);
    try {
      return await verifyLayer(
        {
          diffId: place.diffId,
          files,
          withTarSplit: (use) => withFileBelow(root.files.directory, record, use),
          unpacking: { ...this.#unpacking, inPlace },
          marks: {
            marks: root.dialect === 'aufs' ? 'aufs' : 'kernel',
            dialect,
            hidesBelow: (path) => below.some((lower) => hasPath(lower, path)),
          },
        },
        (finding) => this.#log.finding(finding, place),
        this.#log,
      );
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      const state = error.errno === E.EINVAL ? 'not a regular file' : errnoWords(error.errno);
      const message = `Cannot read "${root.files.pathOf(record)}": ${state}`;
      this.#log.finding({ severity: 'unverifiable', class: 'tar-split', message }, place);
      return NOTHING;
    } finally {
      files.close();
    }
  }
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
