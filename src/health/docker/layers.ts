// The records of layers in layerdb: each on its own, in its chain, and against the others.

import { type ChainId, chainIdOn, isHexId, shortId } from '../../store/digest.ts';
import { layerDirectory } from '../../store/docker/driver.ts';
import { type LayerRecord, layerPath } from '../../store/docker/layerdb.ts';
import { tarSplitFile } from '../../store/docker/record.ts';
import { followParents } from '../../store/parents.ts';
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Errno, errnoWords, Trouble } from '../../sys/errors.ts';
import { TarDamage } from '../../tar/entry.ts';
import { readTarSplit } from '../../tar/tar-split.ts';
import type { FindingCode, ReportFinding } from './findings.ts';
import { DEEPEST, layersOfCache, layerUses, type StoreIndex, soundRecord } from './store-index.ts';

/** `<64 hex digits>-<random>-removing`, moby layer/filestore.go. */
const REMOVING = /^[0-9a-f]{64}-.*-removing$/;

export async function examineLayers(index: StoreIndex, report: ReportFinding): Promise<void> {
  examineLeftovers(index, report);
  const uses = layerUses(index);
  const cached = layersOfCache(index);
  const directories = new Map<string, ChainId>();
  for (const [chainId, record] of index.layers) {
    const path = index.root.files.pathOf(layerPath(index.root, chainId));
    index.examined(path, 1);
    const tell = (code: FindingCode, detail: string) => report({ code, path, detail });
    if (record instanceof Trouble) {
      tell('layer-damaged', record.message);
    } else {
      examineRecord(index, record, tell);
      const other = directories.get(record.cacheId);
      if (other !== undefined) tell('layer-shared', `${other} has the cache ID ${record.cacheId} too`);
      directories.set(record.cacheId, chainId);
    }
    await examineTarSplit(index, chainId, report);
    const short = `the layer ${shortId(chainId)}`;
    if (!uses.has(chainId)) tell(cached.has(chainId) ? 'layer-cache' : 'layer-unused', short);
  }
}

function examineLeftovers({ root }: StoreIndex, report: ReportFinding): void {
  const { files, metadata } = root;
  const list = (directory: string) => {
    const names = attempt(() => files.namesIfPresent(directory) ?? []);
    return names instanceof Trouble
      ? []
      : names.map((name) => ({ name, path: files.pathOf(`${directory}/${name}`) }));
  };
  for (const { name, path } of list(`${metadata}/layerdb/sha256`)) {
    if (isHexId(name)) continue;
    const code = REMOVING.test(name) ? 'layer-removing' : 'foreign-name';
    report({ code, path, detail: `the name "${shownBytes(name)}"` });
  }
  for (const { name, path } of list(`${metadata}/layerdb/tmp`)) {
    report({ code: 'layer-transaction', path, detail: `the name "${shownBytes(name)}"` });
  }
}

function examineRecord(
  index: StoreIndex,
  { chainId, diffId, parent, cacheId, size }: LayerRecord,
  tell: (code: FindingCode, detail: string) => void,
): void {
  const { root, layers } = index;
  if (chainIdOn(parent, diffId) !== chainId) {
    tell('layer-chain', 'the chain ID of its files "diff" and "parent" is not its name');
  }
  if (parent !== undefined && !layers.has(parent)) {
    tell('layer-chain', `its parent ${parent} is not there`);
  }
  const { cycleAt, isDeeper } = followParents(chainId, (id) => soundRecord(index, id), DEEPEST + 1);
  if (cycleAt !== undefined) tell('layer-chain', 'its parents form a cycle');
  if (isDeeper) tell('layer-chain', `more than ${DEEPEST} layers are below it`);
  if (size === undefined) tell('layer-size', 'no file "size", or no number in it');
  const directory = attempt(() => root.files.requireDirectory(layerDirectory(root.driver, cacheId)));
  if (directory instanceof Trouble) tell('layer-directory', directory.message);
}

/** Reads the record to its end; what it says of the files is not compared. */
async function examineTarSplit({ root }: StoreIndex, chainId: ChainId, report: ReportFinding): Promise<void> {
  const record = tarSplitFile(root, chainId);
  const tell = (detail: string) => report({ code: 'tar-split', path: record.path, detail });
  const file = attempt(record.open);
  if (file instanceof Trouble) {
    tell(file.message);
    return;
  }
  try {
    await readTarSplit(file.readNext, { raw() {}, entry() {} });
  } catch (error) {
    if (error instanceof TarDamage) tell(error.message);
    else if (error instanceof Errno) tell(errnoWords(error.errno));
    else throw error;
  } finally {
    file.close();
  }
}
