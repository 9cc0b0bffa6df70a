// What Docker's store says of layers that can be checked: the files of layerdb name a layer and its parent, and what the
// driver keeps beside a layer's directory leads the daemon to the same ones below it.

import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claim, Claims, LayerClaims } from '../claims.ts';
import { type ChainId, chainIdOn, chainIds, type DiffId, isBuiltInPlace } from '../digest.ts';
import { followParents } from '../parents.ts';
import type { UnpackRules } from '../record.ts';
import { type DockerRoot, layerDirectory } from './driver.ts';
import { type LayerRecord, layerPath, readLayerRecord } from './layerdb.ts';
import { tarRecord } from './record.ts';
import {
  hasShortLinks,
  linkDifference,
  lowerDifference,
  readShortLinks,
  type ShortLinks,
  type StackDifference,
} from './stacking.ts';
import { unpackRules } from './unpacking.ts';

/** What is the same for all layers, looked for once. */
export interface CommonFacts {
  readonly rules: Omit<UnpackRules, 'inPlace'>;
  /** Undefined where the driver has none. */
  readonly links: ShortLinks | Trouble | undefined;
}

export function commonFacts(root: DockerRoot): CommonFacts {
  return {
    rules: unpackRules(root),
    links: hasShortLinks(root) ? attempt(() => readShortLinks(root)) : undefined,
  };
}

/** Layers, base first, and the names of their directories, as far as they are known. */
export function layerClaims(
  root: DockerRoot,
  diffIds: readonly DiffId[],
  facts: CommonFacts,
): { readonly chain: readonly LayerClaims[]; readonly directories: readonly (string | undefined)[] } {
  const chain: LayerClaims[] = [];
  const directories: (string | undefined)[] = [];
  let parent: ChainId | undefined;
  for (const diffId of diffIds) {
    const chainId = chainIdOn(parent, diffId);
    const { claims, directory } = layerClaim(root, { chainId, diffId, parent }, directories, facts);
    chain.push(claims);
    directories.push(directory);
    parent = chainId;
  }
  return { chain, directories };
}

interface LayerPlace {
  readonly chainId: ChainId;
  readonly diffId: DiffId;
  readonly parent: ChainId | undefined;
}

/** `below`: the names of the directories below it, base first. */
function layerClaim(
  root: DockerRoot,
  { chainId, diffId, parent }: LayerPlace,
  below: readonly (string | undefined)[],
  facts: CommonFacts,
): { readonly claims: LayerClaims; readonly directory: string | undefined } {
  const { files, driver } = root;
  const claims: Claim[] = [];
  const fits = (name: string, expected: string | undefined, found: string | undefined) => {
    const message = `"${shownBytes(files.pathOf(`${layerPath(root, chainId)}/${name}`))}" does not fit the chain`;
    claims.push({ about: 'chain', expected: expected ?? 'none', found: found ?? 'none', message });
  };
  let directory: string | undefined;
  try {
    const entry = readLayerRecord(root, chainId);
    directory = entry.cacheId;
    fits('diff', diffId, entry.diffId);
    fits('parent', parent, entry.parent);
    for (const claim of stackClaims(root, facts, directory, below.toReversed())) claims.push(claim);
    const path = files.requireDirectory(layerDirectory(driver, entry.cacheId));
    const layer = {
      source: { kind: 'directory', path },
      role: 'image',
      diffId,
      chainId,
      dialect: root.dialect,
      ...(driver.holds === undefined ? {} : { holds: driver.holds }),
    } as const;
    const record = tarRecord(root, chainId, { ...facts.rules, inPlace: isBuiltInPlace(entry.cacheId) });
    return { claims: { diffId, chainId, claims, layer, record }, directory };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    claims.push({ about: 'chain', unreadable: error.message });
    return { claims: { diffId, chainId, claims }, directory };
  }
}

/** Whether a daemon would stack what is recorded; `below` top first. `isUpper` of a container's own. */
export function stackClaims(
  root: DockerRoot,
  { links }: CommonFacts,
  directory: string,
  below: readonly (string | undefined)[],
  isUpper = false,
): Claim[] {
  if (links === undefined) return [];
  if (links instanceof Trouble) return [{ about: 'stack', unreadable: links.message }];
  const differences = [
    // Nothing is ever made on top of what is written to.
    ...(isUpper ? [] : [linkDifference(root, links, directory)]),
    lowerDifference(root, links, directory, below),
  ];
  return differences.flatMap((difference) =>
    difference === undefined ? [] : [stackClaim(root, directory, difference)],
  );
}

function stackClaim({ files, driver }: DockerRoot, directory: string, difference: StackDifference): Claim {
  const path = files.pathOf(`${driver.home}/${directory}/${difference.file}`);
  const file = `"${shownBytes(path)}"`;
  const { state } = difference;
  if (difference.kind === 'broken') {
    return { about: 'stack', unreadable: `${file} leads a daemon nowhere: ${state}` };
  }
  const { which, expected, found } = difference;
  return {
    about: 'stack',
    expected,
    found,
    message: `${file} leads a daemon to another directory for ${which}`,
  };
}

/** Diff IDs, base first, as layerdb tells. Throws Trouble. */
export function diffIdsFrom(root: DockerRoot, top: ChainId): DiffId[] {
  const read = (chainId: ChainId) => readLayerRecord(root, chainId);
  const { records, cycleAt } = followParents<ChainId, LayerRecord>(top, read);
  if (cycleAt !== undefined)
    throw new Trouble('store', `Cannot use layer "${cycleAt}": its parents form a cycle`);
  return records.map(({ diffId }) => diffId).reverse();
}

/** The names of the directories of a layer and all below it, top first; undefined where one is not known. */
export function directoriesFrom(root: DockerRoot, top: ChainId): string[] | undefined {
  const chain = attempt(() =>
    followParents<ChainId, LayerRecord>(top, (chainId) => readLayerRecord(root, chainId)),
  );
  return chain instanceof Trouble ? undefined : chain.records.map(({ cacheId }) => cacheId);
}

/** A layer and all below it, as layerdb tells. */
export function chainClaims(
  root: DockerRoot,
  top: ChainId,
  facts: CommonFacts,
): Pick<Claims, 'claims' | 'chains'> {
  const diffIds = attempt(() => diffIdsFrom(root, top));
  if (diffIds instanceof Trouble) {
    return { claims: [{ about: 'chain', unreadable: diffIds.message }], chains: [] };
  }
  const found = chainIds(diffIds).at(-1) ?? 'none';
  if (found === top) return { claims: [], chains: [layerClaims(root, diffIds, facts).chain] };
  const message = 'the files of a layer in layerdb do not give its chain ID';
  return { claims: [{ about: 'chain', expected: top, found, message }], chains: [] };
}
