// The Go types that engines read an image's config, its manifest and an index into, as far as their fields are read here, or
// decide which of two names is meant (moby image/image.go, image/rootfs.go, api/types/container/config.go; image-spec
// specs-go/v1; other engines read the same files).
import { decodeAs } from '../formats/go-json.ts';
import {
  ANY,
  BOOLEAN,
  INTEGER,
  list,
  map,
  pointer,
  type Shape,
  STRING,
  struct,
} from '../formats/go-shape.ts';

/** Old builders wrote a single word without a list around it (`strslice.StrSlice`). */
const WORDS: Shape = {
  kind: 'own',
  read: (value) => (typeof value === 'string' ? [value] : decodeAs(list(STRING), value).value),
};

/** A set as Go writes it: `{"80/tcp": {}}`. */
const SET = map(struct({}));

export function fieldsOf(names: string, shape: Shape): Readonly<Record<string, Shape>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, shape]));
}

/** `container.Config`, in images and containers. */
export const RUN_CONFIG = struct({
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
  container_config: RUN_CONFIG,
  config: pointer(RUN_CONFIG),
  rootfs: pointer(struct({ type: STRING, diff_ids: list(STRING) })),
  history: list(struct({ ...fieldsOf('created author created_by comment', STRING), empty_layer: BOOLEAN })),
  'os.features': list(STRING),
});

const PLATFORM = { ...fieldsOf('architecture os os.version variant', STRING), 'os.features': list(STRING) };

const DESCRIPTOR = struct({
  ...fieldsOf('mediaType digest artifactType data', STRING),
  size: INTEGER,
  urls: list(STRING),
  annotations: map(STRING),
  platform: pointer(struct(PLATFORM)),
});

/** A manifest or an index: which of them is told by the fields that are there. */
export const MANIFEST_OR_INDEX = struct({
  schemaVersion: INTEGER,
  ...fieldsOf('mediaType artifactType', STRING),
  config: pointer(DESCRIPTOR),
  ...fieldsOf('layers manifests', list(DESCRIPTOR)),
  subject: pointer(DESCRIPTOR),
  annotations: map(STRING),
  fsLayers: ANY,
});
