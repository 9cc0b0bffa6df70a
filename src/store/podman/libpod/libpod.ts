// What Podman itself keeps of containers and pods: `db.sql` (SQLite), or `libpod/bolt_state.db` (bolt) where it began before
// version 4.8. Both hold the same JSON; the columns beside it in SQLite are not kept up to date, so nothing is taken from them.
import { asBytes, type ByteString, bytesOfText, shownBytes } from '../../../sys/bytes.ts';
import { attempt, Trouble } from '../../../sys/errors.ts';
import { isHexId } from '../../digest.ts';
import type { StoreFiles } from '../../files.ts';
import { type Bucket, readBolt } from '../../formats/bolt.ts';
import {
  booleanOf,
  integerOf,
  type JsonObject,
  optionalObject,
  optionalString,
  parseJson,
  stringsOf,
  timeOf,
} from '../../formats/json.ts';
import { readSqlite, type SqliteDatabase, type SqliteRow } from '../../formats/sqlite.ts';
import { layerOfMountPoint } from '../root.ts';
import { CONTAINER_CONFIG, CONTAINER_STATE, POD_CONFIG, VOLUME_CONFIG } from '../shapes.ts';

export const SQLITE_DATABASE = 'db.sql';
export const BOLT_DATABASE = 'libpod/bolt_state.db';

/** What Podman knows of a container. */
export interface PodmanContainer {
  readonly id: string;
  readonly name: string;
  /** As it was created. */
  readonly config: JsonObject;
  /** What became of it; a Trouble where that cannot be used. */
  readonly state: JsonObject | Trouble | undefined;
  readonly podId?: string;
}

/** What Podman knows of a named volume. */
export interface PodmanVolume {
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

export interface Libpod {
  readonly containers: ReadonlyMap<string, PodmanContainer>;
  /** By name. */
  readonly volumes: ReadonlyMap<ByteString, PodmanVolume>;
  /** Names of pods by ID. */
  readonly pods: ReadonlyMap<string, string>;
  /** Where volatile things and mounts of it are, on its machine. */
  readonly runRoot?: string;
  /** What cannot be used of it, a sentence each. */
  readonly damage: readonly string[];
}

const NOTHING: Libpod = { containers: new Map(), volumes: new Map(), pods: new Map(), damage: [] };

/** Empty where there is no database, as for CRI-O and Buildah. Never throws Trouble: all of it can be done without. */
export function readLibpod(files: StoreFiles): Libpod {
  const sqlite = attempt(() =>
    readSqlite(files, SQLITE_DATABASE, (database) => fromSqlite(database, files.pathOf(SQLITE_DATABASE))),
  );
  // Podman 4.8 and later go on with the older database where they find one, and make no other.
  const bolt = attempt(() =>
    files.withPartsIfPresent(BOLT_DATABASE, (file) => readBolt(file, (root) => fromBolt(root, file.path))),
  );
  const read = [sqlite, bolt].flatMap((found) =>
    found === undefined ? [] : found instanceof Trouble ? [{ ...NOTHING, damage: [found.message] }] : [found],
  );
  return {
    containers: new Map(read.flatMap(({ containers }) => [...containers])),
    volumes: new Map(read.flatMap(({ volumes }) => [...volumes])),
    pods: new Map(read.flatMap(({ pods }) => [...pods])),
    damage: read.flatMap(({ damage }) => damage),
    ...read.reduce<{ runRoot?: string }>(
      (all, { runRoot }) => (runRoot === undefined ? all : { runRoot }),
      {},
    ),
  };
}

/** Gathers records, and what is wrong with some of them. */
class Gathering {
  readonly containers = new Map<string, PodmanContainer>();
  readonly volumes = new Map<ByteString, PodmanVolume>();
  readonly pods = new Map<string, string>();
  readonly damage: string[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  container(id: string, config: Buffer, state: Buffer | undefined, podId: string): void {
    this.#try(() => {
      if (!isHexId(id))
        throw new Trouble(
          'store',
          `Cannot use "${shownBytes(asBytes(this.#file))}": it has a container whose ID is none`,
        );
      const at = `${this.#file}" at container "${id}`;
      const object = parseJson(config, at, CONTAINER_CONFIG);
      const pod = isHexId(podId) ? podId : (optionalString(object, 'pod') ?? '');
      this.containers.set(id, {
        id,
        name: optionalString(object, 'name') ?? '',
        config: object,
        state: state && attempt(() => parseJson(state, at, CONTAINER_STATE)),
        ...(pod === '' ? {} : { podId: pod }),
      });
    });
  }

  pod(id: string, config: Buffer): void {
    this.#try(() => {
      const name =
        optionalString(parseJson(config, `${this.#file}" at pod "${id}`, POD_CONFIG), 'name') ?? '';
      if (name !== '') this.pods.set(id, name);
    });
  }

  volume(name: ByteString, config: Buffer): void {
    this.#try(() => {
      const object = parseJson(config, `${this.#file}" at volume "${name}`, VOLUME_CONFIG);
      this.volumes.set(name, {
        driver: optionalString(object, 'volumeDriver') ?? '',
        labels: textsOf(optionalObject(object, 'labels')),
        options: textsOf(optionalObject(object, 'volumeOptions')),
      });
    });
  }

  #try(use: () => void): void {
    const failure = attempt(use);
    if (failure instanceof Trouble && this.damage.length < MOST_DAMAGE) this.damage.push(failure.message);
  }
}

