// The Go types that dockerd reads its records of containers and volumes into, as far as their fields are read here, or decide which
// of two names is meant (moby container/{container,state}.go, volume/mounts/mounts.go, volume/local, volume/service/db.go; BuildKit
// cache/metadata/metadata.go).
import { ANY, BOOLEAN, INTEGER, list, map, pointer, STRING, struct } from '../formats/go-shape.ts';
import { fieldsOf, RUN_CONFIG } from '../oci/oci-shapes.ts';

const STATE = struct({
  ...fieldsOf('Running Paused Restarting OOMKilled RemovalInProgress Dead', BOOLEAN),
  ...fieldsOf('Pid ExitCode', INTEGER),
  ...fieldsOf('Error StartedAt FinishedAt', STRING),
});

const MOUNT_POINT = struct({
  ...fieldsOf('Source Destination Name Driver Type Relabel Propagation ID', STRING),
  ...fieldsOf('RW Named SkipMountpointCreation', BOOLEAN),
  Spec: struct({ VolumeOptions: pointer(struct({ Subpath: STRING })) }),
});

export const CONTAINER = struct({
  ...fieldsOf('ID Created Path Image LogPath Name Driver OS HostnamePath HostsPath ResolvConfPath', STRING),
  State: pointer(STATE),
  ImageManifest: pointer(struct(fieldsOf('mediaType digest', STRING))),
  Args: list(STRING),
  Config: pointer(RUN_CONFIG),
  MountPoints: map(pointer(MOUNT_POINT)),
});

/** Of the rest only that it can be read matters. */
export const HOST_CONFIG = struct({ Tmpfs: map(STRING) });

export const VOLUME_RECORD = struct({
  ...fieldsOf('Name Driver', STRING),
  ...fieldsOf('Labels Options', map(STRING)),
});

export const VOLUME_OPTIONS = struct(fieldsOf('MountType MountOpts MountDevice', STRING));

export const CACHE_VALUE = struct({ value: ANY });
