// How a field that differs between two configurations is put into words.
import type { ConfigChange } from '../../diff/explain/config.ts';
import { escapeJson, escapeText } from '../../told/escape.ts';
import type { Colors } from '../print/colors.ts';
import { ARROW } from './words.ts';

const UNTOLD = '(not told; --with-env does)';

/** `~ Env[PATH]  "/usr/bin" → "/opt/bin:/usr/bin"`. Never cut: where two long values differ may be at their ends. */
export function configLine({ key, a, b }: ConfigChange, { green, red, yellow }: Colors): string {
  const name = escapeText(key);
  if (a === undefined) return `${green('+')} ${name}  ${escapeJson(b)}`;
  if (b === undefined) return `${red('-')} ${name}  ${escapeJson(a)}`;
  return `${yellow('~')} ${name}  ${escapeJson(a)} ${ARROW} ${escapeJson(b)}`;
}

/** What a variable of the environment is stays untold; that it differs does not. */
export function withoutValues(change: ConfigChange): ConfigChange {
  if (!change.key.startsWith('Env[')) return change;
  const { key, a, b } = change;
  return { key, ...(a === undefined ? {} : { a: UNTOLD }), ...(b === undefined ? {} : { b: UNTOLD }) };
}
