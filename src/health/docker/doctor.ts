// The health of a whole data root: everything that it records is read and held against everything else, and each thing
// that is wrong is told. Goes on past all damage. Contents of layers are not read: that is what `verify` does.
import type { Examined } from '../../layers/survey/measure.ts';
import { type ImageId, isHexId } from '../../store/digest.ts';
import { storesBeside } from '../../store/docker/beside.ts';
import type { DockerRoot } from '../../store/docker/driver.ts';
import { imagePath } from '../../store/docker/images.ts';
import { LayerChecks } from '../../store/docker/layerdb.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { examineDatabases } from '../dockerd/databases.ts';
import { reportForeignNames } from '../dockerd/findings.ts';
import { examineVolumes } from '../dockerd/volumes.ts';
import { examineContainers } from './containers.ts';
import { examineDistribution } from './distribution.ts';
import { examineDriver } from './driver.ts';
import type { Beside, FindingCode, ReportFinding } from './findings.ts';
import { examineLayers } from './layers.ts';
import { readStoreIndex, type StoreIndex } from './store-index.ts';

/** Tells `report` of everything; what it is told comes in the order of the checks, then of the paths. */
export async function examineStore(
  root: DockerRoot,
  report: ReportFinding,
  beside: Beside = { others: [], isFirst: true },
  examined?: Examined,
): Promise<void> {
  const { others, isFirst } = beside;
  const index = readStoreIndex(root, examined);
  for (const trouble of index.damage) {
    report({ code: 'unlisted', path: root.files.directory, detail: trouble.message });
  }
  if (isFirst) examineBeside(root, others, report);
  examineNames(index, report);
  const checks = new LayerChecks(root, 'mark');
  examineImages(index, checks, report);
  await examineLayers(index, report);
  examineDistribution(index, report);
  examineContainers(index, checks, beside, report);
  if (isFirst) {
    examineVolumes(index, report);
    examineDatabases(root.files, report);
  }
  examineDriver(index, report);
}

function examineBeside(root: DockerRoot, others: readonly string[], report: ReportFinding): void {
  for (const { store, name, path = root.files.directory, isEmpty, containers } of storesBeside(root)) {
    if (others.includes(store)) continue;
    const owned = `, which has ${containers} ${containers === 1 ? 'container' : 'containers'}`;
    const state = isEmpty ? ', which has no image and no layer' : containers === 0 ? '' : owned;
    report({ code: 'store-beside', path, detail: `${name}${state}` });
  }
}

function examineNames({ root, names, images }: StoreIndex, report: ReportFinding): void {
  const path = root.files.pathOf(`${root.metadata}/repositories.json`);
  const tell = (code: FindingCode, detail: string) => report({ code, path, detail });
  if (names.unreadable !== undefined) tell('names-unreadable', names.unreadable.message);
  for (const damage of names.damage) tell('name-damaged', damage);
  if (names.ambiguity !== undefined) tell('ambiguous', names.ambiguity);
  for (const [name, id] of names.images) {
    if (!images.has(id)) tell('name-dangling', `"${name}" points to ${id}`);
  }
}

function examineImages(index: StoreIndex, checks: LayerChecks, report: ReportFinding): void {
  const { root, images, examined } = index;
  const { files, metadata } = root;
  reportForeignNames(files, `${metadata}/imagedb/content/sha256`, isHexId, report);
  for (const [id, config] of images) {
    const path = files.pathOf(imagePath(root, id));
    examined(path, 1);
    if (config instanceof Trouble) {
      report({ code: 'image-damaged', path, detail: config.message });
      continue;
    }
    if (config.ambiguity !== undefined) report({ code: 'ambiguous', path, detail: config.ambiguity });
    for (const { missing, doubt } of checks.imageChain(config.diffIds)) {
      if (missing !== undefined) report({ code: 'image-incomplete', path, detail: missing });
      else if (doubt !== undefined) report({ code: 'image-record', path, detail: doubt });
    }
  }
  const metadataOf = `${metadata}/imagedb/metadata/sha256`;
  const left = attempt(() => files.namesIfPresent(metadataOf) ?? []);
  if (left instanceof Trouble) return;
  for (const name of left) {
    if (images.has(`sha256:${name}` as ImageId)) continue;
    report({
      code: 'image-metadata',
      path: files.pathOf(`${metadataOf}/${name}`),
      detail: 'no config of this image',
    });
  }
}
