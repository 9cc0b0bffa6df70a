// Where containers are in the tree of a mounted store: by the name that `containers` prints, of which a pod's is a directory, and
// below their namespace where there are several. A
// function of the names; what cannot be a path has its ID for a name.
import { shortId } from '../../store/digest.ts';
import type { ContainerSummary } from '../../store/summary.ts';
import { asBytes, type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { escapedFileName, type FoundPlace, isFileName, placeAll } from './free-names.ts';

type ContainerToPlace = Pick<ContainerSummary, 'id' | 'name' | 'namespace' | 'store'>;

/** Where each goes. */
export function placeContainers<T extends ContainerToPlace>(
  containers: readonly T[],
): readonly FoundPlace<T>[] {
  return placeAll(containers.map((item) => ({ item, path: pathOf(item), told: toldOf(item) }))).places;
}

function pathOf({ id, name, namespace }: ContainerToPlace): readonly ByteString[] {
  const first = namespace === undefined ? [] : [escapedFileName(bytesOfText(namespace))];
  const path = name.split('/').map(bytesOfText);
  if (path.every(isFileName)) return [...first, ...path];
  const told = `${bytesOfText(name)}@${bytesOfText(shortId(id))}`;
  return [...first, isFileName(told) && id !== '' ? asBytes(told) : escapedFileName(bytesOfText(id))];
}

/** What tells it from another of its name. */
function toldOf({ id, store }: ContainerToPlace): ByteString[] {
  return [store, shortId(id), id].flatMap((word) => (word === undefined ? [] : [bytesOfText(word)]));
}
