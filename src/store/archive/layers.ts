// The layers of an archive's image: tars that nobody unpacked, each on the one below it.
import { compressionOf } from '../../blob/compression.ts';
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { shortId } from '../digest.ts';
import type { OpenFile } from '../files.ts';
import type { Layer, Missing } from '../layer-stack.ts';
import { stepsOfConfig } from '../oci/oci.ts';
import type { TarRecord, UnpackRules } from '../record.ts';
import type { TarSource } from '../source.ts';
import type { ArchivedImage, ArchivedLayer, NamedLayer } from './image.ts';
import { type Pack, readingArchive } from './pack.ts';

const MAGIC_BYTES = 4;
const FORMS = { none: 'tar', gzip: 'tar+gzip', zstd: 'tar+zstd' } as const;

/** Top first. Throws Trouble where one is not there, unless that is to be marked. */
export function layersOf(
  pack: Pack,
  { json, layers }: ArchivedImage,
  engine: UnpackRules['engine'],
  missing: Missing,
): Layer[] {
  const steps = stepsOfConfig(json).filter((step) => !step.emptyLayer);
  const absence = missing === 'refuse' ? absenceIn(pack, layers) : undefined;
  if (absence !== undefined) throw new Trouble('store', absence);
  let below: TarSource | undefined;
  const stack: Layer[] = [];
  for (const [index, layer] of layers.entries()) {
    const { diffId, chainId, digest } = layer;
    const missingState = absenceOf(pack, layer);
    const source = sourceOf(pack, layer, engine, below);
    below = source;
    // A wrong history line is worse than none.
    const history = steps.length === layers.length ? steps[index] : undefined;
    stack.unshift({
      source,
      role: 'image',
      diffId,
      chainId,
      ...(digest === undefined ? {} : { ids: { blob: digest } }),
      size: source.size,
      ...(history === undefined ? {} : { history }),
      ...(missingState === undefined ? {} : { missing: missingState }),
    });
  }
  return stack;
}

function sourceOf(
  pack: Pack,
  { path, digest, size = 0 }: ArchivedLayer,
  engine: UnpackRules['engine'],
  below: TarSource | undefined,
): TarSource {
  const present = attempt(() => pack.sizeOf(path));
  return {
    kind: 'tar',
    name: pack.nameOf(path),
    ...(digest === undefined ? {} : { digest }),
    size: present instanceof Trouble ? size : (present ?? size),
    engine,
    ...(below === undefined ? {} : { below }),
    open: () => pack.open(path),
  };
}

/** Why a layer cannot be read, a sentence; undefined where all of it is there. */
export function absenceOf(
  pack: Pack,
  { path, size, mediaType, diffId }: NamedLayer & Partial<ArchivedLayer>,
): string | undefined {
  const present = attempt(() => pack.sizeOf(path));
  const name = `"${shownBytes(pack.nameOf(path))}"`;
  if (present instanceof Trouble) return present.message;
  if (present === undefined) {
    const state =
      pack.damage === undefined ? 'is not in the archive' : 'is not in what can be read of the archive';
    return diffId === undefined
      ? `the layer ${name} ${state}`
      : `the layer ${shortId(diffId)} ${state} (${name})`;
  }
  if (size !== undefined && present < size && pack.damage !== undefined) {
    return `of the layer ${name} only ${present} of ${size} bytes are there: the archive is cut off`;
  }
  if (mediaType.endsWith('+encrypted')) return `the layer ${name} is encrypted`;
  return undefined;
}

/** Which layers of an image cannot be read, a sentence; undefined where all can. */
export function absenceIn(pack: Pack, layers: readonly ArchivedLayer[]): string | undefined {
  const absences = layers.flatMap((layer) => absenceOf(pack, layer) ?? []);
  if (absences.length === 0) return undefined;
  const count = `${absences.length} of ${layers.length} layers cannot be read`;
  return `Cannot use "${shownBytes(pack.path)}": ${count}: ${absences.join('; ')}`;
}

/** The tar that a layer is. Throws Trouble where it is not there. */
export function tarRecord(pack: Pack, layer: NamedLayer, engine: UnpackRules['engine']): TarRecord {
  const { path, digest } = layer;
  const absence = absenceOf(pack, layer);
  if (absence !== undefined) throw new Trouble('store', `Cannot read "${shownBytes(pack.path)}": ${absence}`);
  const name = pack.nameOf(path);
  const open = () => openFile(pack, path);
  const file = open();
  try {
    return {
      form: FORMS[compressionOf(file.read(0, MAGIC_BYTES))],
      path: name,
      ...(digest === undefined ? {} : { digest }),
      rules: { engine, inPlace: false, withoutDevices: false, root: { uid: 0, gid: 0 }, isOneRange: true },
      open,
    };
  } finally {
    file.close();
  }
}

function openFile(pack: Pack, path: string): OpenFile {
  const blob = pack.open(path);
  const name: ByteString = pack.nameOf(path);
  let at = 0;
  return {
    path: name,
    size: () => blob.size,
    read: (position, length) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(
        0,
        readingArchive(name, () => blob.read(position, buffer)),
      );
    },
    readNext: (buffer) => {
      const length = readingArchive(name, () => blob.read(at, buffer));
      at += length;
      return length;
    },
    close: () => blob.close(),
  };
}
