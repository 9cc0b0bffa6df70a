// The health of a root of containers-storage: its lists against each other, the driver's directories and links, and Podman's own
// database. Goes on past all damage. Contents of layers are not read: that is what `verify` does.
import { type Examined, measureDirectory } from '../../layers/survey/measure.ts';
import { isHexId, shortId } from '../../store/digest.ts';
import { olderStates } from '../../store/formats/bolt-older.ts';
import { readImageConfig } from '../../store/podman/images.ts';
import { Inventory } from '../../store/podman/inventory.ts';
import type { LayerRecord } from '../../store/podman/layers.ts';
import { BOLT_DATABASE, rootfsOf, SQLITE_DATABASE } from '../../store/podman/libpod/libpod.ts';
import { tarRecordFault } from '../../store/podman/record.ts';
import {
  type ListName,
  layerPath,
  layersHome,
  listPath,
  metadataPath,
  NOT_LAYERS,
  type PodmanRoot,
  UNFINISHED,
} from '../../store/podman/root.ts';
import { containerStack, imageChain, layersOf } from '../../store/podman/stack.ts';
import { shortLinkDifference, stackingDifference } from '../../store/podman/stacking.ts';
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { ReportFinding } from './findings.ts';
import { usesOf } from './uses.ts';

/** What Buildah calls what is between two steps of a build. */
const BUILD_NAME = /^docker\.io\/library\/[0-9a-f]{64}-tmp:latest$/;

export function examineStore(root: PodmanRoot, report: ReportFinding, examined: Examined = () => {}): void {
  const inventory = new Inventory(root);
  const { files } = root;
  for (const detail of root.damage) report({ code: 'root-unusable', path: files.directory, detail });
  examineLists(inventory, report);
  for (const detail of inventory.libpod().damage)
    report({ code: 'database-damaged', path: files.pathOf(SQLITE_DATABASE), detail });
  for (const { path, detail } of olderStates(files, [BOLT_DATABASE]))
    report({ code: 'database-older', path: files.pathOf(path), detail });
  examineImages(inventory, report, examined);
  examineLayers(inventory, report, examined);
  examineContainers(inventory, report, examined);
  examineDirectories(inventory, report, examined);
}

function examineLists(inventory: Inventory, report: ReportFinding): void {
  const lists = [
    ...inventory.imageLists().lists.map((one) => ({ ...one, name: 'images' as ListName })),
    ...inventory.layers().lists.map((one) => ({ ...one, name: 'layers' as ListName })),
    { root: inventory.root, list: inventory.containerList(), name: 'containers' as ListName },
  ];
  for (const { root, list, name } of lists) {
    const path = root.files.pathOf(listPath(root, name));
    if (list.unreadable !== undefined)
      report({ code: 'list-unreadable', path, detail: list.unreadable.message });
    for (const detail of list.damage) report({ code: 'record-damaged', path, detail });
  }
}

function examineImages(inventory: Inventory, report: ReportFinding, examined: Examined): void {
  const { root } = inventory;
  const names = new Set([...inventory.names()].map(({ name }) => name));
  for (const [id, image] of inventory.images()) {
    const path = root.files.pathOf(metadataPath(root, 'images', id));
    examined(path, 1);
    if (image instanceof Trouble) {
      report({ code: 'record-damaged', path, detail: image.message });
      continue;
    }
    if (image.lost !== undefined) report({ code: 'image-damaged', path, detail: image.lost });
    const config = attempt(() => readImageConfig(image));
    if (config instanceof Trouble) report({ code: 'image-damaged', path, detail: config.message });
    const chain = attempt(() => layersOf(inventory, image));
    if (chain instanceof Trouble) report({ code: 'image-incomplete', path, detail: chain.message });
    else if (!(config instanceof Trouble)) {
      const whole = attempt(() => imageChain(inventory, image));
      if (whole instanceof Trouble) report({ code: 'image-damaged', path, detail: whole.message });
    }
    const former = image.history.filter((name) => !image.names.includes(name) && !BUILD_NAME.test(name));
    for (const name of former)
      report({
        code: 'image-former-name',
        path,
        detail: `"${name}"${names.has(name) ? ', which another image has now' : ''}`,
      });
  }
}

function examineLayers(inventory: Inventory, report: ReportFinding, examined: Examined): void {
  const layers = inventory.layers();
  const used = usesOf(inventory);
  const isKnown =
    inventory.unreadable('images') === undefined && inventory.unreadable('containers') === undefined;
  for (const id of layers.ids()) {
    const record = attempt(() => layers.layer(id));
    if (record instanceof Trouble) {
      report({ code: 'record-damaged', path: inventory.root.files.directory, detail: record.message });
      continue;
    }
    // What is wrong with another root is that root's own.
    if (record.root.files.directory !== inventory.root.files.directory) continue;
    const path = record.root.files.pathOf(layerPath(record.root, id));
    examined(path, 1);
    if (record.lost !== undefined) report({ code: 'record-damaged', path, detail: record.lost });
    const chain = attempt(() => layers.chain(id));
    const isOwnFault = record.parent === undefined || !layers.ids().includes(record.parent);
    if (chain instanceof Trouble && (isOwnFault || chain.message.includes('cycle')))
      report({ code: 'layer-chain', path, detail: chain.message });
    if (record.isIncomplete)
      report({ code: 'layer-incomplete', path, detail: 'its flag "incomplete" is set' });
    examineFiles(inventory, record, path, report);
    if (isKnown && !used.has(id) && !record.isIncomplete)
      report({
        code: 'layer-unused',
        path,
        detail: `layer ${shortId(id)}`,
        takes: measureDirectory(path, examined),
      });
  }
}

