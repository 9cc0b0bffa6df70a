// How the owners of a layer's tar became those of its files: the same numbers, or those that a user namespace puts in
// their place (userns-remap, rootless; user_namespaces(7)).

import type { OwnerIds } from '../store/owner.ts';

export const ROOT_OWNER: OwnerIds = { uid: 0, gid: 0 };

/** What a namespace adds to its user 1 at least: its numbers begin at 65536 at the lowest (useradd's SUB_UID_MIN is 100000). */
const LOWEST_ADDED = 65535;

/** The numbers of users, or those of groups: 0 is one number, all others lie in a row as they are in the namespace. */
class IdMap {
  readonly #root: number;
  /** What is added to numbers above 0; undefined where none was seen yet. */
  #added: number | undefined;

  constructor(root: number, added: number | undefined) {
    this.#root = root;
    this.#added = added;
  }

  /** Whether `found` on disk stands for `id` of the tar. The first number above 0 that can tells where the row begins. */
  fits(id: number, found: number): boolean {
    if (id === 0) return found === this.#root;
    // A number that was moved by less came through no namespace: two owners became one, or the owner is a user of the machine.
    if (this.#added === undefined && found - id >= LOWEST_ADDED) this.#added = found - id;
    return this.#added !== undefined && found === id + this.#added;
  }

  describe(id: number): string {
    if (id === 0) return String(this.#root);
    return this.#added === undefined ? `${id} in a user namespace` : String(id + this.#added);
  }
}

export class OwnerMap {
  readonly #uids: IdMap;
  readonly #gids: IdMap;
  /** What root of the containers is on disk. */
  readonly root: OwnerIds;

  /** With `isShift` all numbers have the same added as root; else where the others begin is learnt from the first. */
  constructor(root: OwnerIds, isShift: boolean) {
    this.root = root;
    this.#uids = new IdMap(root.uid, isShift || root.uid === 0 ? root.uid : undefined);
    this.#gids = new IdMap(root.gid, isShift || root.gid === 0 ? root.gid : undefined);
  }

  /** Whether the numbers on disk are others than in the tar. */
  get isShifted(): boolean {
    return this.root.uid !== 0 || this.root.gid !== 0;
  }

  fits(recorded: OwnerIds, found: OwnerIds): boolean {
    const isUser = this.#uids.fits(recorded.uid, found.uid);
    return this.#gids.fits(recorded.gid, found.gid) && isUser;
  }

  /** What the recorded owner should be on disk, `uid:gid`. */
  describe({ uid, gid }: OwnerIds): string {
    return `${this.#uids.describe(uid)}:${this.#gids.describe(gid)}`;
  }
}
