// `stratafs doctor`: what is wrong with a whole store, what that means, and what still works.
import type { Command } from 'commander';
import type { HealthFinding, HealthSeverity } from '../../health/health.ts';
import { healthLine } from '../examine/health-lines.ts';
import { EXIT } from '../exit.ts';
import { counted } from '../print/count.ts';
import { escapeBytes, escapeJson, escapeMessage, escapeText, jsonName } from '../print/escape.ts';
import { takesWords } from '../print/takes.ts';
import type { Terminal } from '../print/terminal.ts';
import { openTheStore, type StoreOptions } from '../stack.ts';

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
        'Of several stores in the root each is examined. Exit code 0: nothing found but notes; 1: something is wrong. With ' +
        '--json, a line for each store comes before its findings, and the last has the counts.',
    )
    .option('--json', 'one JSON object a line: the store, each finding, the counts')
    .option('-q, --quiet', 'no notes')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<DoctorOptions>();
      const { healthOf } = await import('../../health/open.ts');
      const root = await openTheStore(options);
      const stores = healthOf(root);
      const counts: Record<HealthSeverity, number> = { error: 0, warning: 0, note: 0 };
      const told = new Set<string>();
      const json = (line: object) => terminal.out.write(`${escapeJson(line)}\n`);
      const place = jsonName('directory', root.directory);
      const all = stores.map(({ store }) => store);
      for (const health of stores) {
        const { kind, name, description } = health.store;
        if (options.json) json({ type: 'store', ...place, kind, store: name });
        else if (stores.length > 1) terminal.out.write(`${escapeText(description)}:\n`);
        await health.examine((finding) => {
          const { severity } = finding;
          counts[severity] += 1;
          if (severity !== 'note') terminal.exitWith(EXIT.found);
          else if (options.quiet) return;
          if (options.json) json(healthLine(finding));
          else terminal.out.write(describe(finding, !told.has(`${kind} ${finding.code}`)));
          told.add(`${kind} ${finding.code}`);
        }, all);
      }
      const { error: errors, warning: warnings, note: notes } = counts;
      if (options.json) json({ type: 'end', ...place, errors, warnings, notes });
      else {
        const sums = (['error', 'warning', 'note'] as const).map((severity) =>
          counted(counts[severity], severity),
        );
        terminal.out.write(`${escapeBytes(root.directory)}: ${sums.join(', ')}\n`);
      }
    });
}

/** What a kind of finding means is said with the first one. */
function describe(
  { code, path, detail, takes, severity, meaning, works }: HealthFinding,
  isFirst: boolean,
): string {
  return [
    `${severity.padEnd(8)} ${code}  ${escapeBytes(path)}`,
    `         ${escapeMessage(detail)}${takes === undefined ? '' : `; it takes ${takesWords(takes)}`}`,
    ...(isFirst ? [`         ${meaning}`, `         still works: ${works}`] : []),
    '',
  ].join('\n');
}
