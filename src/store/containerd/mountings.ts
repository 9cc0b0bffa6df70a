// What is mounted in a container of CRI, nerdctl or ctr: as the runtime's spec in its record says, which has all of it.
import { attempt, Trouble } from '../../sys/errors.ts';
import { objectsOf, optionalString } from '../formats/json.ts';
import { type LayerStack, requireId } from '../layer-stack.ts';
import { inOrder, type Mounting, ofRuntimeSpec } from '../mounting.ts';
import { sourceName } from '../source.ts';
import { runtimeSpec } from './containers.ts';
import { CRI } from './cri.ts';
import type { ContainerRecord } from './metadata.ts';
import type { Reading } from './root.ts';
import { snapshotLayers } from './stack.ts';

/** Files that CRI makes for a pod, wherever its root is: `…/sandboxes/<id>/resolv.conf`. */
const OWN = new RegExp(
  `/(${CRI.replaceAll('.', '\\.')}/sandboxes/[0-9a-f]{64}/(?:hostname|hosts|resolv\\.conf))$`,
);

/** `readings` of the namespaces that a container may be in. Throws Trouble where the spec cannot be read. */
export function specMountings(readings: readonly Reading[], of: LayerStack): Mounting[] {
  const id = requireId(of);
  const holding = readings.filter((each) => recordOf(each, id) !== undefined);
  const reading = holding.length > 1 ? holding.find((each) => hasLayers(each, id, of)) : holding[0];
  const record = reading && recordOf(reading, id);
  const spec = reading && record && runtimeSpec(reading, record);
  if (reading === undefined || spec === undefined) return [];
  const { files } = reading.root;
  const all = objectsOf(spec, 'mounts').flatMap((mount): Mounting[] => {
    const text = (key: string) => optionalString(mount, key) ?? '';
    const found = ofRuntimeSpec(
      { type: text('type'), source: text('source'), destination: text('destination') },
      undefined,
    );
    const own = found?.kind === 'bind' ? OWN.exec(found.label)?.[1] : undefined;
    if (found === undefined || own === undefined) return found === undefined ? [] : [found];
    return [{ ...found, place: { kind: 'store', files, path: own }, isEngines: true }];
  });
  return inOrder(all);
}

function recordOf(reading: Reading, id: string): ContainerRecord | undefined {
  return reading.containers.find((one) => one.id === id);
}

/** Of one ID that containers of several namespaces have. */
function hasLayers(reading: Reading, id: string, { layers: [own] }: LayerStack): boolean {
  const record = recordOf(reading, id);
  if (record === undefined || own === undefined) return false;
  const place = { snapshotter: record.snapshotter, key: record.snapshotKey };
  const found = attempt(() => snapshotLayers(reading, place, { missing: 'mark' }));
  if (found instanceof Trouble || found[0] === undefined) return false;
  return sourceName(found[0].source) === sourceName(own.source);
}
