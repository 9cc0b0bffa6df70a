// What an engine's mount shows otherwise than the disk has it: owners by the numbers of a user namespace, owners, modes and types
// that a mount program keeps in an attribute (force_mask), file capabilities of a namespace, and attributes that are its own.
import type { Dialect } from '../../store/layer-stack.ts';
import type { IdRange, OwnerView } from '../../store/owner.ts';
import { E } from '../../sys/errors.ts';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK, STATX } from '../../sys/statx.ts';
import type { Table } from '../table.ts';
import type { Directories } from './directories.ts';
import { LayerReader, type LayerReading } from './reader.ts';

/** Owner, group, mode and type of a file as they would be without `force_mask` (containers-storage; fuse-overlayfs). */
export const OVERRIDE = 'user.containers.override_stat';
/** Where such a file has an attribute `security.…` of its own; what the disk has by that name is not the container's. */
const SECURITY_OVERRIDE = 'user.containers.override_security.';
const SECURITY = 'security.';
/** Attributes that fuse-overlayfs keeps for itself. */
const OWN_PREFIX = 'user.fuseoverlayfs.';
const CAPABILITY = 'security.capability';
/** What stat(2) shows of a number that the namespace does not have (/proc/sys/kernel/overflowuid). */
const NOBODY = 65534;
const TYPES = new Map([
  ['file', S_IFREG],
  ['dir', S_IFDIR],
  ['pipe', S_IFIFO],
  ['socket', S_IFSOCK],
]);

/** How one layer is shown. */
interface ShownLayer {
  readonly uids: NumberMap | undefined;
  readonly gids: NumberMap | undefined;
  /** Whether the mount program's own attributes may be there. */
  readonly hasOwn: boolean;
  /** Whether its files have `OVERRIDE`: as for fuse-overlayfs, its root tells. Undefined while that was not asked. */
  hasOverrides: boolean | undefined;
}

export class TranslatedReader extends LayerReader {
  override readonly showsDisk = false;
  readonly #table: Table;
  /** By layer, as `directories` counts them. */
  readonly #shown: ShownLayer[];
  /** Whether `status` was translated already, by the `examine` that `examineStored` falls back to. */
  #isDone = false;

  /** `owners` as `dialects`: for each layer how its owners are shown, undefined for those on disk. */
  constructor(
    table: Table,
    directories: Directories,
    dialects: readonly Dialect[],
    owners: readonly (OwnerView | undefined)[],
  ) {
    super(table, directories, dialects);
    this.#table = table;
    this.#shown = dialects.map((dialect, layer) => shownAs(dialect, owners[layer]));
  }

  override addLayer(layer: LayerReading): void {
    super.addLayer(layer);
    this.#shown.push(shownAs(layer.dialect, layer.owners));
  }

