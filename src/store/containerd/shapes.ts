// The Go types that containerd reads its own JSON into, as far as their fields are read here: CRI's metadata and status
// (internal/cri/store/container/{metadata,status}.go, …/sandbox/metadata.go) and OCI's runtime spec.
import { INTEGER, list, pointer, STRING, struct } from '../formats/go-shape.ts';

const CONFIG = struct({
  metadata: pointer(struct({ name: STRING, uid: STRING, namespace: STRING, attempt: INTEGER })),
  image: pointer(struct({ image: STRING, user_specified_image: STRING })),
  mounts: list(pointer(struct({ container_path: STRING, host_path: STRING }))),
});

export const CRI_METADATA = struct({
  Version: STRING,
  Metadata: struct({
    ID: STRING,
    Name: STRING,
    SandboxID: STRING,
    ImageRef: STRING,
    LogPath: STRING,
    Config: pointer(CONFIG),
  }),
});

/** Its times do not fit a number. */
export const CRI_STATUS = struct({
  Version: STRING,
  Pid: INTEGER,
  ExitCode: INTEGER,
  Reason: STRING,
  Message: STRING,
});

export const RUNTIME_SPEC = struct({
  process: pointer(struct({ args: list(STRING) })),
  root: pointer(struct({ path: STRING })),
  mounts: list(struct({ destination: STRING, type: STRING, source: STRING })),
});
