// What Podman mounts in a container beside its layers, as the container's config has it (libpod container_config.go, and the mounts
// of the runtime's spec).
import { type ByteString, bytesOfText } from '../../../sys/bytes.ts';
import { attempt, Trouble } from '../../../sys/errors.ts';
import { type JsonObject, objectsOf, optionalObject, optionalString, stringsOf } from '../../formats/json.ts';
import type { PodmanContainer } from './libpod.ts';

export interface PodmanMount {
  readonly kind: 'volume' | 'image' | 'bind' | 'tmpfs';
  /** Name of a volume or an image, path of a directory of the machine; empty where that is not known. */
  readonly source: string;
  /** Path in the container. */
  readonly at: string;
}

/** Sorted by their places; of a damaged config none. */
export function podmanMounts({ config }: PodmanContainer): PodmanMount[] {
  const mounts = attempt(() => {
    const named = [
      ...objectsOf(config, 'namedVolumes').map((one) => mount('volume', one, 'volumeName')),
      ...objectsOf(config, 'ctrImageVolumes').map((one) => mount('image', one, 'source')),
      ...objectsOf(config, 'overlayVolumes').map((one) => mount('bind', one, 'source')),
    ];
    const known = new Set(named.map(({ at }) => at));
    const others = stringsOf(config, 'userVolumes').filter((at) => !known.has(at));
    return [...named, ...others.map((at) => ofSpec(config, at))];
  });
  if (mounts instanceof Trouble) return [];
  return mounts.sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** Where something else is mounted in it: volumes, and directories of the machine. */
export function mountPointsOf(container: PodmanContainer): string[] {
  return [...new Set(podmanMounts(container).map(({ at }) => at))].filter((at) => at !== '');
}

/** Where it mounts a named volume. */
export function placesOfVolume(container: PodmanContainer, volume: ByteString): string[] {
  return podmanMounts(container).flatMap(({ kind, source, at }) =>
    kind === 'volume' && source !== '' && bytesOfText(source) === volume ? [at] : [],
  );
}

function mount(kind: PodmanMount['kind'], object: JsonObject, source: string): PodmanMount {
  return { kind, source: optionalString(object, source) ?? '', at: optionalString(object, 'dest') ?? '' };
}

/** The config lists the places alone of what the runtime mounts by itself. */
function ofSpec(config: JsonObject, at: string): PodmanMount {
  const spec = optionalObject(config, 'spec');
  const found = spec && objectsOf(spec, 'mounts').find((one) => optionalString(one, 'destination') === at);
  if (found !== undefined && optionalString(found, 'type') === 'tmpfs')
    return { kind: 'tmpfs', source: '', at };
  return { kind: 'bind', source: (found && optionalString(found, 'source')) ?? '', at };
}
