// The lists of containers-storage (`images.json`, `layers.json`, `containers.json`), record by record: one that is damaged
// takes no other with it. Volatile containers, which do not outlive a boot, have lists of their own beside them.
import { asBytes, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { isHexId } from '../digest.ts';
import { trouble } from '../file-state.ts';
import { type JsonObject, parseJsonElements, quoted, requiredString, stringsOf } from '../formats/json.ts';
import { type ListName, listPath, type StorageRoot } from './root.ts';
import { RECORDS } from './shapes.ts';

/** A record of a list, of which only the ID was looked at. */
export interface ListRecord {
  readonly id: string;
  readonly object: JsonObject;
  readonly root: StorageRoot;
  /** Whether it is from the list of what does not outlive a boot. */
  readonly isVolatile: boolean;
}

export interface List {
  readonly records: ReadonlyMap<string, ListRecord>;
  /** What cannot be used of it, a sentence each. */
  readonly damage: readonly string[];
  /** Why there is no list at all, or only a part of it. */
  readonly unreadable?: Trouble;
}

/** Records that are told one by one; the rest is counted. */
const MOST_DAMAGE = 20;

/** A list that is not there is empty: containers-storage writes each when it has something to put in it. */
export function readList(root: StorageRoot, list: ListName): List {
  const records = new Map<string, ListRecord>();
  const damage: string[] = [];
  let unreadable: Trouble | undefined;
  for (const isVolatile of list === 'images' ? [false] : [false, true]) {
    const path = listPath(root, list, isVolatile);
    const elements = attempt(() => readElements(root, path, list));
    if (elements instanceof Trouble) {
      unreadable ??= elements;
      continue;
    }
    const told: string[] = [];
    for (const element of elements) {
      const record = element instanceof Trouble ? element : attempt(() => recordOf(element));
      if (record instanceof Trouble) {
        told.push(record.message);
        continue;
      }
      const before = records.get(record.id);
      if (before !== undefined) told.push(twice(record.object, record.id));
      const object = before === undefined ? record.object : withNames(record.object, before.object);
      records.set(record.id, { ...record, object, root, isVolatile });
    }
    for (const words of told.slice(0, MOST_DAMAGE)) damage.push(words);
    const more = told.length - MOST_DAMAGE;
    if (more > 0)
      damage.push(`Cannot use "${shownBytes(root.files.pathOf(path))}": ${more} more records like these`);
  }
  return { records, damage, ...(unreadable === undefined ? {} : { unreadable }) };
}

function readElements(
  { files }: StorageRoot,
  path: string,
  list: ListName,
): readonly (JsonObject | Trouble)[] {
  const bytes = files.readIfPresent(path);
  return bytes === undefined ? [] : parseJsonElements(bytes, files.pathOf(path), RECORDS[list]);
}

/** All IDs of containers-storage become names of directories. */
function recordOf(object: JsonObject): Pick<ListRecord, 'id' | 'object'> {
  const id = requiredString(object, 'id');
  if (isHexId(id)) return { id, object };
  throw trouble('use', object.file, `${object.prefix}id ${quoted(id)} is not 64 lower-case hex digits`);
}

function twice({ file, prefix }: JsonObject, id: string): string {
  return `Cannot trust "${shownBytes(asBytes(file))}": ${prefix}id is that of another record before it, ${id}; an engine takes the last`;
}

/** Of two records of one ID the last is what an engine uses, and the names of both lead there (layers.go, images.go: load). */
function withNames(object: JsonObject, before: JsonObject): JsonObject {
  const names = [...new Set([...namesOf(object, 'names'), ...namesOf(before, 'names')])];
  return { ...object, fields: { ...object.fields, names } };
}

/** Names of a record; undefined where the field is something else. */
export function namesOf(object: JsonObject, key: 'names' | 'names-history'): readonly string[] {
  const names = attempt(() => stringsOf(object, key));
  return names instanceof Trouble ? [] : names;
}

/** Where a field is, for messages. */
export function sourceOf(
  { file, prefix }: JsonObject,
  key: string,
): { readonly file: string; readonly part: string } {
  return { file, part: `${prefix}${key}` };
}
