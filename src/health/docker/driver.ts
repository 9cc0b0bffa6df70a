// The graph driver's own directories against what layerdb records: directories that no record leads to, the short links,
// and the driver's lists of the layers below.

import { measureDirectory } from '../../layers/survey/measure.ts';
import { type ChainId, isChainId, shortId } from '../../store/digest.ts';
import type { CacheEntry } from '../../store/docker/build-cache.ts';
import { driverDirectories } from '../../store/docker/driver-directories.ts';
import { readCacheId } from '../../store/docker/layerdb.ts';
import {
  linkDifference,
  lowerDifference,
  readShortLinks,
  type ShortLinks,
} from '../../store/docker/stacking.ts';
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { FindingCode, ReportFinding } from './findings.ts';
import { cacheEntries, chainTo, type StoreIndex } from './store-index.ts';

const REMOVING = /-removing$/;

/** Findings on directories that could be removed: what for is said with them. */
const REMOVABLE: readonly FindingCode[] = ['directory-orphan', 'directory-cache'];

export function examineDriver(index: StoreIndex, report: ReportFinding): void {
  const { root } = index;
  const directories = attempt(() => driverDirectories(root));
  if (directories instanceof Trouble) {
    report({ code: 'unlisted', path: root.files.pathOf(root.driver.home), detail: directories.message });
    return;
  }
  const records = recordedDirectories(index);
  const isLost = [...index.layers].some(
    ([chainId, record]) =>
      record instanceof Trouble && attempt(() => readCacheId(root, chainId)) instanceof Trouble,
  );
  const links = examineLinks(index, report);
  const cache = new Map(cacheEntries(index).map((entry) => [entry.directory, entry]));
  for (const { name, kind } of directories) {
    const path = root.files.pathOf(`${root.driver.home}/${name}`);
    index.examined(path, 1);
    const tell = (code: FindingCode, detail: string) => {
      const takes = REMOVABLE.includes(code) ? { takes: measureDirectory(path, index.examined) } : {};
      report({ code, path, detail, ...takes });
    };
    if (kind !== 'directory') {
      tell('foreign-name', `a ${kind ?? 'name that vanished'}, not a directory`);
      continue;
    }
    const below = records.get(name);
    const entry = cache.get(name);
    if (entry !== undefined && !isLayer(index, entry)) tell('directory-cache', describeEntry(entry));
    else if (!records.has(name)) orphan(index, name, isLost, tell);
    if (!root.driver.hasLinks) continue;
    const link = records.has(name) ? linkDifference(root, links, name) : undefined;
    if (link !== undefined) tell('link-damaged', link.state);
    // A daemon mounts what the file lists, whatever layerdb says.
    const lower = below === undefined ? undefined : lowerDifference(root, links, name, below);
    if (lower !== undefined) tell(lower.kind === 'other' ? 'lower-other' : 'lower-damaged', lower.state);
  }
  examineCache(index, new Set(directories.map(({ name }) => name)), report);
}

/** Entries of the build cache whose files are not there. */
function examineCache(index: StoreIndex, present: ReadonlySet<string>, report: ReportFinding): void {
  for (const entry of cacheEntries(index)) {
    const { directory, chainId } = entry;
    const tell = (state: string) => {
      const path = index.root.files.pathOf('buildkit/snapshots.db');
      report({ code: 'cache-incomplete', path, detail: `${describeEntry(entry)}: ${state}` });
    };
    if (chainId !== undefined && !index.layers.has(chainId)) tell(`no record in layerdb of ${chainId}`);
    else if (directory !== undefined && !present.has(directory))
      tell(`no directory "${shownBytes(directory)}"`);
  }
}

/** Whether a layer of layerdb was made of it: then its directory is the layer's. */
function isLayer({ layers }: StoreIndex, { chainId, directory }: CacheEntry): boolean {
  const record = chainId === undefined ? undefined : layers.get(chainId);
  return record !== undefined && !(record instanceof Trouble) && (record.cacheId as string) === directory;
}

