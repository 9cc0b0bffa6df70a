// What OCI's formats say, whichever engine keeps them: an image's config with its history and diff IDs, and how an image or a
// container is run (environment, command, user and the rest of what `docker inspect` shows below Config). Only the fields'
// types are checked.
import { Trouble } from '../../sys/errors.ts';
import { type DiffId, parseDiffId } from '../digest.ts';
import {
  booleanOf,
  integerOf,
  type JsonObject,
  objectsOf,
  optionalObject,
  optionalString,
  requiredObject,
  stringsOf,
  timeOf,
} from '../formats/json.ts';

/** One step of an image's history, as its config records it. */
export interface HistoryStep {
  readonly created?: string;
  readonly createdBy?: string;
  readonly comment?: string;
  readonly emptyLayer: boolean;
}

/** What a field says; null for a variable that is named without a value. */
export type ConfigValue = string | number | null | readonly string[];

/** Empty and absent are the same, as for Docker. */
export interface Configuration {
  readonly kind: 'image' | 'container';
  /** `NAME=value`, in the order of the config. */
  readonly env: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  /** All other fields that say something, by the name Docker has for them: `Cmd`, `Healthcheck.Test`, `architecture`. */
  readonly fields: ReadonlyMap<string, ConfigValue>;
  /** Of a container: path of the file that its output goes to, on the machine that ran it. */
  readonly logFile?: string;
}

const HEALTH_NUMBERS = ['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'] as const;
const PLATFORM = ['architecture', 'os', 'variant'] as const;

/** The layers that an image's config names, base first. Throws Trouble. */
export function diffIdsOf(config: JsonObject): DiffId[] {
  const { file } = config;
  return stringsOf(requiredObject(config, 'rootfs'), 'diff_ids').map((text, index) =>
    parseDiffId(text, { file, part: `rootfs.diff_ids[${index}]` }),
  );
}

/** Oldest first. It is for display only, so a history that cannot be understood is none. */
export function stepsOfConfig(config: JsonObject): HistoryStep[] {
  try {
    return objectsOf(config, 'history').map((step) => {
      const created = timeOf(step, 'created');
      const createdBy = optionalString(step, 'created_by');
      const comment = optionalString(step, 'comment');
      return {
        ...(created === undefined ? {} : { created }),
        ...(createdBy === undefined ? {} : { createdBy }),
        ...(comment === undefined ? {} : { comment }),
        emptyLayer: booleanOf(step, 'empty_layer'),
      };
    });
  } catch (error) {
    if (error instanceof Trouble) return [];
    throw error;
  }
}

/** How an image is run. Throws Trouble that names the file and the field where its config is damaged. */
export function imageConfiguration(config: JsonObject): Configuration {
  const platform = PLATFORM.map((key) => [key, optionalString(config, key) ?? ''] as const);
  return configurationOf('image', config, 'config', platform);
}

/** How a container is run, by the object that has the fields `Config` and `LogPath` as Docker writes it. Throws Trouble as for an image. */
export function containerConfiguration(container: JsonObject): Configuration {
  const logFile = optionalString(container, 'LogPath') ?? '';
  const configuration = configurationOf('container', container, 'Config', []);
  return logFile === '' ? configuration : { ...configuration, logFile };
}

function configurationOf(
  kind: Configuration['kind'],
  whole: JsonObject,
  key: 'config' | 'Config',
  platform: readonly (readonly [key: string, value: ConfigValue])[],
): Configuration {
  const config = optionalObject(whole, key) ?? { ...whole, prefix: `${key}.`, fields: {} };
  const health = optionalObject(config, 'Healthcheck') ?? { ...config, fields: {} };
  const labels = optionalObject(config, 'Labels');
  const fields: readonly (readonly [key: string, value: ConfigValue])[] = [
    ['Entrypoint', stringsOf(config, 'Entrypoint')],
    ['Cmd', stringsOf(config, 'Cmd')],
    ['User', optionalString(config, 'User') ?? ''],
    ['WorkingDir', optionalString(config, 'WorkingDir') ?? ''],
    ['ExposedPorts', setOf(config, 'ExposedPorts')],
    ['Volumes', setOf(config, 'Volumes')],
    ['StopSignal', optionalString(config, 'StopSignal') ?? ''],
    ['Shell', stringsOf(config, 'Shell')],
    ['Healthcheck.Test', stringsOf(health, 'Test')],
    ...HEALTH_NUMBERS.map((name) => [`Healthcheck.${name}`, integerOf(health, name)] as const),
    ['OnBuild', stringsOf(config, 'OnBuild')],
    ...platform,
  ];
  return {
    kind,
    env: stringsOf(config, 'Env'),
    labels: new Map(
      Object.keys(labels?.fields ?? {}).map((name) => [name, (labels && optionalString(labels, name)) ?? '']),
    ),
    fields: new Map(fields.filter(([, value]) => saysSomething(value))),
  };
}

function saysSomething(value: ConfigValue): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== '' && value !== 0;
}

/** A set as Go writes it, `{"80/tcp": {}}`, sorted. */
function setOf(object: JsonObject, key: string): readonly string[] {
  return Object.keys(optionalObject(object, key)?.fields ?? {}).sort();
}
