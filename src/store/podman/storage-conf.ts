// `storage.conf`: where containers-storage keeps what on a machine, and which other roots it takes images from
// (containers-storage.conf(5)).

import { parse, TomlError } from 'smol-toml';
import { asBytes, shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';

export interface StorageConf {
  /** Empty where it is not said. */
  readonly graphRoot: string;
  /** Of what does not outlive a boot; empty where it is not said. */
  readonly runRoot: string;
  /** Where images are kept apart from containers; empty where they are not. */
  readonly imageStore: string;
  /** For users, with `$HOME`, `$USER` and `$UID` in it; empty where it is not said. */
  readonly rootlessPath: string;
  readonly additionalStores: readonly string[];
}

const NOTHING: StorageConf = {
  graphRoot: '',
  runRoot: '',
  imageStore: '',
  rootlessPath: '',
  additionalStores: [],
};

/** What a file says on top of what those before it said. `file` names it in messages. Throws Trouble. */
export function parseStorageConf(bytes: Buffer, file: string, before: StorageConf = NOTHING): StorageConf {
  const storage = tableOf(toml(bytes, file), 'storage', file);
  const options = tableOf(storage, 'options', file);
  const text = (table: Table, key: string, otherwise: string) => textOf(table, key, file) ?? otherwise;
  return {
    graphRoot: text(storage, 'graphroot', before.graphRoot),
    runRoot: text(storage, 'runroot', before.runRoot),
    imageStore: text(storage, 'imagestore', before.imageStore),
    rootlessPath: text(storage, 'rootless_storage_path', before.rootlessPath),
    additionalStores: textsOf(options, 'additionalimagestores', file) ?? before.additionalStores,
  };
}

/** A path of it for a user. */
export function expand(
  path: string,
  { home, user, uid }: { home: string; user: string; uid?: number },
): string {
  const values: Readonly<Record<string, string>> = { HOME: home, USER: user, UID: String(uid ?? '') };
  return path.replace(
    /\$(?:\{(HOME|USER|UID)\}|(HOME|USER|UID)\b)/g,
    (_, braced, bare) => values[braced ?? bare] ?? '',
  );
}

/** CRI-O's own configuration can name the roots, too (crio.conf(5)); empty where they are not said. Throws Trouble. */
export function parseCrioConf(bytes: Buffer, file: string): Pick<StorageConf, 'graphRoot' | 'runRoot'> {
  const table = tableOf(toml(bytes, file), 'crio', file);
  return { graphRoot: textOf(table, 'root', file) ?? '', runRoot: textOf(table, 'runroot', file) ?? '' };
}

type Table = Readonly<Record<string, unknown>>;

function toml(bytes: Buffer, file: string): Table {
  try {
    return parse(bytes.toString('utf8')) as Table;
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    throw new Trouble(
      'store',
      `Cannot parse "${shownBytes(asBytes(file))}": line ${cause.line} is not valid TOML`,
      { cause },
    );
  }
}

function tableOf(table: Table, key: string, file: string): Table {
  const value = Object.hasOwn(table, key) ? table[key] : {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Table;
  throw wrong(file, key, 'a table');
}

function textOf(table: Table, key: string, file: string): string | undefined {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw wrong(file, key, 'a string');
}

function textsOf(table: Table, key: string, file: string): readonly string[] | undefined {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw wrong(file, key, 'a list of strings');
}

function wrong(file: string, key: string, wanted: string): Trouble {
  return new Trouble('store', `Cannot use "${shownBytes(asBytes(file))}": ${key} is not ${wanted}`);
}