function describeEntry({ id, description }: CacheEntry): string {
  return `the entry ${shortId(id)}${description === undefined ? '' : `, "${description}"`}`;
}

/**
 * Directory → the directories of the layers below it, top first, as layerdb tells: undefined for one that is not known, and
 * for all of them where the record is damaged.
 */
function recordedDirectories(index: StoreIndex): Map<string, readonly (string | undefined)[] | undefined> {
  const { root, layers, mounts } = index;
  const cacheIdOf = (chainId: ChainId) => {
    const record = layers.get(chainId);
    return record === undefined || record instanceof Trouble ? undefined : record.cacheId;
  };
  const chainOf = (top: ChainId | undefined) =>
    top === undefined ? [] : chainTo(index, top).reverse().map(cacheIdOf);
  const records = new Map<string, readonly (string | undefined)[] | undefined>();
  for (const [chainId, record] of layers) {
    if (!(record instanceof Trouble)) {
      records.set(record.cacheId, chainOf(record.parent));
      continue;
    }
    const cacheId = attempt(() => readCacheId(root, chainId));
    if (!(cacheId instanceof Trouble)) records.set(cacheId, undefined);
  }
  for (const mount of mounts.values()) {
    if (mount instanceof Trouble) continue;
    const chain = chainOf(mount.parent);
    if (mount.initId !== undefined) records.set(mount.initId, chain);
    records.set(mount.mountId, mount.initId === undefined ? chain : [mount.initId, ...chain]);
  }
  const stackOf = cacheStacks(index, cacheIdOf, chainOf);
  for (const { directory, parent } of cacheEntries(index)) {
    if (directory !== undefined && !records.has(directory)) records.set(directory, stackOf(parent));
  }
  return records;
}

/** Answers what an entry of the build cache stands on, top first: layers of layerdb, and other entries. */
function cacheStacks(
  index: StoreIndex,
  cacheIdOf: (chainId: ChainId) => string | undefined,
  chainOf: (top: ChainId) => readonly (string | undefined)[],
): (parent: ByteString | undefined) => readonly (string | undefined)[] {
  const entries = new Map(cacheEntries(index).map((entry) => [entry.id, entry]));
  return (parent) => {
    const stack: (string | undefined)[] = [];
    const passed = new Set<ByteString>();
    for (let next = parent; next !== undefined && !passed.has(next); ) {
      passed.add(next);
      const entry = entries.get(next);
      const chainId = isChainId(next) ? next : entry?.chainId;
      if (chainId !== undefined && cacheIdOf(chainId) !== undefined) return [...stack, ...chainOf(chainId)];
      stack.push(entry?.directory);
      next = entry?.parent;
    }
    return stack;
  };
}

function orphan(
  { cache }: StoreIndex,
  name: ByteString,
  isLost: boolean,
  tell: (code: FindingCode, detail: string) => void,
): void {
  if (REMOVING.test(name)) {
    tell('directory-orphan', 'its removal was begun and not ended');
    return;
  }
  const unknown = cache instanceof Trouble ? '; it may be build cache, whose records cannot be read' : '';
  const lost = isLost ? '; it may be that of a layer whose record is damaged' : '';
  tell('directory-orphan', `no record in layerdb has this ID${unknown}${lost}`);
}

function examineLinks({ root }: StoreIndex, report: ReportFinding): ShortLinks {
  const { files, driver } = root;
  const links = attempt(() => readShortLinks(root));
  if (links instanceof Trouble) {
    report({ code: 'unlisted', path: files.pathOf(`${driver.home}/l`), detail: links.message });
    return { directories: new Map(), gone: new Map(), broken: new Map() };
  }
  for (const [name, detail] of links.broken) {
    report({ code: 'link-broken', path: files.pathOf(`${driver.home}/l/${name}`), detail });
  }
  return links;
}
