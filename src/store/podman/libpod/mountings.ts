// What Podman mounts in a container: volumes, images, what its spec binds, and the files that it makes for the container
// (libpod container_config.go, container_internal_common.go).
import { type ByteString, bytesOfText } from '../../../sys/bytes.ts';
import { attempt, Trouble } from '../../../sys/errors.ts';
import { type JsonObject, keysOf, objectsOf, optionalObject, optionalString } from '../../formats/json.ts';
import {
  inOrder,
  type MountedPlace,
  type Mounting,
  ofRuntimeSpec,
  placeOfSource,
  type RecordedRoot,
  rootBefore,
} from '../../mounting.ts';
import type { PodmanRoot } from '../root.ts';
import type { PodmanContainer, PodmanVolume } from './libpod.ts';

/** A volume's name may be part of a path (define.NameRegex of libpod). */
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** Throws Trouble where the config has something else than lists in their places. */
export function podmanMountings(
  { id, config, state }: PodmanContainer,
  { files, driver }: PodmanRoot,
  volumes: ReadonlyMap<ByteString, PodmanVolume>,
): Mounting[] {
  const text = (object: JsonObject, key: string) => optionalString(object, key) ?? '';
  const path = rootBefore(text(config, 'staticDir'), `${driver}-containers/${id}/userdata`);
  const root = path === undefined ? undefined : { path, files };
  const named = objectsOf(config, 'namedVolumes').map((one): Mounting => {
    const name = text(one, 'volumeName');
    const place = placeOfVolume(name, text(one, 'subPath'), volumes.get(bytesOfText(name)), {
      path: root?.path ?? '',
      files,
    });
    return { kind: 'volume', at: text(one, 'dest'), label: name, place };
  });
  const images = objectsOf(config, 'ctrImageVolumes').map((one): Mounting => {
    const source = text(one, 'source');
    return {
      kind: 'image',
      at: text(one, 'dest'),
      label: source,
      place: { kind: 'image', reference: source },
    };
  });
  // What a container writes over such a volume is not kept.
  const overlaid = objectsOf(config, 'overlayVolumes').map((one): Mounting => {
    const source = text(one, 'source');
    return { kind: 'bind', at: text(one, 'dest'), label: source, place: placeOfSource(source, root) };
  });
  const spec = optionalObject(config, 'spec');
  const bound = (spec === undefined ? [] : objectsOf(spec, 'mounts')).flatMap(
    (one) =>
      ofRuntimeSpec(
        { type: text(one, 'type'), source: text(one, 'source'), destination: text(one, 'destination') },
        root,
      ) ?? [],
  );
  return inOrder([...named, ...images, ...overlaid, ...bound, ...ownFiles(state, root)]);
}

function placeOfVolume(
  name: string,
  subpath: string,
  volume: PodmanVolume | undefined,
  root: RecordedRoot,
): MountedPlace {
  const { device = '', o = '' } = volume?.options ?? {};
  if (o.split(',').some((word) => word === 'bind' || word === 'rbind')) return placeOfSource(device, root);
  const directory = `volumes/${name}/_data`;
  if (!VOLUME_NAME.test(name)) return { kind: 'machine', path: name };
  return { kind: 'store', files: root.files, path: subpath === '' ? directory : `${directory}/${subpath}` };
}

/** Where the container ran, most of them lie in what does not outlive a boot. */
function ownFiles(state: PodmanContainer['state'], root: RecordedRoot | undefined): Mounting[] {
  if (state === undefined || state instanceof Trouble) return [];
  const bound = attempt(() => optionalObject(state, 'bindMounts'));
  if (bound === undefined || bound instanceof Trouble) return [];
  return keysOf(state, 'bindMounts').flatMap((at): Mounting[] => {
    const source = optionalString(bound, at) ?? '';
    const place = placeOfSource(source, root);
    return [{ kind: 'bind', at, label: source, place, isEngines: true }];
  });
}
