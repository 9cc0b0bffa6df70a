// How an image or a container is run, for people: `inspect --config`.
import type { Configuration, ConfigValue } from '../../../store/oci/oci.ts';
import type { ContainerSummary } from '../../../store/summary.ts';
import { escapeBytes, escapeText } from '../../../told/escape.ts';
import type { PlacedMount } from '../../examine/mounted.ts';

/** In this order, by the names that fields have, with the words that they are told by. */
const FIELDS: readonly (readonly [field: string, words: string])[] = [
  ['Entrypoint', 'entrypoint'],
  ['Cmd', 'command'],
  ['User', 'user'],
  ['WorkingDir', 'directory'],
  ['ExposedPorts', 'ports'],
  ['Volumes', 'volumes'],
  ['StopSignal', 'stop signal'],
  ['Shell', 'shell'],
  ['Healthcheck.Test', 'health'],
  ['OnBuild', 'on build'],
];
/** Words with spaces between them are not a list: each is one of a command. */
const COMMANDS: readonly string[] = ['Entrypoint', 'Cmd', 'Shell', 'Healthcheck.Test'];

export interface RunOfContainer {
  readonly summary: ContainerSummary | undefined;
  readonly mounted: readonly PlacedMount[];
}

/** Lines, each ended by a newline, below a heading. */
export function formatConfiguration(configuration: Configuration, run: RunOfContainer): string {
  const { env, labels, fields, logFile } = configuration;
  const platform = ['os', 'architecture', 'variant'].flatMap((name) => fields.get(name) ?? []).join('/');
  const rows: (readonly [key: string, values: readonly string[]])[] = [
    ['platform', platform === '' ? [] : [platform]],
    ...FIELDS.map(([name, words]) => [words, wordsOf(name, fields.get(name))] as const),
    ['environment', env],
    ['labels', [...labels].map(([name, value]) => `${name}=${value}`)],
    ...rowsOfRun(run),
    ['log file', logFile === undefined ? [] : [logFile]],
  ];
  const lines = rows.flatMap(([key, values]) =>
    values.map((value, i) => `  ${(i === 0 ? key : '').padEnd(11)} ${escapeText(value)}\n`),
  );
  const mounts = run.mounted.map(
    (mount, i) => `  ${(i === 0 ? 'mounts' : '').padEnd(11)} ${wordsOfMounted(mount)}\n`,
  );
  return `\nConfiguration\n${lines.join('')}${mounts.join('')}`;
}

function rowsOfRun({ summary }: RunOfContainer): (readonly [string, readonly string[]])[] {
  if (summary === undefined) return [];
  const { status, startedAt, finishedAt, image } = summary;
  return [
    ['image', image === '' ? [] : [image]],
    ['state', [status]],
    ['started', startedAt === undefined ? [] : [startedAt]],
    ['finished', finishedAt === undefined ? [] : [finishedAt]],
  ];
}

function wordsOf(name: string, value: ConfigValue | undefined): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [String(value)];
  return COMMANDS.includes(name) ? [JSON.stringify(value)] : (value as readonly string[]);
}

function wordsOfMounted({ kind, label, at, directory }: PlacedMount): string {
  const place = directory === undefined ? '' : `, "${escapeBytes(directory)}"`;
  return `${escapeText(at)}: ${kind}${label === '' ? '' : ` ${escapeText(label)}`}${place}`;
}
