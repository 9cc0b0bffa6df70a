// The Go types that Docker reads its JSON files into, as far as their fields are read here, or decide which of two names is
// meant (moby image/image.go, image/rootfs.go, container/container.go, container/state.go, volume/mounts/mounts.go,
// api/types/container/config.go, reference/store.go, distribution/metadata, volume/local, volume/service/db.go; BuildKit
// cache/metadata/metadata.go).
import { decodeAs } from '../go-json.ts';
import { ANY, BOOLEAN, INTEGER, list, map, pointer, type Shape, STRING, struct } from '../go-shape.ts';

/** Old builders wrote a single word without a list around it (`strslice.StrSlice`). */
const WORDS: Shape = {
  kind: 'own',
  read: (value) => (typeof value === 'string' ? [value] : decodeAs(list(STRING), value).value),
};

/** A set as Go writes it: `{"80/tcp": {}}`. */
const SET = map(struct({}));

function fieldsOf(names: string, shape: Shape): Readonly<Record<string, Shape>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, shape]));
}

/** `container.Config`, in images and containers. */
const CONFIG = struct({
  ...fieldsOf('Hostname Domainname User Image WorkingDir MacAddress StopSignal', STRING),
  ...fieldsOf(
    'AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce ArgsEscaped NetworkDisabled',
    BOOLEAN,
  ),
  ...fieldsOf('ExposedPorts Volumes', SET),
  ...fieldsOf('Env OnBuild', list(STRING)),
  ...fieldsOf('Cmd Entrypoint Shell', WORDS),
  Labels: map(STRING),
  StopTimeout: pointer(INTEGER),
  Healthcheck: pointer(
    struct({
      Test: list(STRING),
      ...fieldsOf('Interval Timeout StartPeriod StartInterval Retries', INTEGER),
    }),
  ),
});

export const IMAGE = struct({
  ...fieldsOf('id parent comment container docker_version author architecture variant os os.version', STRING),
  created: pointer(STRING),
  container_config: CONFIG,
  config: pointer(CONFIG),
  rootfs: pointer(struct({ type: STRING, diff_ids: list(STRING) })),
  history: list(struct({ ...fieldsOf('created author created_by comment', STRING), empty_layer: BOOLEAN })),
  'os.features': list(STRING),
});

const STATE = struct({
  ...fieldsOf('Running Paused Restarting OOMKilled RemovalInProgress Dead', BOOLEAN),
  ...fieldsOf('Pid ExitCode', INTEGER),
  ...fieldsOf('Error StartedAt FinishedAt', STRING),
});

const MOUNT_POINT = struct({
  ...fieldsOf('Source Destination Name Driver Type Relabel Propagation ID', STRING),
  ...fieldsOf('RW Named SkipMountpointCreation', BOOLEAN),
});

export const CONTAINER = struct({
  ...fieldsOf('ID Created Path Image LogPath Name Driver OS HostnamePath HostsPath ResolvConfPath', STRING),
  State: pointer(STATE),
  Args: list(STRING),
  Config: pointer(CONFIG),
  MountPoints: map(pointer(MOUNT_POINT)),
});

/** Of it only that it can be read matters. */
export const HOST_CONFIG = struct({});

export const REPOSITORIES = struct({ Repositories: map(map(STRING)) });

/** An origin of a layer. */
export const ORIGIN = struct(fieldsOf('Digest SourceRepository HMAC', STRING));

export const VOLUME_RECORD = struct({
  ...fieldsOf('Name Driver', STRING),
  ...fieldsOf('Labels Options', map(STRING)),
});

export const VOLUME_OPTIONS = struct(fieldsOf('MountType MountOpts MountDevice', STRING));

export const CACHE_VALUE = struct({ value: ANY });
