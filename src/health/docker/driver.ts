// The graph driver's own directories against what layerdb records: directories that no record leads to, the short links,
// and the driver's lists of the layers below.
import { type ChainId, isChainId } from '../../store/digest.ts';
import type { CacheEntry } from '../../store/docker/build-cache.ts';
import type { DockerRoot } from '../../store/docker/driver.ts';
import {
  directoryOfTarget,
  driverDirectories,
  shortLinks,
  shortLinkTargets,
} from '../../store/docker/driver-directories.ts';
import { readCacheId } from '../../store/docker/layerdb.ts';
import { quoted } from '../../store/json.ts';
import { type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { FindingCode, Report } from './findings.ts';
import { cacheEntries, chainTo, type StoreIndex } from './store-index.ts';

const REMOVING = /-removing$/;
/** An entry of a file `lower`. */
const SHORT_LINK = /^l\/[A-Z0-9]{26}$/;

export function examineDriver(index: StoreIndex, report: Report): void {
  const { root } = index;
  const directories = attempt(() => driverDirectories(root));
  if (directories instanceof Trouble) {
    report({ code: 'unlisted', path: root.files.pathOf(root.driver.name), detail: directories.message });
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
    const path = root.files.pathOf(`${root.driver.name}/${name}`);
    const tell = (code: FindingCode, detail: string) => report({ code, path, detail });
    if (kind !== 'directory') {
      tell('foreign-name', `a ${kind ?? 'name that vanished'}, not a directory`);
      continue;
    }
    const below = records.get(name);
    const entry = cache.get(name);
    if (entry !== undefined && !isLayer(index, entry)) tell('directory-cache', describeEntry(entry));
    else if (!records.has(name)) orphan(index, name, isLost, tell);
    if (records.has(name)) examineLink(index, name, links, tell);
    if (below !== undefined) examineLower(root, name, below, links, tell);
  }
  examineCache(index, new Set(directories.map(({ name }) => name)), report);
}

/** Entries of the build cache whose files are not there. */
function examineCache(index: StoreIndex, present: ReadonlySet<string>, report: Report): void {
  for (const entry of cacheEntries(index)) {
    const { directory, chainId } = entry;
    const tell = (state: string) => {
      const path = index.root.files.pathOf('buildkit/snapshots.db');
      report({ code: 'cache-incomplete', path, detail: `${describeEntry(entry)}: ${state}` });
    };
    if (chainId !== undefined && !index.layers.has(chainId)) tell(`no record in layerdb of ${chainId}`);
    else if (directory !== undefined && !present.has(directory)) tell(`no directory "${directory}"`);
  }
}

/** Whether a layer of layerdb was made of it: then its directory is the layer's. */
function isLayer({ layers }: StoreIndex, { chainId, directory }: CacheEntry): boolean {
  const record = chainId === undefined ? undefined : layers.get(chainId);
  return record !== undefined && !(record instanceof Trouble) && (record.cacheId as string) === directory;
}

function describeEntry({ id, description }: CacheEntry): string {
  return `the entry ${id.slice(0, 12)}${description === undefined ? '' : `, "${bytesOfText(description)}"`}`;
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

/** Short name → directory, of the links that lead to one. */
function examineLinks(index: StoreIndex, report: Report): Map<string, string> {
  const { root } = index;
  const { files, driver } = root;
  const links = new Map<string, string>();
  const targets = attempt(() => shortLinkTargets(root, shortLinks(root)));
  if (targets instanceof Trouble) {
    report({ code: 'unlisted', path: files.pathOf(`${driver.name}/l`), detail: targets.message });
    return links;
  }
  for (const [name, target] of targets) {
    const path = files.pathOf(`${driver.name}/l/${name}`);
    const tell = (detail: string) => report({ code: 'link-broken', path, detail });
    if (target instanceof Trouble) tell(target.message);
    else if (target === undefined) tell('not a symbolic link');
    else {
      const directory = directoryOfTarget(target);
      if (directory === undefined) tell(`it leads to "${target}", which is no layer`);
      else if (attempt(() => files.kindOf(`${driver.name}/${directory}/diff`)) !== 'directory') {
        tell(`it leads to "${target}", which is not there`);
      } else links.set(name, directory);
    }
  }
  return links;
}

function examineLink(
  { root }: StoreIndex,
  name: ByteString,
  links: ReadonlyMap<string, string>,
  tell: (code: FindingCode, detail: string) => void,
): void {
  const { files, driver } = root;
  const link = attempt(() => files.readTextIfPresent(`${driver.name}/${name}/link`));
  if (link instanceof Trouble) tell('link-damaged', link.message);
  else if (link === undefined || link === '') tell('link-damaged', 'no file "link", or nothing in it');
  else if (links.get(link) !== name) {
    const leads = links.get(link);
    const state = leads === undefined ? 'leads to no layer' : `leads to "${leads}"`;
    tell('link-damaged', `its short link "${driver.name}/l/${link}" ${state}`);
  }
}

/** A daemon mounts what the file lists, by way of the short links, whatever layerdb says. */
function examineLower(
  { files, driver }: DockerRoot,
  name: ByteString,
  below: readonly (string | undefined)[],
  links: ReadonlyMap<string, string>,
  tell: (code: FindingCode, detail: string) => void,
): void {
  const lower = attempt(() => files.readTextIfPresent(`${driver.name}/${name}/lower`));
  if (lower instanceof Trouble) {
    tell('lower-damaged', lower.message);
    return;
  }
  const listed = (lower ?? '').split(':').filter(Boolean);
  const stacked = listed.map((entry) => links.get(/^l\/(.*)$/.exec(entry)?.[1] ?? ''));
  const isSame = (directory: string | undefined, i: number) =>
    directory === undefined || directory === stacked[i];
  if (stacked.length === below.length && below.every(isSame)) return;
  const state = lower === undefined ? 'no file "lower"' : `its file "lower" lists ${listed.length} layers`;
  const lost = stacked.indexOf(undefined);
  const entry = listed[lost];
  if (entry !== undefined) {
    // What is no short link, and a link to elsewhere, a daemon mounts; only what is not there stops it.
    const isThere =
      !SHORT_LINK.test(entry) || attempt(() => files.kindOf(`${driver.name}/${entry}`)) !== undefined;
    const detail = `${state}; ${quoted(entry)} leads to no layer; its record has ${below.length}`;
    tell(isThere ? 'lower-other' : 'lower-damaged', detail);
    return;
  }
  const differs = [...below, 'none'].findIndex((directory, i) => !isSame(directory, i));
  const [found, recorded] = [stacked[differs], below[differs]].map((directory) => directory ?? 'none');
  tell('lower-other', `${state}; layer ${differs + 1} below it is ${found}, by its record ${recorded}`);
}
