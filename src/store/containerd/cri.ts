import { attempt, Trouble } from '../../sys/errors.ts';
import { trouble } from '../file-state.ts';
import type { StoreFiles } from '../files.ts';
import {
  integerOf,
  type JsonObject,
  objectsOf,
  optionalObject,
  optionalString,
  parseJson,
} from '../formats/json.ts';
import { type ContainerRecord, METADATA } from './metadata.ts';
import { CRI_METADATA, CRI_STATUS } from './shapes.ts';
import { readAny, timeOfNanoseconds } from './values.ts';

/** Below containerd's root; the path kept its name when the plugin got another. */
export const CRI = 'io.containerd.grpc.v1.cri';

const KIND_LABEL = 'io.cri-containerd.kind';
const EXTENSIONS = {
  container: 'io.cri-containerd.container.metadata',
  sandbox: 'io.cri-containerd.sandbox.metadata',
};

export interface CriContainer {
  readonly kind: 'container' | 'sandbox';
  readonly pod: string;
  readonly podNamespace: string;
  /** Of one pod of a name there may have been several. */
  readonly podUid: string;
  /** Of the container in its pod; empty for the sandbox. */
  readonly container: string;
  /** How often it was made anew, from 0. */
  readonly attempt: number;
  /** `app_web_shop_<uid>_2`. */
  readonly name: string;
  /** As the pod names it, where that is noted. */
  readonly image?: string;
  /** Its image's config digest. */
  readonly imageRef?: string;
  /** ID of the sandbox that it runs in. */
  readonly sandbox?: string;
  readonly mountPoints: readonly string[];
  /** A path of the machine. */
  readonly logFile?: string;
  /** What could not be read, so that its part here is empty. */
  readonly damage?: Trouble;
}

export interface CriStatus {
  readonly status: string;
  readonly running: boolean;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

/** Undefined for what CRI did not make. */
export function readCriContainer(files: StoreFiles, record: ContainerRecord): CriContainer | undefined {
  const label = record.labels.get(KIND_LABEL);
  if (label !== 'container' && label !== 'sandbox') return undefined;
  const said = (name: string) => record.labels.get(`io.kubernetes.${name}`) ?? '';
  const known = {
    kind: label,
    pod: said('pod.name'),
    podNamespace: said('pod.namespace'),
    podUid: said('pod.uid'),
    container: said('container.name'),
  } as const;
  const metadata = attempt(() => metadataOf(files, record, label));
  if (metadata instanceof Trouble)
    return { ...known, attempt: 0, name: '', mountPoints: [], damage: metadata };
  return { ...known, ...metadata };
}

function metadataOf(
  files: StoreFiles,
  { id, extensions }: ContainerRecord,
  kind: CriContainer['kind'],
): Pick<CriContainer, 'attempt' | 'name' | 'image' | 'imageRef' | 'sandbox' | 'mountPoints' | 'logFile'> {
  const where = `${files.pathOf(METADATA)}" at "${id}/extensions/${EXTENSIONS[kind]}`;
  const bytes = extensions.get(EXTENSIONS[kind]);
  if (bytes === undefined) throw trouble('read', where, 'it is missing');
  const any = readAny(bytes);
  if (any === undefined) throw trouble('read', where, 'it is no protobuf Any');
  const whole = parseJson(any.value, where, CRI_METADATA);
  const metadata = optionalObject(whole, 'Metadata') ?? whole;
  const config = optionalObject(metadata, 'Config');
  const own = config && optionalObject(config, 'metadata');
  const image = config && optionalObject(config, 'image');
  const imageName =
    (image && (optionalString(image, 'user_specified_image') ?? optionalString(image, 'image'))) ?? '';
  const imageRef = optionalString(metadata, 'ImageRef') ?? '';
  const sandbox = optionalString(metadata, 'SandboxID') ?? '';
  const logFile = optionalString(metadata, 'LogPath') ?? '';
  return {
    name: optionalString(metadata, 'Name') ?? '',
    attempt: own === undefined ? 0 : integerOf(own, 'attempt'),
    mountPoints:
      config === undefined
        ? []
        : objectsOf(config, 'mounts').flatMap((mount) => optionalString(mount, 'container_path') ?? []),
    ...(imageName === '' ? {} : { image: imageName }),
    ...(imageRef === '' ? {} : { imageRef }),
    ...(sandbox === '' ? {} : { sandbox }),
    ...(logFile === '' ? {} : { logFile }),
  };
}

/** Where it is written what became of a container. */
export function statusPath(id: string): string {
  return `${CRI}/containers/${id}/status`;
}

/** Undefined where no such file was written: of sandboxes, and before the container was made. Throws Trouble. */
export function readCriStatus(files: StoreFiles, id: string): CriStatus | undefined {
  const path = statusPath(id);
  const bytes = files.readIfPresent(path);
  if (bytes === undefined) return undefined;
  const json = parseJson(bytes, files.pathOf(path), CRI_STATUS);
  const started = nanosecondsOf(bytes, 'StartedAt');
  const finished = nanosecondsOf(bytes, 'FinishedAt');
  const running = started > 0n && finished <= 0n;
  const startedAt = timeOfNanoseconds(started);
  const finishedAt = timeOfNanoseconds(finished);
  return {
    status: running ? 'running' : finished > 0n ? `exited (${exitCodeOf(json)})` : 'created',
    running,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
  };
}

function exitCodeOf(json: JsonObject): number {
  return integerOf(json, 'ExitCode');
}

/** Numbers past 2^53, so they are taken from the text. Within a string, a quote has a backslash before it. */
function nanosecondsOf(bytes: Buffer, field: 'StartedAt' | 'FinishedAt'): bigint {
  const match = new RegExp(`"${field}"\\s*:\\s*(-?\\d{1,19})(?![\\d.eE])`).exec(bytes.toString('latin1'));
  return BigInt(match?.[1] ?? 0);
}
