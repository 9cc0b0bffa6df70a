// Which image was built from which: nothing records it, so that Podman tells it by layers and histories (libimage layer_tree.go,
// oci.go).
import { attempt, Trouble } from '../../sys/errors.ts';
import { addTo } from '../../sys/groups.ts';
import { type ImageConfig, readImageConfig } from './images.ts';
import type { Inventory } from './inventory.ts';

/** IDs of images without a name that others were built from, which `podman images` leaves out. */
export function intermediateImages(inventory: Inventory): ReadonlySet<string> {
  const nameless: { readonly id: string; readonly config: ImageConfig }[] = [];
  /** By the history that a parent has. */
  const children = new Map<string, ImageConfig[]>();
  for (const [id, record] of inventory.images()) {
    if (record instanceof Trouble) continue;
    const config = attempt(() => readImageConfig(record));
    if (config instanceof Trouble) continue;
    if (record.names.length === 0) nameless.push({ id, config });
    if (config.history.length > 0) addTo(children, historyKey(config.history.slice(0, -1)), config);
  }
  const isParent = ({ history, diffIds }: ImageConfig) =>
    (children.get(historyKey(history)) ?? []).some(
      (child) =>
        child.diffIds.length - diffIds.length <= 1 &&
        diffIds.every((diffId, i) => child.diffIds[i] === diffId),
    );
  return new Set(nameless.flatMap(({ id, config }) => (isParent(config) ? [id] : [])));
}

function historyKey(history: ImageConfig['history']): string {
  return JSON.stringify(
    history.map(({ created, createdBy, comment, emptyLayer }) => [created, createdBy, comment, emptyLayer]),
  );
}
