// Whose a path, an ID or a name is, where a root has several stores: each is asked, and what they share is told once. A path that none
// of them knows is the engine's, as `df` says of it.
import { join } from 'node:path';
import { StoreFiles } from '../store/files.ts';
import type { Machine } from '../store/machine/machine.ts';
import { realRoot } from '../store/named.ts';
import { asBytes, type ByteString, bytesOfText, shownBytes } from '../sys/bytes.ts';
import { attempt, Trouble } from '../sys/errors.ts';
import type { OwnedPlace } from './disk-usage.ts';
import { enginePart } from './engine-part.ts';
import type { StoreOwners } from './health.ts';
import type { OwnerKind, StorePart } from './part.ts';

/** What is the same thing in every store of a root that has it. */
const SHARED: readonly OwnerKind[] = ['volume', 'container'];

export class SeveralOwners {
  readonly #stores: readonly StoreOwners[];
  /** Absolute, each once. */
  readonly #directories: readonly ByteString[];

  /** What `df` knows of: asked for once, and only where it is wanted. */
  readonly #findPlaces: () => readonly OwnedPlace[];
  #places?: readonly OwnedPlace[];

  /** Of all stores of a root, at least one. */
  constructor(stores: readonly StoreOwners[], places: () => readonly OwnedPlace[]) {
    this.#stores = stores;
    this.#findPlaces = places;
    this.#directories = [...new Set(stores.flatMap(({ directories }) => directories))];
  }

  /** What could not be listed, each once, so that answers may lack something. */
  get damage(): readonly Error[] {
    const all = this.#stores.flatMap(({ damage }) => damage);
    return [...new Map(all.map((error) => [error.message, error])).values()];
  }

  /**
   * All that is known by these words, at least one thing. A store that has a record of a directory knows more than one that has
   * none. `machine` is the one whose paths are meant. Throws Trouble where nothing is known.
   */
  of(asked: ByteString, machine: Machine): readonly StorePart[] {
    const path = asked.includes('/') ? this.#placeOf(asked, machine) : undefined;
    const byPath = path === undefined ? [] : this.#ofPath(path);
    const all = byPath.length > 0 ? byPath : withoutRepeated(this.#stores.map((each) => each.ofWords(asked)));
    if (all.length > 0) return all;
    const place = path ?? this.#placeOf(asked, machine);
    if (place === undefined || !this.#isThere(place)) throw this.#unknown(asked);
    this.#places ??= this.#findPlaces();
    const part = enginePart(place, this.#places);
    if (part === undefined) throw this.#unknown(asked);
    return [part];
  }

  #unknown(asked: ByteString): Trouble {
    const roots = this.#directories.map((directory) => `"${shownBytes(directory)}"`).join(' and ');
    const are = this.#directories.length === 1 ? 'is the data root' : 'are the roots';
    const hint = this.#stores.map((each) => each.hint(asked)).find((one) => one !== '') ?? '';
    const state = asked.startsWith('/')
      ? `no image or container has anything to do with it (${roots} ${are})`
      : `nothing in the store has this name, ID or path${hint}`;
    return new Trouble('reference', `Cannot find whose "${shownBytes(asked)}" is: ${state}`);
  }

  #isThere(path: ByteString): boolean {
    return this.#directories.some((directory) => {
      if (path === directory) return true;
      if (!path.startsWith(`${directory}/`)) return false;
      const kind = attempt(() => new StoreFiles(directory).kindOf(path.slice(directory.length + 1)));
      return kind !== undefined && !(kind instanceof Trouble);
    });
  }

  #ofPath(path: ByteString): StorePart[] {
    const parts = withoutRepeated(
      this.#stores.map((each) =>
        each.directories.some((directory) => path.startsWith(`${directory}/`)) ? each.ofPath(path) : [],
      ),
    );
    const recorded = parts.filter(({ kind }) => kind !== 'directory');
    return recorded.length > 0 ? recorded : parts.slice(0, 1);
  }

  /**
   * Where a path lies, absolute: in one of the directories, by a path of this machine or of the one whose disk is looked at, or
   * relative to the first.
   */
  #placeOf(asked: ByteString, machine: Machine): ByteString | undefined {
    const here = asBytes(asked.startsWith('/') ? asked : join(bytesOfText(process.cwd()), asked));
    const real = (path: ByteString) => {
      const found = attempt(() => realRoot(path));
      return found instanceof Trouble ? undefined : found;
    };
    const found =
      (asked.startsWith('/') && !machine.isThis
        ? this.#insideOf(asked, (path) => machine.directory(path))
        : undefined) ?? this.#insideOf(here, real);
    const [first] = this.#directories;
    return found ?? (asked.startsWith('/') || first === undefined ? undefined : asBytes(`${first}/${asked}`));
  }

  /**
   * An absolute path with the links on its way to one of the directories resolved; what is inside is as it stands, since a layer's
   * link leads nowhere. Undefined where it leads into none.
   */
  #insideOf(
    path: ByteString,
    directoryAt: (path: ByteString) => ByteString | undefined,
  ): ByteString | undefined {
    const names = path.split('/').filter((name) => name !== '');
    for (let count = 0; count <= names.length; count++) {
      const place = directoryAt(asBytes(`/${names.slice(0, count).join('/')}`));
      if (place === undefined) return undefined;
      if (this.#directories.some((directory) => place === directory || place.startsWith(`${directory}/`)))
        return asBytes([place, ...names.slice(count)].join('/'));
    }
    return undefined;
  }
}

/**
 * Stores of one root know the same volumes, and each has the records of the others' containers: what several tell of is told
 * once, by the one that knows most of what it is made of.
 */
function withoutRepeated(answers: readonly (readonly StorePart[])[]): StorePart[] {
  const told: StorePart[] = [];
  for (const parts of answers) {
    // One store may have the same ID twice, in two namespaces.
    const before = told.length;
    for (const part of parts) {
      const same = told.findIndex(({ kind, id }, i) => i < before && kind === part.kind && id === part.id);
      const known = told[same];
      if (known === undefined || !SHARED.includes(part.kind)) told.push(part);
      else if (part.uses.length > known.uses.length) told[same] = part;
    }
  }
  return told;
}
