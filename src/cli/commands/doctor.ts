// `stratafs doctor`: what is wrong with a whole store, what that means, and what still works.
import type { Command } from 'commander';
import type { StoreOptions } from '../../open/stack.ts';
import { eachStore, everyStore, jsonRoots, rootField } from '../examine/every-store.ts';
import { EXIT } from '../exit.ts';
import { beginJson } from '../json/stream.ts';
import { withProgress } from '../print/progress/work-progress.ts';
import { printHealth } from '../print/store/health.ts';
import type { Terminal } from '../print/terminal.ts';

interface DoctorOptions extends StoreOptions {
  readonly json?: true;
  readonly quiet?: true;
}

export function registerDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .summary('examine the health of the whole store')
    .description(
      'Read everything that the store records and hold it against everything else: missing and damaged files, broken links, ' +
        'directories, images and containers that nothing leads to. Contents are not read: that is what "verify" does. ' +
        'Of several stores each is examined. Exit code 0: nothing found but notes; 1: something is wrong. With ' +
        '--json, a line for each store comes before its findings, and one with the counts after all.',
    )
    .option('--json', 'one JSON object a line: the store, each finding, the counts')
    .option('-q, --quiet', 'no notes')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<DoctorOptions>();
      const { healthOf } = await import('../../health/open.ts');
      const stores = await everyStore(options, terminal, { shares: false, tellsDamage: true });
      const [only, ...others] = stores.map(({ store }) => store);
      if (options.json)
        beginJson(
          terminal,
          'doctor',
          only && others.length === 0 ? { root: only.directory } : jsonRoots(stores),
        );
      let found = 0;
      await eachStore(stores, terminal, async ({ store, mark }) => {
        const shown = { directory: store.directory, fields: rootField(mark) };
        const counts = await withProgress(terminal, 'examining', (progress) =>
          printHealth(healthOf(store), shown, options, { out: terminal.out, progress }),
        );
        found += counts.error + counts.warning;
      });
      if (found > 0) terminal.exitWith(EXIT.found);
    });
}
