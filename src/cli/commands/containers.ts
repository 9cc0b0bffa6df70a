// `stratafs containers`: the containers of a store, as `docker ps --all` prints them.

import type { Command } from 'commander';
import { measureDirectory } from '../../layers/survey/measure.ts';
import { SeveralStores } from '../../store/several.ts';
import { directoryOf } from '../../store/source.ts';
import type { Store } from '../../store/store.ts';
import type { ContainerSummary } from '../../store/summary.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { everyStore, type WholeStore } from '../examine/every-store.ts';
import { addListOptions, listEvery, mustListAll, reportDamage } from '../print/list.ts';
import { type WorkProgress, withProgress } from '../print/progress/work-progress.ts';
import { type ContainersOptions, printContainers, type SizedContainer } from '../print/store/containers.ts';
import type { Terminal } from '../print/terminal.ts';

export function registerContainers(program: Command, terminal: Terminal): void {
  addListOptions(program.command('containers'))
    .summary('list the containers of the store')
    .description(
      'List containers, newest first, as "docker ps -a" does: running or not, since a store tells what its engine wrote last, ' +
        'and in a copy nothing runs. Where nobody is at work in the store STATUS says so ("Was up"). Damaged ones are listed, ' +
        'and named on the error output.',
    )
    .option('-a, --all', 'those that only hold a pod together (infra containers, sandboxes), too')
    .option('-s, --size', 'what the own layer of each takes, and with it the image')
    .action(async (_: unknown, command: Command) => {
      mustListAll(command);
      const options = command.optsWithGlobals<ContainersOptions>();
      const stores = await everyStore(options, terminal, { shares: true, tellsDamage: true });
      const measured = (progress: WorkProgress) =>
        listEvery(
          stores,
          (store) => store.containers().map((one) => (options.size ? withSize(store, one, progress) : one)),
          terminal,
        );
      const listed = options.size
        ? await withProgress(terminal, 'measuring', measured)
        : listEvery(stores, (store) => store.containers(), terminal);
      const atWork = await rootsAtWork(stores);
      const isAtWork = ({ root }: SizedContainer) => atWork.has(root);
      printContainers(listed, { ...options, stores, isAtWork }, terminal);
      reportDamage(stores, 'containers', terminal);
    });
}

/** As containers have them. Of another machine's disk nothing can be told but that it is not running here. */
async function rootsAtWork(
  stores: readonly WholeStore<ContainersOptions>[],
): Promise<ReadonlySet<string | undefined>> {
  const { isEngineAtWork } = await import('../../store/machine/live.ts');
  const atWork = stores.filter(({ store, options }) => {
    if (options.hostRoot !== undefined || store.kind === 'archive') return false;
    return isEngineAtWork(store.directory, store instanceof SeveralStores ? store.stores : [store]);
  });
  return new Set(atWork.map(({ mark }) => mark?.root));
}

function withSize(store: Store, container: ContainerSummary, progress: WorkProgress): SizedContainer {
  const found = attempt(() => store.resolve(`container:${container.id}`, 'mark').layers);
  const upper = found instanceof Trouble ? undefined : found.find(({ role }) => role === 'upper');
  if (found instanceof Trouble || upper === undefined || upper.missing !== undefined) return container;
  const directory = directoryOf(upper.source, 'examine');
  const examined = (name: ByteString, count: number) => progress.name(name, count);
  const { bytes: ownBytes, unreadable } = measureDirectory(directory, examined);
  if (unreadable > 0) return container;
  const image = found.filter(({ role }) => role === 'image').map(({ size }) => size ?? Number.NaN);
  const virtualBytes = image.reduce((sum, size) => sum + size, ownBytes);
  return { ...container, ownBytes, ...(Number.isNaN(virtualBytes) ? {} : { virtualBytes }) };
}
