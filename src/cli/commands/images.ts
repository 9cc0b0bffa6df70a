// `stratafs images`: the images of a store, as `docker images` prints them.
import type { Command } from 'commander';
import { everyStore } from '../examine/every-store.ts';
import { addListOptions, listEvery, mustListAll, reportDamage } from '../print/list.ts';
import { type ImagesOptions, printImages } from '../print/store/images.ts';
import type { Terminal } from '../print/terminal.ts';

export function registerImages(program: Command, terminal: Terminal): void {
  addListOptions(program.command('images'))
    .summary('list the images of the store')
    .description(
      'List images, newest first. Damaged ones are listed too, and named on the error output. SIZE counts as the own list of ' +
        'the engine does: what the layers take unpacked (Docker, Podman), what was fetched (ctr, crictl, nerdctl), or both ' +
        '(Docker with containerd); where a list has several, SIZE OF says which.',
    )
    .option('-a, --all', 'images without a name that others were built on, too')
    .action(async (_: unknown, command: Command) => {
      mustListAll(command);
      const options = command.optsWithGlobals<ImagesOptions>();
      const stores = await everyStore(options, terminal, { shares: true, tellsDamage: true });
      const images = listEvery(stores, (store) => store.images(), terminal);
      const hasBareTags = stores.every(({ store }) => store.kind === 'archive');
      printImages(images, { ...options, stores, hasBareTags }, terminal);
      reportDamage(stores, 'images', terminal);
    });
}
