// A thing that a newer layer took away as a line of JSON. For `deleted` and reports.
import type { Deleted } from '../../layers/deleted.ts';
import type { Layers } from '../../layers/layers.ts';
import { removalTime } from '../../layers/removal-time.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { isLink, typeOf } from '../../sys/file-types.ts';
import { jsonName } from '../../told/escape.ts';
import { jsonTime, octalMode } from '../../told/fields.ts';

/** As a line of JSON has it. */
export function deletedLine(layers: Layers, one: Deleted): object {
  const { stack } = layers;
  const { path, state, layer, attributes, removal, contents, entry } = one;
  const { mode, uid, gid, size, mtime } = attributes;
  const { whiteout, created } = removalTime(removal, stack.layers[removal.layer]);
  const steps = [layer, removal.layer].map((index) => stack.layers[index]?.history?.createdBy);
  return {
    t: 'deleted',
    ...jsonName('path', path),
    state,
    layer: layerNumber(stack, layer),
    type: typeOf(mode).name,
    mode: octalMode(mode),
    uid,
    gid,
    size,
    mtime: jsonTime(mtime),
    ...(isLink(mode) ? jsonName('target', layers.linkTarget(entry)) : {}),
    ...(steps[0] === undefined ? {} : { createdBy: steps[0] }),
    removedBy: {
      layer: layerNumber(stack, removal.layer),
      how: removal.how,
      ...jsonName('path', removal.path),
      ...(whiteout === undefined
        ? {}
        : { notBefore: jsonTime(whiteout.from), notAfter: jsonTime(whiteout.to) }),
      ...(created === undefined ? {} : { created }),
      ...(steps[1] === undefined ? {} : { createdBy: steps[1] }),
    },
    ...contents,
  };
}
