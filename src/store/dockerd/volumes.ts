// Docker's volumes: the directories below `volumes/`, and what `volumes/metadata.db` and each `opts.json` say of them
// (moby volume/local/local.go, volume/service/db.go).
import type { ByteString } from '../../sys/bytes.ts';
import { attempt, type Trouble } from '../../sys/errors.ts';
import type { StoreFiles } from '../files.ts';
import { readBolt } from '../formats/bolt.ts';
import { type JsonObject, optionalObject, optionalString, parseJson } from '../formats/json.ts';
import { VOLUME_OPTIONS, VOLUME_RECORD } from './shapes.ts';

const DIRECTORY = 'volumes';
export const VOLUMES_DATABASE = `${DIRECTORY}/metadata.db`;
/** What the driver keeps for itself beside the volumes. */
const NOT_VOLUMES: readonly string[] = ['metadata.db', 'backingFsBlockDev'];
/** names.RestrictedNameChars of moby, as the local driver asks it. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const LOCAL = 'local';

/** What the database says of a volume. */
export interface VolumeRecord {
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

/** Of the local driver, since others keep theirs elsewhere. */
export interface VolumeDirectory {
  readonly name: ByteString;
  /** Relative to the data root. */
  readonly path: string;
}

export interface Volumes {
  readonly directories: readonly VolumeDirectory[];
  /** Other names in there. */
  readonly foreign: readonly ByteString[];
  /** By name; a record that cannot be used is a Trouble. */
  readonly records: ReadonlyMap<ByteString, VolumeRecord | Trouble>;
}

/** Where the contents of a volume lie, relative to the data root. */
export function volumeData({ path }: VolumeDirectory): string {
  return `${path}/_data`;
}

export function isLocal({ driver }: Pick<VolumeRecord, 'driver'>): boolean {
  return driver === LOCAL || driver === '';
}

/** Sorted; none where there is no such directory. Throws Trouble. */
export function volumeDirectories(files: StoreFiles): Pick<Volumes, 'directories' | 'foreign'> {
  const names = (files.namesIfPresent(DIRECTORY) ?? []).filter((name) => !NOT_VOLUMES.includes(name));
  const isVolume = (name: ByteString) =>
    NAME.test(name) && files.kindOf(`${DIRECTORY}/${name}`) === 'directory';
  const volumes = new Set(names.filter(isVolume));
  return {
    directories: [...volumes].map((name) => ({ name, path: `${DIRECTORY}/${name}` })),
    foreign: names.filter((name) => !volumes.has(name)),
  };
}

/** Empty where there is no database, as before Docker 1.13. Throws Trouble. */
export function volumeRecords(files: StoreFiles): Volumes['records'] {
  const records = files.withPartsIfPresent(VOLUMES_DATABASE, (file) =>
    readBolt(file, (root) => {
      const entries = [...(root.bucket('volumes')?.entries() ?? [])];
      return new Map(
        entries.flatMap(({ key, value }) => (value ? [[key, record(value, file.path, key)] as const] : [])),
      );
    }),
  );
  return records ?? new Map();
}

function record(value: Buffer, file: string, key: ByteString): VolumeRecord | Trouble {
  return attempt(() => {
    const fields = parseJson(value, `${file}" at "${key}`, VOLUME_RECORD);
    return {
      driver: optionalString(fields, 'Driver') ?? '',
      labels: strings(optionalObject(fields, 'Labels')),
      options: strings(optionalObject(fields, 'Options')),
    };
  });
}

/** `type`, `device` and `o` of a volume that is a mount of something else; undefined where it is none. Throws Trouble. */
export function volumeOptions(
  files: StoreFiles,
  { path }: VolumeDirectory,
): Record<string, string> | undefined {
  const file = `${path}/opts.json`;
  const bytes = files.readIfPresent(file);
  if (bytes === undefined) return undefined;
  const fields = parseJson(bytes, files.pathOf(file), VOLUME_OPTIONS);
  const options = {
    type: optionalString(fields, 'MountType') ?? '',
    device: optionalString(fields, 'MountDevice') ?? '',
    o: optionalString(fields, 'MountOpts') ?? '',
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== ''));
}

function strings(object: JsonObject | undefined): Record<string, string> {
  const entries = Object.entries(object?.fields ?? {});
  return Object.fromEntries(
    entries.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}
