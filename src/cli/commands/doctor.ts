// `stratafs doctor`: what is wrong with a whole store, what that means, and what still works.
import type { Command } from 'commander';
import {
  FINDING_KINDS,
  type FindingCode,
  type HealthSeverity,
  type StoreFinding,
} from '../../health/docker/findings.ts';
import { EXIT } from '../exit.ts';
import { counted } from '../print/count.ts';
import { escapeBytes, escapeJson, escapeMessage, jsonName } from '../print/escape.ts';
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
        'Exit code 0: nothing found but notes; 1: something is wrong. With --json, the first line is the store, the last the ' +
        'counts.',
    )
    .option('--json', 'one JSON object a line: the store, each finding, the counts')
    .option('-q, --quiet', 'no notes')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<DoctorOptions>();
      const { dockerRootOf } = await import('../../health/docker/root.ts');
      const { examineStore } = await import('../../health/docker/doctor.ts');
      const root = dockerRootOf(await openTheStore(options));
      const counts: Record<HealthSeverity, number> = { error: 0, warning: 0, note: 0 };
      const told = new Set<FindingCode>();
      const json = (line: object) => terminal.out.write(`${escapeJson(line)}\n`);
      const place = jsonName('directory', root.files.directory);
      if (options.json) json({ type: 'store', ...place, driver: root.driver.name });
      await examineStore(root, (finding) => {
        const { severity } = FINDING_KINDS[finding.code];
        counts[severity] += 1;
        if (severity !== 'note') terminal.exitWith(EXIT.found);
        else if (options.quiet) return;
        if (options.json) json(jsonFinding(finding));
        else terminal.out.write(describe(finding, !told.has(finding.code)));
        told.add(finding.code);
      });
      const { error: errors, warning: warnings, note: notes } = counts;
      if (options.json) json({ type: 'end', ...place, errors, warnings, notes });
      else {
        const sums = (['error', 'warning', 'note'] as const).map((severity) =>
          counted(counts[severity], severity),
        );
        terminal.out.write(`${escapeBytes(root.files.directory)}: ${sums.join(', ')}\n`);
      }
    });
}

/** What a kind of finding means is said with the first one. */
function describe({ code, path, detail, takes }: StoreFinding, isFirst: boolean): string {
  const { severity, meaning, works } = FINDING_KINDS[code];
  return [
    `${severity.padEnd(8)} ${code}  ${escapeBytes(path)}`,
    `         ${escapeMessage(detail)}${takes === undefined ? '' : `; it takes ${takesWords(takes)}`}`,
    ...(isFirst ? [`         ${meaning}`, `         still works: ${works}`] : []),
    '',
  ].join('\n');
}

function jsonFinding({ code, path, detail, takes }: StoreFinding): object {
  const { severity, meaning, works } = FINDING_KINDS[code];
  return {
    type: 'finding',
    severity,
    code,
    ...jsonName('path', path),
    detail: escapeMessage(detail),
    ...(takes === undefined ? {} : { takes }),
    meaning,
    works,
  };
}
