// Containers that containerd itself has a record of: those of CRI, nerdctl and ctr. (Docker keeps its own, `docker.ts`.) What
// they do now is nowhere on disk but in a directory that a task has as long as it exists.
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { trouble } from '../file-state.ts';
import {
  type JsonObject,
  objectsOf,
  optionalObject,
  optionalString,
  parseJson,
  stringsOf,
} from '../formats/json.ts';
import { rootfsWords } from '../layer-stack.ts';
import { type CriContainer, readCriContainer, readCriStatus } from './cri.ts';
import { type ContainerRecord, METADATA } from './metadata.ts';
import type { Reading, SnapshotPlace } from './root.ts';
import { RUNTIME_SPEC } from './shapes.ts';
import { readAny, shownKey } from './values.ts';

/** A container, whoever keeps the record of it. */
export interface FoundContainer {
  readonly id: string;
  /** As its users call it: a name, `pod/container`, or the ID. */
  readonly name: string;
  /** What else leads to it. */
  readonly otherNames: readonly string[];
  /** As it was named when it was made. */
  readonly image: string;
  /** Of its image, as lists have it: the target's digest, with CRI the config's. */
  readonly imageId?: string;
  /** Its own snapshot; of no snapshotter where it has none. */
  readonly place: SnapshotPlace;
  /** The directory of its machine that is its tree instead of a snapshot (`ctr containers create --rootfs`). */
  readonly rootfs?: string;
  readonly created?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly command: string;
  readonly status: string;
  /** Whether it may be writing. */
  readonly live: boolean;
  /** Whether it only holds a pod together. */
  readonly infra: boolean;
  /** ID of the sandbox that it runs in, where CRI made it. */
  readonly sandbox?: string;
  readonly mountPoints: readonly string[];
  /** A path of the machine, where CRI made it. */
  readonly logFile?: string;
  /** What of its record cannot be read, a sentence. */
  readonly damage?: string;
}

/** Of two attempts at one container of a pod the later is meant by its name. */
interface Attempted {
  readonly found: FoundContainer;
  readonly cri: CriContainer | undefined;
}

/** What a name in containerd may be (pkg/identifiers): at most 76 characters, no dot follows another, and no slash is in it. */
const IDENTIFIER = /^(?=.{1,76}$)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/;
export const TASKS = 'io.containerd.runtime.v2.task';

/** Sorted by ID. Throws Trouble where the database is damaged. */
export function readFoundContainers(reading: Reading): FoundContainer[] {
  const all = reading.containers.map((record): Attempted => {
    const cri = readCriContainer(reading.root.files, record);
    return { cri, found: foundContainer(reading, record, cri) };
  });
  return all.map(({ found, cri }) => (cri === undefined ? found : withPodNames(found, cri, all)));
}

