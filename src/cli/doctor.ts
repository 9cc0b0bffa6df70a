// `stratafs doctor`: what is wrong with a whole store, what that means, and what still works.
import type { Command } from 'commander';
import { KINDS, type Severity, type StoreFinding } from '../forensic/doctor-findings.ts';
import { escapeBytes, escapeJson, escapeMessage, jsonName } from './escape.ts';
import { EXIT } from './exit.ts';
import type { StoreOptions } from './stack.ts';
import type { Terminal } from './terminal.ts';

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
        'Exit code 0: nothing found but notes; 1: something is wrong.',
    )
    .option('--json', 'one JSON object a line')
    .option('-q, --quiet', 'no notes')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<DoctorOptions>();
      const { openDockerRoot } = await import('../forensic/verify-reference.ts');
      const { examineStore } = await import('../forensic/doctor.ts');
      const root = openDockerRoot(options.root);
      const counts: Record<Severity, number> = { error: 0, warning: 0, note: 0 };
      await examineStore(root, (finding) => {
        const { severity } = KINDS[finding.code];
        counts[severity] += 1;
        if (severity !== 'note') terminal.exitWith(EXIT.found);
        else if (options.quiet) return;
        terminal.out.write(options.json ? jsonLine(finding) : describe(finding));
      });
      if (!options.json) {
        const { error, warning, note } = counts;
        terminal.out.write(
          `${escapeBytes(root.files.directory)}: ${error} errors, ${warning} warnings, ${note} notes\n`,
        );
      }
    });
}

function describe({ code, path, detail }: StoreFinding): string {
  const { severity, meaning, works } = KINDS[code];
  return [
    `${severity.padEnd(8)} ${code}  ${escapeBytes(path)}`,
    `         ${escapeMessage(detail)}`,
    `         ${meaning}`,
    `         still works: ${works}\n`,
  ].join('\n');
}

function jsonLine({ code, path, detail }: StoreFinding): string {
  const { severity, meaning, works } = KINDS[code];
  return `${escapeJson({ severity, code, ...jsonName('path', path), detail: escapeMessage(detail), meaning, works })}\n`;
}
