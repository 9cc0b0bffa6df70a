// What is wrong with all stores of a root, in words or as JSON lines.
import type { HealthFinding, HealthSeverity, StoreHealth } from '../../../health/health.ts';
import type { ByteString } from '../../../sys/bytes.ts';
import { escapeBytes, escapeJson, escapeMessage, escapeText } from '../../../told/escape.ts';
import { healthEnd, healthLine, healthStart } from '../../examine/health-lines.ts';
import { counted } from '../count.ts';
import type { Output } from '../output.ts';
import type { WorkProgress } from '../progress/work-progress.ts';
import { takesWords } from '../takes.ts';

interface HealthOptions {
  readonly json?: true;
  readonly quiet?: true;
}

/** Examines each store and prints what is found; answers how much that is. `directory` is their root, `fields` each line of JSON has. */
export async function printHealth(
  stores: readonly StoreHealth[],
  { directory, fields }: { readonly directory: ByteString; readonly fields?: object },
  options: HealthOptions,
  { out, progress }: { readonly out: Output; readonly progress?: WorkProgress },
): Promise<Readonly<Record<HealthSeverity, number>>> {
  const counts: Record<HealthSeverity, number> = { error: 0, warning: 0, note: 0 };
  const told = new Set<string>();
  const json = (line: object) => out.write(`${escapeJson({ ...line, ...fields })}\n`);
  const all = stores.map(({ store }) => store);
  for (const health of stores) {
    const { kind, description } = health.store;
    if (options.json) json(healthStart(health.store));
    else if (stores.length > 1) out.write(`${escapeText(description)}:\n`);
    const tell = (finding: HealthFinding) => {
      counts[finding.severity] += 1;
      progress?.clear();
      if (finding.severity === 'note' && options.quiet) return;
      if (options.json) json(healthLine(finding));
      else out.write(describe(finding, !told.has(`${kind} ${finding.code}`)));
      told.add(`${kind} ${finding.code}`);
    };
    await health.examine(tell, all, (path, count) => progress?.name(path, count));
    progress?.clear();
  }
  if (options.json) json(healthEnd(counts));
  else {
    const sums = (['error', 'warning', 'note'] as const).map((severity) =>
      counted(counts[severity], severity),
    );
    out.write(`${escapeBytes(directory)}: ${sums.join(', ')}\n`);
  }
  return counts;
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
