// What an image's or container's config says of how it is run: environment, command, user and the rest of what
// `docker inspect` shows below Config. Only the fields' types are checked; what they mean is not known here.
import { Trouble } from '../../sys/errors.ts';
import type { ContainerId, ImageId } from '../digest.ts';
import { integerOf, type JsonObject, optionalObject, optionalString, stringsOf } from '../json.ts';
import { containerPath, readContainerConfig, readContainerJson } from './containers.ts';
import type { DockerRoot } from './driver.ts';
import { readImageJson } from './images.ts';

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
}

const HEALTH_NUMBERS = ['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'] as const;
const PLATFORM = ['architecture', 'os', 'variant'] as const;

/** Throws Trouble that names the file and the field where the config is damaged. */
export function readImageConfiguration(root: DockerRoot, id: ImageId): Configuration {
  const whole = readImageJson(root, id);
  const platform = PLATFORM.map((key) => [key, optionalString(whole, key) ?? ''] as const);
  return configurationOf('image', whole, 'config', platform);
}

/** As for an image. */
export function readContainerConfiguration(root: DockerRoot, id: ContainerId): Configuration {
  return configurationOf('container', readContainerJson(root, id), 'Config', []);
}

/** That of the image a container was made from. Throws Trouble where it is not there any more, too. */
export function readOriginConfiguration(root: DockerRoot, id: ContainerId): Configuration {
  const { imageId } = readContainerConfig(root, id);
  if (imageId !== undefined) return readImageConfiguration(root, imageId);
  throw new Trouble('store', `Cannot use "${root.files.pathOf(containerPath(id))}": Image is missing`);
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
