// What is mounted in a container of CRI, nerdctl or ctr: as the runtime's spec in its record says, which has all of it.
import { objectsOf, optionalString } from '../formats/json.ts';
import { inOrder, type Mounting, ofRuntimeSpec } from '../mounting.ts';
import { runtimeSpec } from './containers.ts';
import { CRI } from './cri.ts';
import type { Reading } from './root.ts';

/** Files that CRI makes for a pod, wherever its root is: `…/sandboxes/<id>/resolv.conf`. */
const OWN = new RegExp(
  `/(${CRI.replaceAll('.', '\\.')}/sandboxes/[0-9a-f]{64}/(?:hostname|hosts|resolv\\.conf))$`,
);

/** Throws Trouble where the spec cannot be read. */
export function specMountings(reading: Reading, id: string): Mounting[] {
  const record = reading.containers.find((one) => one.id === id);
  const spec = record && runtimeSpec(reading, record);
  if (spec === undefined) return [];
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
