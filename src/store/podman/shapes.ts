// The Go types that containers-storage, image/storage and Podman read their JSON files into, as far as their fields are read here
// (storage images.go, layers.go, containers.go; libpod container_config.go, container.go, pod.go, volume.go).
import { ANY, BOOLEAN, INTEGER, list, map, pointer, STRING, struct } from '../formats/go-shape.ts';
import { fieldsOf } from '../oci/oci-shapes.ts';
import type { ListName } from './root.ts';

const ID_MAP = list(struct(fieldsOf('container_id host_id size', INTEGER)));

export const RECORDS = {
  images: struct({
    ...fieldsOf('id digest layer metadata created', STRING),
    ...fieldsOf('names names-history mapped-layers big-data-names', list(STRING)),
    'big-data-sizes': map(INTEGER),
  }),
  layers: struct({
    ...fieldsOf('id parent created diff-digest toc-digest', STRING),
    names: list(STRING),
    'diff-size': INTEGER,
    ...fieldsOf('uidmap gidmap', ID_MAP),
    flags: map(ANY),
  }),
  containers: struct({
    ...fieldsOf('id image layer metadata created', STRING),
    names: list(STRING),
    ...fieldsOf('uidmap gidmap', ID_MAP),
    flags: map(ANY),
  }),
} as const satisfies Record<ListName, unknown>;

/** In a container's record; CRI-O writes more into it than Podman. */
export const METADATA = struct(fieldsOf('image-name image-id name pod-name pod-id', STRING));

/** Of what is mounted, in the run root. */
export const MOUNT_POINT = struct({ ...fieldsOf('id path', STRING), count: INTEGER });

/** What the runtime was given (`userdata/config.json`). */
export const RUNTIME_ROOT = struct({ root: struct({ path: STRING }) });

export const MANIFEST_SHAPE = struct({ config: struct({ digest: STRING }) });

/** A table of contents of a layer (zstd:chunked). */
export const TABLE_OF_CONTENTS = struct({
  version: INTEGER,
  entries: list(struct(fieldsOf('type name digest', STRING))),
});

export const CONTAINER_CONFIG = struct({
  ...fieldsOf('id name pod rootfs rootfsImageID rootfsImageName user logPath staticDir', STRING),
  ...fieldsOf('entrypoint command userVolumes', list(STRING)),
  namedVolumes: list(pointer(struct(fieldsOf('volumeName dest subPath', STRING)))),
  ...fieldsOf('ctrImageVolumes overlayVolumes', list(pointer(struct(fieldsOf('source dest', STRING))))),
  labels: map(STRING),
  pause: BOOLEAN,
  spec: pointer(
    struct({
      process: pointer(struct({ env: list(STRING), cwd: STRING })),
      mounts: list(struct(fieldsOf('destination type source', STRING))),
    }),
  ),
});

export const CONTAINER_STATE = struct({
  ...fieldsOf('state exitCode', INTEGER),
  ...fieldsOf('startedTime finishedTime mountPoint', STRING),
  bindMounts: map(STRING),
});

export const CRIO_STATE = struct({
  ...fieldsOf('status started finished', STRING),
  exitCode: pointer(INTEGER),
});

export const POD_CONFIG = struct({ id: STRING, name: STRING });

export const VOLUME_CONFIG = struct({
  ...fieldsOf('name volumeDriver', STRING),
  ...fieldsOf('labels volumeOptions', map(STRING)),
});
