// The extended attributes of a tree's nodes under the names that the overlay shows, which differ from those on disk.
import type { ByteString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { shownXattr, storedXattr } from './layer/marks.ts';
import type { LayerReader } from './layer/reader.ts';
import type { Places } from './place.ts';
import { FLAG, type Table } from './table.ts';

/** Names that every file system knows; whether it knows another one has to be asked. */
const COMMON_XATTR = /^(?:user|trusted|security)\.|^system\.posix_acl_(?:access|default)$/;
const XATTR_NAME_MAX = 255;
/** Answers that say that there is no such attribute, or can be none. */
const NONE: ReadonlySet<number> = new Set([-E.ENODATA, -E.EOPNOTSUPP]);

export class Xattrs {
  readonly #table: Table;
  readonly #reader: LayerReader;
  readonly #places: Places;

  constructor(table: Table, reader: LayerReader, places: Places) {
    this.#table = table;
    this.#reader = reader;
    this.#places = places;
  }

  /** Names as the overlay shows them. Throws Errno. */
  names(node: number): string[] {
    if ((this.#table.flags(node) & FLAG.noXattrs) !== 0) return [];
    const place = this.#places.of(node);
    const prefix = this.#reader.prefixOf(place[0]);
    return this.#reader.xattrNames(...place).flatMap((onDisk) => shownXattr(onDisk, prefix) ?? []);
  }

  /** The value, or a negative errno where there is none: ENODATA, EOPNOTSUPP for a name no attribute can have. Throws Errno. */
  answer(node: number, shown: string): Buffer | number {
    const place = this.#places.of(node);
    const prefix = this.#reader.prefixOf(place[0]);
    // xattr_resolve_name(): the overlay's own prefix alone is no name.
    if (shown === prefix) return -E.EINVAL;
    const stored = storedXattr(shown, prefix);
    // ovl_xattr_escape_name(): escaping may make a name too long.
    if (stored.length > XATTR_NAME_MAX) return -E.EOPNOTSUPP;
    if ((this.#table.flags(node) & FLAG.noXattrs) !== 0 && COMMON_XATTR.test(shown)) return -E.ENODATA;
    const value = this.#reader.xattrAnswer(...place, stored);
    if (typeof value !== 'number' || NONE.has(value)) return value;
    throw new Errno(-value, `read an attribute of ${this.#places.describe(node)}`);
  }

  /** Undefined where there is none of that name. Throws Errno. */
  value(node: number, shown: string): Buffer | undefined {
    const value = this.answer(node, shown);
    return typeof value === 'number' ? undefined : value;
  }

  all(node: number): Map<ByteString, Buffer> {
    const all = new Map<ByteString, Buffer>();
    for (const name of this.names(node)) {
      const value = this.value(node, name);
      if (value !== undefined) all.set(name as ByteString, value);
    }
    return all;
  }
}
