// What an engine mounts in a container beside its layers, as its records tell: what each kind of store answers alike. Where that lies is
// told and not looked at, except for names in the store itself.
import { normalize } from 'node:path/posix';
import type { StoreFiles } from './files.ts';

export interface Mounting {
  readonly kind: 'volume' | 'image' | 'bind' | 'tmpfs';
  /** Path in the container, as the record has it. */
  readonly at: string;
  /** Name of a volume or an image, path of what is bound; empty where that is not known. */
  readonly label: string;
  readonly place: MountedPlace;
  /** A file that the engine makes for the container (`/etc/hosts`): where it is not there any more, nothing is mounted. */
  readonly isEngines?: true;
}

export type MountedPlace =
  /** A path below the root of a store. */
  | { readonly kind: 'store'; readonly files: StoreFiles; readonly path: string }
  /** A path of the machine, as the record has it. */
  | { readonly kind: 'machine'; readonly path: string }
  /** An image by a reference to it. */
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'nothing' };

/** A directory of the machine that is a store's root here. */
export interface RecordedRoot {
  readonly path: string;
  readonly files: StoreFiles;
}

/** A path of the machine: in a store wherever that is now, if it is below the root that the engine had. */
export function placeOfSource(path: string, root: RecordedRoot | undefined): MountedPlace {
  const below = root === undefined ? undefined : belowRoot(path, root.path);
  if (root === undefined || below === undefined) return { kind: 'machine', path };
  return { kind: 'store', files: root.files, path: below };
}

function belowRoot(path: string, root: string): string | undefined {
  const clean = path.startsWith('/') ? normalize(path) : path;
  return root !== '' && clean.startsWith(`${root}/`) ? clean.slice(root.length + 1) : undefined;
}

/** What comes before `end` in a path that ends so; undefined for another. */
export function rootBefore(path: string, end: string): string | undefined {
  return path.startsWith('/') && path.endsWith(`/${end}`) ? path.slice(0, -end.length - 1) : undefined;
}

/** One of a runtime's spec: what is bound, and tmpfs that are not below /dev; the rest is the kernel's own. */
export function ofRuntimeSpec(
  { type, source, destination: at }: { type: string; source: string; destination: string },
  root: RecordedRoot | undefined,
): Mounting | undefined {
  if (type === 'bind') return { kind: 'bind', at, label: source, place: placeOfSource(source, root) };
  const isDevice = at === '/dev' || at.startsWith('/dev/');
  return type === 'tmpfs' && !isDevice
    ? { kind: 'tmpfs', at, label: '', place: { kind: 'nothing' } }
    : undefined;
}

/** In the order in which an engine mounts: what lies above first. One place is told once, by the first that tells of it. */
export function inOrder(all: readonly Mounting[]): Mounting[] {
  const once = new Map<string, Mounting>();
  for (const each of all) {
    const at = normalize(each.at);
    if (!once.has(at)) once.set(at, each);
  }
  const depth = ({ at }: Mounting) => normalize(at).split('/').length;
  return [...once.values()].sort((a, b) => depth(a) - depth(b));
}