function examineFiles(
  inventory: Inventory,
  record: LayerRecord,
  path: ByteString,
  report: ReportFinding,
): void {
  const { root, id, diffId } = record;
  const { files } = root;
  const directory = attempt(() =>
    files.requireDirectory(`${layerPath(root, id)}${root.driver === 'vfs' ? '' : '/diff'}`),
  );
  if (directory instanceof Trouble) report({ code: 'layer-directory', path, detail: directory.message });
  const fault = diffId === undefined ? undefined : tarRecordFault(root, id);
  if (fault !== undefined) report({ code: 'tar-split', path, detail: fault });
  if (directory instanceof Trouble) return;
  const link = shortLinkDifference(root, id);
  if (link !== undefined) report({ code: 'link-damaged', path, detail: link.state });
  const lower = stackingDifference(inventory.root, record, inventory.layers());
  if (lower !== undefined && lower.state !== link?.state)
    report({ code: lower.kind === 'other' ? 'lower-other' : 'lower-damaged', path, detail: lower.state });
}

function examineContainers(inventory: Inventory, report: ReportFinding, examined: Examined): void {
  const { root } = inventory;
  for (const [id, { damage, record, podman, name }] of inventory.containers()) {
    const path = root.files.pathOf(metadataPath(root, 'containers', id));
    examined(path, 1);
    const what = name === '' ? shortId(id) : `"${name}"`;
    if (damage !== undefined) report({ code: 'container-record', path, detail: `${what}: ${damage}` });
    if (podman === undefined || rootfsOf(podman) === undefined) {
      const stack = attempt(() => containerStack(inventory, id, 'mark'));
      if (stack instanceof Trouble)
        report({ code: 'container-layers', path, detail: `${what}: ${stack.message}` });
      else
        for (const { missing } of stack.layers)
          if (missing !== undefined)
            report({ code: 'container-layers', path, detail: `${what}: ${missing}` });
    }
    const image = record?.image;
    if (image !== undefined && attempt(() => inventory.imageLists().image(image)) instanceof Trouble)
      report({ code: 'container-image', path, detail: `${what}: no image ${shortId(image)}` });
  }
}

/** What lies in the root and no list has a record of. Nothing is said of it where a list cannot be read. */
function examineDirectories(inventory: Inventory, report: ReportFinding, examined: Examined): void {
  const { root } = inventory;
  const { files, driver } = root;
  const names = (path: string) => {
    const found = attempt(() => files.namesIfPresent(path) ?? []);
    return found instanceof Trouble ? [] : found;
  };
  const unfinished = (directory: string) => {
    for (const name of names(directory)) {
      const path = files.pathOf(`${directory}/${name}`);
      const takes = measureDirectory(path, examined);
      report({ code: 'unfinished', path, detail: `"${shownBytes(name)}"`, takes });
    }
  };
  const [layerList] = inventory.layers().lists;
  const isWhole = ({ damage, unreadable }: { damage: readonly string[]; unreadable?: Trouble }) =>
    damage.length === 0 && unreadable === undefined;
  const home = layersHome(root);
  for (const name of names(home)) {
    const path = files.pathOf(`${home}/${name}`);
    if (UNFINISHED.includes(name)) unfinished(`${home}/${name}`);
    else if (NOT_LAYERS.includes(name) || layerList === undefined || !isWhole(layerList.list)) continue;
    else if (!layerList.list.records.has(name))
      report({
        code: 'layer-orphan',
        path,
        detail: isHexId(name) ? 'no record has this ID' : `the name "${shownBytes(name)}"`,
        takes: measureDirectory(path, examined),
      });
  }
  unfinished(`${driver}-layers/tmp`);
  for (const [list, known] of [
    ['images', inventory.imageLists().lists[0]?.list],
    ['containers', inventory.containerList()],
  ] as const) {
    if (known === undefined || !isWhole(known)) continue;
    for (const name of names(`${driver}-${list}`).filter(isHexId)) {
      if (known.records.has(name) || inventory.containers().has(name)) continue;
      const path = files.pathOf(`${driver}-${list}/${name}`);
      const detail = `no ${list === 'images' ? 'image' : 'container'} ${shortId(name)}`;
      report({ code: 'container-left', path, detail, takes: measureDirectory(path, examined) });
    }
  }
}