  #shownIn(directory: number): ShownLayer | undefined {
    return this.#shown[this.directories.layerOf(directory)];
  }

  override examine(directory: number, name: string): boolean {
    if (!super.examine(directory, name)) return false;
    this.#translate(directory, name);
    this.#isDone = true;
    return true;
  }

  override examineStored(directory: number, nameAt: number, length: number): boolean {
    this.#isDone = false;
    if (!super.examineStored(directory, nameAt, length)) return false;
    if (!this.#isDone) {
      this.#translate(
        directory,
        this.#hasOverrides(directory) ? this.#table.nameAt(nameAt, length) : undefined,
      );
    }
    return true;
  }

  /** `name` is there where the layer has overrides. */
  #translate(directory: number, name: string | undefined): void {
    const { status } = this;
    if (name !== undefined && this.#hasOverrides(directory) && this.#override(directory, name)) return;
    const shown = this.#shownIn(directory);
    if (shown?.uids === undefined || shown.gids === undefined) return;
    status[STATX.uid] = shown.uids.inside(status[STATX.uid] as number);
    status[STATX.gid] = shown.gids.inside(status[STATX.gid] as number);
  }

  #hasOverrides(directory: number): boolean {
    const shown = this.#shownIn(directory);
    if (shown === undefined) return false;
    if (shown.hasOverrides === undefined) {
      const root = this.directories.roots[this.directories.layerOf(directory)];
      shown.hasOverrides = root !== undefined && typeof super.xattrAnswer(root, '.', OVERRIDE) !== 'number';
    }
    return shown.hasOverrides;
  }

  /** Whether the file has an override that can be understood; then `status` says what it says. */
  #override(directory: number, name: string): boolean {
    const { status } = this;
    const type = (status[STATX.mode] as number) & S_IFMT;
    if (type !== S_IFREG && type !== S_IFDIR) return false;
    const answer = super.xattrAnswer(directory, name, OVERRIDE);
    const said = typeof answer === 'number' ? undefined : parseOverride(answer.toString('latin1'));
    if (said === undefined) return false;
    status[STATX.mode] = (said.type ?? type) | said.mode;
    if (this.#shownIn(directory)?.uids !== undefined) {
      status[STATX.uid] = said.uid;
      status[STATX.gid] = said.gid;
    }
    if (said.device !== undefined) [status[STATX.rdevMajor], status[STATX.rdevMinor]] = said.device;
    return true;
  }

  override xattrNames(directory: number, name: string): readonly string[] {
    const names = super.xattrNames(directory, name);
    if (this.#shownIn(directory)?.hasOwn !== true) return names;
    const shown = names.filter((attribute) => !isOwn(attribute));
    if (!this.#hasOverrides(directory)) return shown;
    return shown
      .filter((attribute) => !attribute.startsWith(SECURITY))
      .map((attribute) =>
        attribute.startsWith(SECURITY_OVERRIDE)
          ? SECURITY + attribute.slice(SECURITY_OVERRIDE.length)
          : attribute,
      );
  }

  override xattrAnswer(directory: number, name: string, attribute: string): Buffer | number {
    const shown = this.#shownIn(directory);
    if (shown?.hasOwn === true && isOwn(attribute)) return -E.ENODATA;
    if (attribute.startsWith(SECURITY) && this.#hasOverrides(directory)) {
      return super.xattrAnswer(directory, name, SECURITY_OVERRIDE + attribute.slice(SECURITY.length));
    }
    const answer = super.xattrAnswer(directory, name, attribute);
    if (shown?.uids === undefined || attribute !== CAPABILITY || typeof answer === 'number') return answer;
    return insideCapability(answer, shown.uids) ?? answer;
  }
}

function shownAs(dialect: Dialect, view: OwnerView | undefined): ShownLayer {
  return {
    uids: view && new NumberMap(view.uids, view.others),
    gids: view && new NumberMap(view.gids, view.others),
    hasOwn: dialect === 'aufs',
    hasOverrides: dialect === 'aufs' ? undefined : false,
  };
}

function isOwn(attribute: string): boolean {
  return attribute.startsWith(OWN_PREFIX) || attribute === OVERRIDE;
}

/** Numbers from outside of a user namespace to those inside. */
class NumberMap {
  readonly #ranges: readonly IdRange[];
  readonly #others: OwnerView['others'];
  /** The last that was asked, since most files of an image have one owner. */
  #last = -1;
  #answer = -1;

  constructor(ranges: readonly IdRange[], others: OwnerView['others']) {
    this.#ranges = ranges;
    this.#others = others;
  }

  inside(number: number): number {
    if (number !== this.#last) {
      this.#last = number;
      this.#answer = this.#find(number);
    }
    return this.#answer;
  }

  #find(number: number): number {
    const range = this.#ranges.find(({ outside, size }) => number >= outside && number < outside + size);
    if (range !== undefined) return number - range.outside + range.inside;
    return this.#others === 'kept' ? number : NOBODY;
  }
}

interface Override {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** Absent where only the mode was forced. */
  readonly type?: number;
  readonly device?: readonly [major: number, minor: number];
}

/** `uid:gid:mode`, with the type behind it or among the bits of the mode: `file`, `dir`, `pipe`, `char-1-3`. */
export function parseOverride(text: string): Override | undefined {
  const match = /^(\d{1,10}):(\d{1,10}):([0-7]{1,7})(?::([a-z]+)(?:-(\d{1,10})-(\d{1,10}))?)?$/.exec(text);
  if (match === null) return undefined;
  const [, uid, gid, octal = '', word, major, minor] = match;
  const common = { uid: Number(uid), gid: Number(gid), mode: Number.parseInt(octal, 8) & 0o7777 };
  const device = { device: [Number(major ?? 0), Number(minor ?? 0)] } as const;
  if (word === 'char') return { ...common, ...device, type: S_IFCHR };
  if (word === 'block') return { ...common, ...device, type: S_IFBLK };
  const type = TYPES.get(word ?? '');
  return { ...common, ...(type === undefined ? {} : { type }) };
}

/** `struct vfs_ns_cap_data` (linux/capability.h): magic and flags u32, permitted and inheritable twice, u32 rootid. */
const CAP = {
  revision: 0xff00_0000,
  revision2: 0x0200_0000,
  revision3: 0x0300_0000,
  rootid: 20,
  size3: 24,
} as const;

/** As the namespace's root sees them (cap_inode_getsecurity): without the root that they count for, where that is itself. */
function insideCapability(value: Buffer, uids: NumberMap): Buffer | undefined {
  if (value.length !== CAP.size3) return undefined;
  const magic = value.readUInt32LE(0);
  if ((magic & CAP.revision) >>> 0 !== CAP.revision3 || uids.inside(value.readUInt32LE(CAP.rootid)) !== 0)
    return undefined;
  const inside = Buffer.from(value.subarray(0, CAP.rootid));
  inside.writeUInt32LE(((magic & ~CAP.revision) | CAP.revision2) >>> 0, 0);
  return inside;
}
