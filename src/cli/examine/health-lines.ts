// What `doctor` finds as lines of JSON. For `doctor` and reports.
import type { HealthFinding, HealthSeverity } from '../../health/health.ts';
import type { Store } from '../../store/store.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { escapeMessage, jsonName } from '../print/escape.ts';

/** Before the findings on one of the stores of a root; `directory` is the root. */
export function healthStart(directory: ByteString, { kind, name }: Store): object {
  return { type: 'store', ...jsonName('directory', directory), kind, store: name };
}

export function healthLine({ code, path, detail, takes, severity, meaning, works }: HealthFinding): object {
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

/** After those on all. */
export function healthEnd(directory: ByteString, counts: Readonly<Record<HealthSeverity, number>>): object {
  const { error: errors, warning: warnings, note: notes } = counts;
  return { type: 'end', ...jsonName('directory', directory), errors, warnings, notes };
}
