// The Go types that engines read the files of an archive into, as far as their fields are read here: `manifest.json` of docker
// save (moby image/tarexport/tarexport.go manifestItem) and `oci-layout` (image-spec specs-go/v1/layout.go).
import { ANY, list, map, STRING, struct } from '../formats/go-shape.ts';

export const SAVED_IMAGE = struct({
  Config: STRING,
  RepoTags: list(STRING),
  Layers: list(STRING),
  Parent: STRING,
  LayerSources: map(ANY),
});

export const OCI_LAYOUT = struct({ imageLayoutVersion: STRING });
