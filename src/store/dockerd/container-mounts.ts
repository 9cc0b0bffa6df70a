// What is mounted in a container beside its layers (`MountPoints` of config.v2.json), and the files that Docker keeps for
// it in its directory.
import { type JsonObject, keysOf } from '../formats/json.ts';

/** A volume, a directory of the host, or another mount. Texts are as the config has them. */
export interface ContainerMount {
  /** Path in the container. */
  readonly destination: string;
  /** `volume`, `bind`, `tmpfs`, …; empty in configs of old. */
  readonly type: string;
  /** Path on the machine that ran it; empty where nothing was mounted yet. */
  readonly source: string;
  /** Of a volume. */
  readonly name: string;
  readonly driver: string;
  /** Path in the volume of what is mounted of it; empty for all. */
  readonly subpath: string;
  readonly writable: boolean;
}

/** Sorted by destination; none where the field is absent or something else. What is odd in one is left empty. */
export function mountsOf(config: JsonObject): ContainerMount[] {
  const fields = config.fields.MountPoints;
  return keysOf(config, 'MountPoints').map((destination) => {
    const mount = (fields as Readonly<Record<string, unknown>>)[destination];
    const entries: Readonly<Record<string, unknown>> =
      typeof mount === 'object' && mount !== null ? (mount as Readonly<Record<string, unknown>>) : {};
    const text = (key: string) => (typeof entries[key] === 'string' ? entries[key] : '');
    return {
      destination,
      type: text('Type'),
      source: text('Source'),
      name: text('Name'),
      driver: text('Driver'),
      subpath: textAt(entries.Spec, 'VolumeOptions', 'Subpath'),
      writable: entries.RW === true,
    };
  });
}

/** Empty where that is none. */
function textAt(value: unknown, ...keys: readonly string[]): string {
  let at = value;
  for (const key of keys)
    at = typeof at === 'object' && at !== null ? (at as Readonly<Record<string, unknown>>)[key] : undefined;
  return typeof at === 'string' ? at : '';
}
