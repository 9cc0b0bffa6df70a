// `stratafs containers`: the containers of a store, as `docker ps --all` prints them.

import type { Command } from 'commander';
import { measureDirectory } from '../../layers/survey/measure.ts';
import { shortId } from '../../store/digest.ts';
import { directoryOf } from '../../store/source.ts';
import type { Store } from '../../store/store.ts';
import type { ContainerSummary } from '../../store/summary.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { escapeText } from '../print/escape.ts';
import { addListOptions, type ListOptions, printList, reportDamage } from '../print/list.ts';
import { humanSize } from '../print/size.ts';
import type { Terminal } from '../print/terminal.ts';
import { ago, durationSince } from '../print/time.ts';
import { openTheStore } from '../stack.ts';

const HEADING = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'NAMES'];

interface ContainersOptions extends ListOptions {
  readonly all?: true;
  readonly size?: true;
}

/** Characters of a command that docker shows. */
const COMMAND_WIDTH = 20;

export function registerContainers(program: Command, terminal: Terminal): void {
  addListOptions(program.command('containers'))
    .summary('list the containers of the store')
    .description(
      'List containers, running or not, newest first. Damaged ones are listed, and named on the error output.',
    )
    .option('-a, --all', 'those that only hold a pod together, too')
    .option('-s, --size', 'what the own layer of each takes, and with it the image')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<ContainersOptions>();
      const store = await openTheStore(options);
      const listed = store.containers();
      const sizes = options.size ? listed.map((one) => withSize(store, one)) : listed;
      printContainers(sizes, options, terminal);
      reportDamage(store, 'containers', terminal);
    });
}

/** Bytes of its own layer, as Docker counts them, and of all its layers together where they are all recorded. */
interface SizedContainer extends ContainerSummary {
  readonly ownBytes?: number;
  readonly virtualBytes?: number;
}

function withSize(store: Store, container: ContainerSummary): SizedContainer {
  const found = attempt(() => store.resolve(`container:${container.id}`, 'mark').layers);
  const upper = found instanceof Trouble ? undefined : found.find(({ role }) => role === 'upper');
  if (found instanceof Trouble || upper === undefined || upper.missing !== undefined) return container;
  const { bytes: ownBytes, unreadable } = measureDirectory(directoryOf(upper.source, 'examine'));
  if (unreadable > 0) return container;
  const image = found.filter(({ role }) => role === 'image').map(({ size }) => size ?? Number.NaN);
  const virtualBytes = image.reduce((sum, size) => sum + size, ownBytes);
  return { ...container, ownBytes, ...(Number.isNaN(virtualBytes) ? {} : { virtualBytes }) };
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
      escapeText(statusText(container, terminal.now())),
      escapeText(container.name),
      ...(options.size ? [sizeWords(container)] : []),
    ],
  ];
  const title = (container: ContainerSummary) => `container "${container.name || id(container)}"`;
  const shown = containers.filter(({ infra, damage }) => options.all || !infra || damage !== undefined);
  const heading = options.size ? [...HEADING, 'SIZE'] : HEADING;
  printList(shown, { heading, rows, id, title }, options, terminal);
}

/** As docker shows it: an image that was named by its ID has its short ID here. */
function imageName(image: string, { trunc }: ListOptions): string {
  const hex = /^(?:sha256:)?([0-9a-f]{64})$/.exec(image)?.[1];
  return hex !== undefined && trunc ? shortId(hex) : image;
}

/** As docker words it (moby container/state.go, String): the record of a copied store may be long out of date. */
function statusText(container: ContainerSummary, now: number): string {
  if (container.damage !== undefined) return 'Damaged';
  const { status, startedAt, finishedAt } = container;
  const since = (time: string | undefined, after = '') => {
    const words = durationSince(time, now);
    return words === undefined ? '' : ` ${words}${after}`;
  };
  if (/^(exited|restarting)/.test(status)) return capital(status) + since(finishedAt, ' ago');
  const up = `Up${since(startedAt)}`;
  if (status === 'running') return up;
  if (status === 'running (paused)') return `${up} (Paused)`;
  return status === 'removal in progress' ? 'Removal In Progress' : capital(status);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function commandText(command: string, { trunc }: ListOptions): string {
  const characters = [...command];
  const shown =
    trunc && characters.length > COMMAND_WIDTH
      ? `${characters.slice(0, COMMAND_WIDTH - 1).join('')}…`
      : command;
  return `"${escapeText(shown).replaceAll('"', '\\"')}"`;
}