function foundContainer(
  reading: Reading,
  record: ContainerRecord,
  cri: CriContainer | undefined,
): FoundContainer {
  const spec = attempt(() => runtimeSpec(reading, record));
  const state = attempt(() => stateOf(reading, record.id, cri));
  const trouble = [cri?.damage, state, spec].find((one) => one instanceof Trouble);
  const known = state instanceof Trouble ? { status: 'unknown', running: true } : state;
  const { startedAt, finishedAt } = known;
  return {
    id: record.id,
    name: record.labels.get('nerdctl/name') ?? record.id,
    otherNames: [],
    image: cri?.image ?? record.image,
    ...(cri?.imageRef === undefined ? {} : { imageId: cri.imageRef }),
    place: { snapshotter: record.snapshotter, key: record.snapshotKey },
    ...(record.snapshotter === '' ? rootfsOf(spec instanceof Trouble ? undefined : spec) : {}),
    ...(record.created === undefined ? {} : { created: record.created }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    command: spec instanceof Trouble || spec === undefined ? '' : commandOf(spec),
    status: known.status,
    live: known.running,
    infra: cri?.kind === 'sandbox',
    ...(cri?.sandbox === undefined ? {} : { sandbox: cri.sandbox }),
    ...(cri?.logFile === undefined ? {} : { logFile: cri.logFile }),
    mountPoints: cri?.mountPoints ?? mountPointsOf(spec instanceof Trouble ? undefined : spec),
    ...(trouble instanceof Trouble ? { damage: trouble.message } : {}),
  };
}

/** `pod/container` for the latest attempt, and with the namespace before it for where two pods have one name. */
function withPodNames(found: FoundContainer, cri: CriContainer, all: readonly Attempted[]): FoundContainer {
  const { pod, podNamespace, container } = cri;
  const own = container === '' ? [pod] : [`${pod}/${container}`, container];
  const isLatest = !all.some(({ cri: other }) => other !== undefined && isLaterAttempt(other, cri));
  const short = pod === '' || !isLatest ? [] : [...own, `${podNamespace}/${own[0]}`];
  const names = [...short, ...(cri.name === '' ? [] : [cri.name])];
  const [name = found.id, ...otherNames] = names;
  return { ...found, name, otherNames };
}

function isLaterAttempt(other: CriContainer, one: CriContainer): boolean {
  const isSame =
    other.kind === one.kind &&
    other.podUid === one.podUid &&
    other.pod === one.pod &&
    other.podNamespace === one.podNamespace &&
    other.container === one.container;
  return isSame && other.attempt > one.attempt;
}

interface State {
  readonly status: string;
  readonly running: boolean;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

function stateOf(reading: Reading, id: string, cri: CriContainer | undefined): State {
  const { files, namespace } = reading.root;
  if (!IDENTIFIER.test(id) || !IDENTIFIER.test(namespace)) {
    const name = shownKey(asBytes(`${namespace}/containers/${id}`));
    throw reading.refusal(`"${name}" is no name that containerd gives`);
  }
  const status = cri?.kind === 'container' ? readCriStatus(files, id) : undefined;
  if (status !== undefined) return status;
  const task = `${TASKS}/${namespace}/${id}`;
  const hasTask = files.kindOf(task) !== undefined && files.requireDirectory(task) !== '';
  // A task may also be paused, or stopped and not deleted; which, only its shim knows.
  if (!hasTask) return { status: cri?.kind === 'sandbox' ? 'not ready' : 'not running', running: false };
  return { status: cri?.kind === 'sandbox' ? 'ready' : 'running, paused or stopped', running: true };
}

/** OCI's runtime spec: JSON in a protobuf `Any`. Undefined where there is none. Throws Trouble. */
export function runtimeSpec({ root }: Reading, { id, spec }: ContainerRecord): JsonObject | undefined {
  if (spec === undefined) return undefined;
  const where = `${root.files.pathOf(METADATA)}" at "${root.namespace}/containers/${id}/spec`;
  const any = readAny(spec);
  if (any === undefined) throw trouble('read', where, 'it is no protobuf Any');
  return parseJson(any.value, where, RUNTIME_SPEC);
}

/** As `docker ps` joins words. */
function commandOf(spec: JsonObject): string {
  const found = attempt(() => {
    const process = optionalObject(spec, 'process');
    return process === undefined ? [] : stringsOf(process, 'args');
  });
  if (found instanceof Trouble) return '';
  return found.map((word, index) => (index > 0 && word.includes(' ') ? `'${word}'` : word)).join(' ');
}

function rootfsOf(spec: JsonObject | undefined): { readonly rootfs?: string } {
  const root = spec && attempt(() => optionalObject(spec, 'root'));
  const path =
    root === undefined || root instanceof Trouble ? '' : attempt(() => optionalString(root, 'path'));
  return typeof path === 'string' && path !== '' ? { rootfs: path } : {};
}

/** Why a container has no layers, as the end of a sentence; undefined for one that has. */
export function withoutLayers({ rootfs }: Pick<FoundContainer, 'rootfs'>): string | undefined {
  return rootfs && rootfsWords(rootfs);
}

/** What is bound from elsewhere; the rest is the kernel's own. */
function mountPointsOf(spec: JsonObject | undefined): string[] {
  if (spec === undefined) return [];
  const found = attempt(() =>
    objectsOf(spec, 'mounts').flatMap((mount) =>
      optionalString(mount, 'type') === 'bind' ? (optionalString(mount, 'destination') ?? []) : [],
    ),
  );
  return found instanceof Trouble ? [] : found;
}

/** Active snapshots that no container has, though their keys look like a container's: what is left where its record is lost. */
export function lostContainers(reading: Reading, known: ReadonlySet<string>): SnapshotPlace[] {
  return reading.snapshots.flatMap(({ snapshotter, key }) =>
    isContainerKey(key) && !known.has(`${snapshotter}/${key}`) ? [{ snapshotter, key }] : [],
  );
}

/** Docker and CRI name a container's snapshot by its ID. */
function isContainerKey(key: ByteString): boolean {
  return /^[0-9a-f]{64}$/.test(key);
}

export function placeText({ snapshotter, key }: SnapshotPlace): ByteString {
  return asBytes(`${snapshotter}/${key}`);
}
