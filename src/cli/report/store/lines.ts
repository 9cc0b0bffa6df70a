// What a report tells as lines of JSON, for programs: as the commands have them, and layers and volumes besides.
import { sourceName } from '../../../store/source.ts';
import { asBytes } from '../../../sys/bytes.ts';
import { escapeJson, jsonName } from '../../../told/escape.ts';
import { idFields } from '../../../told/fields.ts';
import type { Deletion } from './deletions.ts';
import { layerBytes, type RootLayer } from './layers.ts';
import type { StoreList } from './subjects.ts';
import type { VolumeUse } from './volumes.ts';

export function jsonLine(value: object): string {
  return `${escapeJson(value)}\n`;
}

/** As `images --all --json`, `containers --all --json`; of several stores each with its own, of several namespaces too. */
export function listLines(lists: readonly StoreList[], of: 'images' | 'containers'): string[] {
  const isSeveral = new Set(lists.map(({ store }) => store)).size > 1;
  return lists.flatMap(({ store, namespace, [of]: items }) =>
    items.map((item) =>
      jsonLine({
        t: of === 'images' ? 'image' : 'container',
        ...(isSeveral ? { store: store.name } : {}),
        ...(namespace === undefined ? {} : { namespace }),
        ...item,
      }),
    ),
  );
}

export function layerLine(use: RootLayer, verdict: string | undefined): string {
  const { store, name, layer, users, place } = use;
  const bytes = layerBytes(use);
  return jsonLine({
    t: 'layer',
    ...(store === undefined ? {} : { store }),
    kind: layer === undefined ? place?.kind : layer.role,
    ...jsonName('name', layer === undefined ? name : sourceName(layer.source)),
    ...(layer?.diffId === undefined ? {} : { diffId: layer.diffId }),
    ...(layer?.chainId === undefined ? {} : { chainId: layer.chainId }),
    ...(layer?.ids === undefined ? {} : { ids: idFields(layer) }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(place === undefined ? {} : { allocated: place.allocated }),
    ...(layer?.history?.createdBy === undefined ? {} : { createdBy: layer.history.createdBy }),
    ...(layer?.missing === undefined ? {} : { missing: layer.missing }),
    ...(verdict === undefined ? {} : { verdict }),
    users: users.map(({ kind, id, label, layer: number }) => ({ kind, id, name: label, layer: number })),
  });
}

export function volumeLine({ place, facts, users }: VolumeUse): string {
  return jsonLine({
    t: 'volume',
    ...jsonName('name', asBytes(place.id)),
    ...jsonName('path', place.path),
    bytes: place.bytes,
    allocated: place.allocated,
    ...(Object.keys(facts).length === 0 ? {} : { facts }),
    users: users.map(({ kind, id, label, at }) => ({
      kind,
      id,
      name: label,
      ...(at === undefined ? {} : { at }),
    })),
  });
}

/** As `deleted --json`, with those that have both layers; numbers of layers are those in the first of them. */
export function deletionLine({ line, users }: Deletion): string {
  return jsonLine({ ...line, refs: users });
}
