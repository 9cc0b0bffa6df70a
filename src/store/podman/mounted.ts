// Which layers of a store are mounted now, by what containers-storage keeps in its run root (layers.go, mountpoints.json): those of
// users and of other mount namespaces too, which this process does not see.
import { attempt, Trouble } from '../../sys/errors.ts';
import { integerOf, optionalString, parseJsonElements } from '../formats/json.ts';
import type { PodmanRoot } from './root.ts';
import { MOUNT_POINT } from './shapes.ts';

/** IDs; none where nothing tells, or what tells it is damaged. */
export function mountedLayers({ runRoot, driver }: PodmanRoot): ReadonlySet<string> {
  const path = `${driver}-layers/mountpoints.json`;
  const found = attempt(() => {
    const bytes = runRoot?.readIfPresent(path);
    const records = runRoot && bytes ? parseJsonElements(bytes, runRoot.pathOf(path), MOUNT_POINT) : [];
    return records.flatMap((record) => {
      if (record instanceof Trouble || integerOf(record, 'count') <= 0) return [];
      return optionalString(record, 'id') ?? [];
    });
  });
  return new Set(found instanceof Trouble ? [] : found);
}
