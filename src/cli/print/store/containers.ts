// Containers as `docker ps --all` prints them, or as JSON lines.
import { shortId } from '../../../store/digest.ts';
import type { ContainerSummary } from '../../../store/summary.ts';
import { escapeText } from '../../../told/escape.ts';
import { type ListOptions, printList } from '../list.ts';
import { humanSize } from '../size.ts';
import { type Cell, elasticText } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { ago, durationSince } from '../time.ts';

export interface ContainersOptions extends ListOptions {
  readonly all?: true;
  readonly size?: true;
  /** Whether the engine may still be running what it wrote that it runs; it is, where that is not said. */
  readonly isAtWork?: (container: SizedContainer) => boolean;
}

const HEADING = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'NAMES'];
const DETAILS = ['SIZE', 'COMMAND', 'CREATED', 'STATUS'];
/** Characters of a command that docker shows; a terminal with room for more shows them. */
const COMMAND_WIDTH = 20;

/** Bytes of its own layer, as Docker counts them, and of all its layers together where they are all recorded. */
export interface SizedContainer extends ContainerSummary {
  /** Of several roots, its own. */
  readonly root?: string;
  readonly ownBytes?: number;
  readonly virtualBytes?: number;
}

function sizeWords({ ownBytes, virtualBytes }: SizedContainer): string {
  if (ownBytes === undefined) return '?';
  return humanSize(ownBytes) + (virtualBytes === undefined ? '' : ` (virtual ${humanSize(virtualBytes)})`);
}

export function printContainers(
  containers: readonly SizedContainer[],
  options: ContainersOptions,
  terminal: Terminal,
): void {
  const id = (container: ContainerSummary) =>
    escapeText(options.trunc ? shortId(container.id) : container.id);
  const rows = (container: SizedContainer) => [
    [
      id(container),
      escapeText(imageName(container.image, options)),
      container.command === undefined ? '' : commandText(container.command, options),
      ago(container.created, terminal.now()),
      escapeText(statusText(container, terminal.now(), options)),
      escapeText(container.name),
      ...(options.size ? [sizeWords(container)] : []),
    ],
  ];
  const title = (container: ContainerSummary) => `container "${container.name || id(container)}"`;
  const shown = containers.filter(({ infra, damage }) => options.all || !infra || damage !== undefined);
  const heading = options.size ? [...HEADING, 'SIZE'] : HEADING;
  printList(shown, { item: 'container', heading, details: DETAILS, rows, id, title }, options, terminal);
}

/** As docker shows it: an image that was named by its ID has its short ID here. */
function imageName(image: string, { trunc }: ListOptions): string {
  const hex = /^(?:sha256:)?([0-9a-f]{64})$/.exec(image)?.[1];
  return hex !== undefined && trunc ? shortId(hex) : image;
}

/** As docker words it (moby container/state.go, String); where nothing runs, the last that was known of it. */
function statusText(
  container: SizedContainer,
  now: number,
  { isAtWork = () => true }: ContainersOptions,
): string {
  if (container.damage !== undefined) return 'Damaged';
  const { status, startedAt, finishedAt } = container;
  const since = (time: string | undefined, after = '') => {
    const words = durationSince(time, now);
    return words === undefined ? '' : ` ${words}${after}`;
  };
  if (/^(exited|restarting)/.test(status)) return capital(status) + since(finishedAt, ' ago');
  const ago = since(startedAt, ' ago');
  const up = isAtWork(container) ? `Up${since(startedAt)}` : `Was up${ago === '' ? '' : `, started${ago}`}`;
  if (status === 'running') return up;
  if (status === 'running (paused)') return `${up} (Paused)`;
  return status === 'removal in progress' ? 'Removal In Progress' : capital(status);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function commandText(command: string, { trunc }: ListOptions): Cell {
  const quoted = (text: string) => `"${escapeText(text).replaceAll('"', '\\"')}"`;
  return trunc ? elasticText(command, COMMAND_WIDTH, quoted) : quoted(command);
}
