// What a page tells of packages and of the configuration.
import type { ConfigChange } from '../../../diff/explain/config.ts';
import type { ExplainableChange, PackageReport } from '../../../diff/explain/packages.ts';
import type { ChangesReport, ConfigurationRow, PackageRow } from '../../../report/changes/record.ts';
import { asBytes } from '../../../sys/bytes.ts';
import { escapeBytes, escapeJson, escapeText } from '../../../told/escape.ts';

export function packageRows({ packages }: PackageReport<ExplainableChange>): PackageRow[] {
  const shown = (text: string | undefined) => (text === undefined ? '' : escapeBytes(asBytes(text)));
  return packages.map(({ manager, name, a, b, files }) => ({
    sign: a === undefined ? '+' : b === undefined ? '−' : '~',
    manager,
    name: shown(name),
    a: shown(a),
    b: shown(b),
    files: Object.values(files).reduce((sum, each) => sum + each, 0),
  }));
}

/** Those of which there are some, in the words of `--packages`. */
export function explainedRows({
  counts,
  suspicious,
  unexplained,
}: PackageReport<ExplainableChange>): [number, string][] {
  const rows: [number, string][] = [
    [counts.owned, 'owned by the packages above'],
    [counts.database, 'package databases'],
    [counts.noise, 'noise'],
    [suspicious.length, 'owned by packages of one version in both'],
    [unexplained.length, 'not explained'],
  ];
  return rows.filter(([count]) => count > 0);
}

/** Absent where configurations were not compared: directories and mtree files have none. */
export function configurationRows(
  changes: readonly ConfigChange[] | undefined,
  withEnv: boolean,
): Pick<ChangesReport, 'configuration' | 'untold'> {
  if (changes === undefined) return { configuration: [], untold: 'Not compared: one side has none.' };
  const isUntold = ({ key }: ConfigChange) => !withEnv && key.startsWith('Env[');
  return {
    configuration: changes.map((change): ConfigurationRow => {
      const { key, a, b } = change;
      const value = (of: ConfigChange['a']) =>
        of === undefined ? '' : isUntold(change) ? '…' : escapeJson(of);
      return {
        sign: a === undefined ? '+' : b === undefined ? '−' : '~',
        field: escapeText(key),
        a: value(a),
        b: value(b),
      };
    }),
    untold: changes.some(isUntold)
      ? 'Values of environment variables are not told; --with-env does.'
      : changes.length === 0
        ? 'No difference.'
        : '',
  };
}
