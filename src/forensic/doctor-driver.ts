// The graph driver's own directories against what layerdb records: directories that no record leads to, the short links,
// and the driver's lists of the layers below.
import type { ChainId } from '../store/digest.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import type { FindingCode, Report } from './doctor-findings.ts';
import { directoryOfTarget, driverDirectories, shortLinks, shortLinkTargets } from './driver-directories.ts';
import { attempt, chainTo, type StoreIndex } from './store-index.ts';

/** BuildKit's record of its snapshots; an engine makes it when it starts, so only one with data in it says something. */
const BUILD_CACHE = 'buildkit/snapshots.db';
const REMOVING = /-removing$/;

export function examineDriver(index: StoreIndex, report: Report): void {
  const { root } = index;
  const directories = attempt(() => driverDirectories(root));
  if (directories instanceof Trouble) {
    report({ code: 'unlisted', path: root.files.pathOf(root.driver.name), detail: directories.message });
    return;
  }
  const records = recordedDirectories(index);
  const links = examineLinks(index, report);
  for (const { name, kind } of directories) {
    const path = root.files.pathOf(`${root.driver.name}/${name}`);
    const tell = (code: FindingCode, detail: string) => report({ code, path, detail });
    if (kind !== 'directory') {
      tell('foreign-name', `a ${kind ?? 'name that vanished'}, not a directory`);
      continue;
    }
    const below = records.get(name);
    if (below === undefined) orphan(index, name, tell);
    else examineDirectory(index, name, below, links, tell);
  }
}

/** Directory → the directories of the layers below it, top first, as layerdb tells; undefined where that is not known. */
function recordedDirectories(index: StoreIndex): Map<string, readonly (string | undefined)[]> {
  const { layers, mounts } = index;
  const cacheIdOf = (chainId: ChainId) => {
    const record = layers.get(chainId);
    return record === undefined || record instanceof Trouble ? undefined : record.cacheId;
  };
  const chainOf = (top: ChainId | undefined) =>
    top === undefined ? [] : chainTo(index, top).reverse().map(cacheIdOf);
  const records = new Map<string, readonly (string | undefined)[]>();
  for (const record of layers.values()) {
    if (!(record instanceof Trouble)) records.set(record.cacheId, chainOf(record.parent));
  }
  for (const mount of mounts.values()) {
    if (mount instanceof Trouble) continue;
    const chain = chainOf(mount.parent);
    if (mount.initId !== undefined) records.set(mount.initId, chain);
    records.set(mount.mountId, mount.initId === undefined ? chain : [mount.initId, ...chain]);
  }
  return records;
}

function orphan(
  { root }: StoreIndex,
  name: ByteString,
  tell: (code: FindingCode, detail: string) => void,
): void {
  if (REMOVING.test(name)) {
    tell('directory-orphan', 'its removal was begun and not ended');
    return;
  }
  const cache = attempt(() => root.files.kindOf(BUILD_CACHE));
  if (cache === 'file') tell('directory-cache', `unreferenced (may be build cache: ${BUILD_CACHE} is there)`);
  else tell('directory-orphan', 'no record in layerdb has this ID');
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

function examineDirectory(
  { root }: StoreIndex,
  name: ByteString,
  below: readonly (string | undefined)[],
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
  const lower = attempt(() => files.readTextIfPresent(`${driver.name}/${name}/lower`));
  if (lower instanceof Trouble) {
    tell('lower-damaged', lower.message);
    return;
  }
  const listed = (lower ?? '').split(':').filter(Boolean);
  const stacked = listed.map((entry) => links.get(asBytes(entry.replace(/^l\//, ''))));
  const isSame =
    stacked.length === below.length &&
    below.every((directory, i) => directory === undefined || directory === stacked[i]);
  if (isSame) return;
  const state = lower === undefined ? 'no file "lower"' : `its file "lower" lists ${listed.length} layers`;
  const known = stacked.every((directory) => directory !== undefined);
  tell(
    'lower-damaged',
    `${state}${known ? '' : ', not all of which are there'}; its record has ${below.length}`,
  );
}