const MOST_DAMAGE = 20;

function textsOf(object: JsonObject | undefined): Record<string, string> {
  const entries = Object.entries(object?.fields ?? {});
  return Object.fromEntries(
    entries.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}

function fromSqlite(database: SqliteDatabase, file: string): Libpod {
  const found = new Gathering(file);
  const states = new Map<string, Buffer>();
  for (const row of database.rows('ContainerState') ?? [])
    states.set(textOf(row, 'ID'), bytesOf(row, 'JSON'));
  for (const row of database.rows('ContainerConfig') ?? []) {
    const id = textOf(row, 'ID');
    found.container(id, bytesOf(row, 'JSON'), states.get(id), textOf(row, 'PodID'));
  }
  for (const row of database.rows('PodConfig') ?? []) found.pod(textOf(row, 'ID'), bytesOf(row, 'JSON'));
  for (const row of database.rows('VolumeConfig') ?? [])
    found.volume(bytesOfText(textOf(row, 'Name')), bytesOf(row, 'JSON'));
  const [config] = database.rows('DBConfig') ?? [];
  const runRoot = config === undefined ? '' : textOf(config, 'RunRoot');
  return { ...found, ...(runRoot === '' ? {} : { runRoot }) };
}

function textOf(row: SqliteRow, column: string): string {
  return bytesOf(row, column).toString('utf8');
}

/** JSON is text in some rows and a blob in others. */
function bytesOf(row: SqliteRow, column: string): Buffer {
  const value = row.get(column);
  if (Buffer.isBuffer(value)) return value;
  return typeof value === 'string' ? Buffer.from(value) : Buffer.alloc(0);
}

function fromBolt(root: Bucket, file: string): Libpod {
  const found = new Gathering(file);
  for (const { key, bucket } of root.bucket('ctr')?.entries() ?? []) {
    const config = bucket?.get('config');
    const podId = bucket?.get('pod-id')?.toString('latin1') ?? '';
    if (config !== undefined) found.container(key, config, bucket?.get('state'), podId);
  }
  for (const { key, bucket } of root.bucket('pod')?.entries() ?? []) {
    const config = bucket?.get('config');
    if (config !== undefined) found.pod(key, config);
  }
  for (const { key, bucket } of root.bucket('vol')?.entries() ?? []) {
    const config = bucket?.get('config');
    if (config !== undefined) found.volume(key, config);
  }
  const runRoot = root.bucket('runtime-config')?.get('run-root')?.toString('utf8') ?? '';
  return { ...found, ...(runRoot === '' ? {} : { runRoot }) };
}

/** libpod/define/containerstate.go */
const STATES = new Map<number, string>([
  [1, 'created'],
  [2, 'created'],
  [3, 'running'],
  [4, 'exited'],
  [5, 'paused'],
  [6, 'exited'],
  [7, 'removing'],
  [8, 'stopping'],
]);
const STARTED: readonly string[] = ['running', 'paused', 'stopping'];
/** Go's zero time. */
export const NEVER = '0001-01-01T00:00:00Z';

export interface ContainerState {
  /** As `podman ps` words it where it can be told offline. */
  readonly status: string;
  /** Whether its layer may change. */
  readonly isRunning: boolean;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

/** Throws Trouble where the state is damaged. */
export function stateOf({ state }: PodmanContainer): ContainerState {
  if (state === undefined) return { status: 'unknown', isRunning: false };
  if (state instanceof Trouble) throw state;
  const word = STATES.get(integerOf(state, 'state')) ?? 'unknown';
  const startedAt = timeOf(state, 'startedTime');
  const finishedAt = timeOf(state, 'finishedTime');
  return {
    status: word === 'exited' ? `exited (${integerOf(state, 'exitCode')})` : word,
    isRunning: STARTED.includes(word),
    ...(startedAt === undefined || startedAt === NEVER ? {} : { startedAt }),
    ...(finishedAt === undefined || finishedAt === NEVER ? {} : { finishedAt }),
  };
}

/** The layer that it was mounted from, by the path of that mount; undefined where it was not mounted. */
export function mountedLayer({ state }: PodmanContainer): string | undefined {
  if (state === undefined || state instanceof Trouble) return undefined;
  const mountPoint = attempt(() => optionalString(state, 'mountPoint') ?? '');
  if (mountPoint instanceof Trouble) return undefined;
  return layerOfMountPoint(mountPoint);
}

/** The words of its command, as `podman ps` joins them: an entry point is none of them (pkg/ps/ps.go). */
export function commandOf({ config }: PodmanContainer): string {
  const words = attempt(() => stringsOf(config, 'command'));
  return words instanceof Trouble ? '' : words.join(' ');
}

/** Whether all that it does is to hold its pod together (libpod/container_config.go names the field so). */
export function holdsPod({ config }: PodmanContainer): boolean {
  const pause = attempt(() => booleanOf(config, 'pause'));
  return pause === true;
}

/** A directory of the machine that is its tree instead of layers (`--rootfs`). */
export function rootfsOf({ config }: PodmanContainer): string | undefined {
  const rootfs = attempt(() => optionalString(config, 'rootfs') ?? '');
  return rootfs instanceof Trouble || rootfs === '' ? undefined : rootfs;
}
