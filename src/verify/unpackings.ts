// How a layer was unpacked, as far as its record and what lies on disk tell: in which dialect its marks are, by whose rules its
// tar was read, and which owners its files were given.
import { findRootsMark } from '../layers/dialect.ts';
import { OVERRIDE } from '../overlay/layer/translated.ts';
import type { LayerClaims } from '../store/claims.ts';
import type { Dialect, Layer } from '../store/layer-stack.ts';
import type { TarRecord } from '../store/record.ts';
import { directoryOf } from '../store/source.ts';
import type { ByteString } from '../sys/bytes.ts';
import { CONTAINERS_STORAGE_RULES, MOBY_RULES, type UnpackingRules } from '../unpack/rules.ts';
import { directoriesOf } from './below.ts';
import type { Unpacking } from './entry.ts';
import type { Finding } from './finding.ts';
import { OwnerMap, ROOT_OWNER } from './owners.ts';

/** What is kept in an attribute is as the containers' users see it. */
const FORCED: Finding = {
  severity: 'known',
  class: 'owner',
  message: `owners, modes and types are those that ${OVERRIDE} says (force_mask)`,
};

/** With `force_mask` devices can be told of, though they are files on disk. */
export const FORCED_UNPACKING: Unpacking = {
  owners: new OwnerMap(ROOT_OWNER, true),
  isForced: true,
  withoutDevices: false,
  inPlace: false,
  losesXattrs: false,
};

/** How root's own engine unpacks. */
const AS_ROOT = { root: ROOT_OWNER, isOneRange: true, withoutDevices: false } as const;

const CHANGED_OWNERS: Finding = {
  severity: 'known',
  class: 'owner',
  message:
    "owners look like a rootless store's, marks (trusted.overlay.*) are those of root's own engine: owners of a copy were changed",
};

export interface UnpackingOptions {
  /** How marks are written, where a person knows it better than the owners tell. */
  readonly dialect?: Dialect;
  /** Whether this process sees attributes named `trusted.*`. */
  readonly seesTrusted: boolean;
}

export class Unpackings {
  readonly #options: UnpackingOptions;
  /** One for all layers that were unpacked alike: what it learns of one holds for the others. */
  readonly #owners = new Map<string, OwnerMap>();
  /** By directory: whether a layer whose owners look rootless has marks of root's engine. */
  readonly #hasRootsMarks = new Map<ByteString, boolean>();

  constructor(options: UnpackingOptions) {
    this.#options = options;
  }

  /** The dialect of a layer's marks; `isChanged` where the owners tell of a rootless store, and the marks of root's own engine. */
  dialect(
    { source, dialect = 'trusted' }: Layer,
    below: readonly LayerClaims[],
  ): { readonly dialect: Dialect; readonly isChanged: boolean } {
    const { dialect: asked, seesTrusted } = this.#options;
    if (asked !== undefined) return { dialect: asked, isChanged: dialect === 'user' && asked === 'trusted' };
    if (dialect !== 'user' || !seesTrusted) return { dialect, isChanged: false };
    const isChanged = [directoryOf(source, 'verify'), ...directoriesOf(below)].some((directory) => {
      const known = this.#hasRootsMarks.get(directory) ?? findRootsMark([directory]) !== undefined;
      this.#hasRootsMarks.set(directory, known);
      return known;
    });
    return { dialect: isChanged ? 'trusted' : dialect, isChanged };
  }

  /** Of a layer that is not forced. */
  of({ rules }: TarRecord, isChanged: boolean): Unpacking {
    const changed = isChanged ? { ...rules, ...AS_ROOT } : rules;
    const { root, isOneRange, withoutDevices, inPlace, losesXattrs = false } = changed;
    const key = `${root.uid}:${root.gid} ${isOneRange}`;
    const owners = this.#owners.get(key) ?? new OwnerMap(root, isOneRange);
    this.#owners.set(key, owners);
    return { owners, isForced: false, withoutDevices, inPlace, losesXattrs };
  }
}

/** By whose code a layer was unpacked, and with which marks. A build step leaves the kernel's, whatever names lie beside them. */
export function rulesOf(
  { rules: { engine, inPlace } }: TarRecord,
  dialect: Dialect,
  holds: Layer['holds'],
): UnpackingRules {
  const rules = engine === 'containers-storage' ? CONTAINERS_STORAGE_RULES : MOBY_RULES;
  if (holds === 'tree') return rules.none;
  return rules[dialect === 'none' || (dialect === 'aufs' && inPlace) ? 'trusted' : dialect];
}

/** What there is to say of the way in which a layer was unpacked. */
export function unpackingFindings({ owners, isForced }: Unpacking, isChanged: boolean): Finding[] {
  return [
    ...(isForced ? [FORCED] : []),
    ...(isChanged ? [CHANGED_OWNERS] : []),
    ...(owners.isShifted ? [shiftFinding(owners)] : []),
  ];
}

function shiftFinding(owners: OwnerMap): Finding {
  const message = 'owners are those of a user namespace (userns-remap or rootless): root is another there';
  return { severity: 'known', class: 'owner', expected: '0:0', found: owners.describe(ROOT_OWNER), message };
}
