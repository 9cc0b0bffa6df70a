// The Go types that Docker reads its own JSON files into, as far as their fields are read here, or decide which of two names is
// meant (reference/store.go, distribution/metadata, volume/local, volume/service/db.go; BuildKit cache/metadata/metadata.go).
import { ANY, map, STRING, struct } from '../formats/go-shape.ts';
import { fieldsOf } from '../oci-shapes.ts';

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
