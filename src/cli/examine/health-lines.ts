// What `doctor` finds as lines of JSON. For `doctor` and reports.
import type { HealthFinding, HealthSeverity } from '../../health/health.ts';
import type { Store } from '../../store/store.ts';
import { escapeMessage, jsonName } from '../../told/escape.ts';

/** Before the findings on one of the stores of a root. */
export function healthStart({ kind, name }: Store): object {
  return { t: 'store', kind, store: name };
}

export function healthLine({ code, path, detail, takes, severity, meaning, works }: HealthFinding): object {
  return {
    t: 'finding',
    severity,
    code,
    ...jsonName('path', path),
    detail: escapeMessage(detail),
    ...(takes === undefined ? {} : { takes }),
    meaning,
    works,
  };
}

/** After those on all. */
export function healthEnd(counts: Readonly<Record<HealthSeverity, number>>): object {
  const { error: errors, warning: warnings, note: notes } = counts;
  return { t: 'total', errors, warnings, notes };
}
