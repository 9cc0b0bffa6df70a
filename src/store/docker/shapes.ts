// The Go types that Docker reads its own JSON files into, as far as their fields are read here, or decide which of two names is
// meant (reference/store.go, distribution/metadata).
import { map, STRING, struct } from '../formats/go-shape.ts';
import { fieldsOf } from '../oci/oci-shapes.ts';

export const REPOSITORIES = struct({ Repositories: map(map(STRING)) });

/** An origin of a layer. */
export const ORIGIN = struct(fieldsOf('Digest SourceRepository HMAC', STRING));
