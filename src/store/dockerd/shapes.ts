// The Go types that dockerd reads the configs of containers into, as far as their fields are read here, or decide which of two
// names is meant (moby container/container.go, container/state.go, volume/mounts/mounts.go).
import { BOOLEAN, INTEGER, list, map, pointer, STRING, struct } from '../formats/go-shape.ts';
import { fieldsOf, RUN_CONFIG } from '../oci-shapes.ts';

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
  ImageManifest: pointer(struct(fieldsOf('mediaType digest', STRING))),
  Args: list(STRING),
  Config: pointer(RUN_CONFIG),
  MountPoints: map(pointer(MOUNT_POINT)),
});
