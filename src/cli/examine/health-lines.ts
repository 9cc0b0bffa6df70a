// A finding of `doctor` as a line of JSON. For `doctor` and reports.
import type { HealthFinding } from '../../health/health.ts';
import { escapeMessage, jsonName } from '../print/escape.ts';

/** As a JSON line has it. */
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
