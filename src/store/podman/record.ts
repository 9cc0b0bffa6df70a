// The record that containers-storage keeps of a layer's tar (`<driver>-layers/<id>.tar-split.gz`), and how it unpacks one.
import { attempt, Trouble } from '../../sys/errors.ts';
import type { OwnerIds } from '../owner.ts';
import type { TarRecord, UnpackRules } from '../record.ts';
import type { PodmanRoot, StorageRoot } from './root.ts';

function recordPath({ driver }: StorageRoot, layer: string): string {
  return `${driver}-layers/${layer}.tar-split.gz`;
}

/** Does not look whether it is there. */
export function tarRecord(root: StorageRoot, layer: string, rules: UnpackRules): TarRecord {
  const path = recordPath(root, layer);
  return { form: 'tar-split', rules, path: root.files.pathOf(path), open: () => root.files.open(path) };
}

/** Whatever lies there; what is wrong with it is told where it is opened. */
export function hasTarRecord(root: StorageRoot, layer: string): boolean {
  return attempt(() => root.files.kindOf(recordPath(root, layer))) !== undefined;
}

/** Why there is none that can be opened, a sentence; undefined where there is one. */
export function tarRecordFault(root: StorageRoot, layer: string): string | undefined {
  const path = recordPath(root, layer);
  const kind = attempt(() => root.files.kindOf(path));
  if (kind instanceof Trouble) return kind.message;
  if (kind === 'file') return undefined;
  return kind === undefined ? `no file "${path}"` : `"${path}" is not a regular file`;
}

/** A user's containers have that user as root, and all others from a range that no file of the store names. */
export function unpackRules(root: PodmanRoot): UnpackRules {
  return {
    engine: 'containers-storage',
    inPlace: false,
    withoutDevices: root.isRootless,
    root: root.isRootless ? ownerOf(root) : { uid: 0, gid: 0 },
    isOneRange: !root.isRootless,
  };
}

function ownerOf({ files, driver }: StorageRoot): OwnerIds {
  const owner = attempt(() => files.ownerOf(`${driver}-layers`) ?? files.ownerOf('.'));
  return owner === undefined || owner instanceof Trouble ? { uid: 0, gid: 0 } : owner;
}
