// What a program gives a function of the library, looked at before it is used: plain JavaScript has no types that say what is wrong, and
// an option of another name would be left out unseen.
import { StratafsError } from './errors.ts';

type Form =
  | 'string'
  | 'boolean'
  | 'function'
  | 'number'
  | 'path'
  | 'signal'
  | 'strings'
  | 'paths'
  | readonly string[];

/** Of each option of `T` what it may be. */
export type OptionForms<T> = { readonly [name in keyof Required<T>]: Form };

const WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  function: 'a function',
  number: 'a number',
  path: 'a string or a Uint8Array',
  signal: 'an AbortSignal',
  strings: 'an array of strings',
  paths: 'an array of strings or Uint8Arrays',
};

/** @internal Throws StratafsError where a name is none of an option, or a value is not what it should be; `undefined` is not given. */
export function checkOptions<T extends object>(of: string, options: T, forms: OptionForms<T>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw refusal(of, `its options are ${typeWord(options)}, not an object`);
  for (const [name, value] of Object.entries(options)) {
    const form = Object.hasOwn(forms, name) ? forms[name as keyof T] : undefined;
    if (form === undefined) throw refusal(of, `there is no option "${name}"`);
    if (value !== undefined) checkForm(of, `the option "${name}"`, value, form);
  }
}

/** @internal The same of an argument that has to be given. */
export function checkArgument(of: string, name: string, value: unknown, form: Form): void {
  checkForm(of, `the argument "${name}"`, value, form);
}

function checkForm(of: string, what: string, value: unknown, form: Form): void {
  if (isOf(value, form)) return;
  const wanted = typeof form === 'string' ? WORDS[form] : form.map((word) => `"${word}"`).join(' or ');
  const given = typeof form !== 'string' && typeof value === 'string' ? `"${value}"` : typeWord(value);
  throw refusal(of, `${what} is ${given}, not ${wanted}`);
}

function isOf(value: unknown, form: Form): boolean {
  if (typeof form !== 'string') return form.some((word) => word === value);
  if (form === 'path') return typeof value === 'string' || value instanceof Uint8Array;
  if (form === 'signal') return value instanceof AbortSignal;
  if (form === 'strings') return Array.isArray(value) && value.every((one) => isOf(one, 'string'));
  if (form === 'paths') return Array.isArray(value) && value.every((one) => isOf(one, 'path'));
  return typeof value === form;
}

function typeWord(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

function refusal(of: string, state: string): StratafsError {
  return new StratafsError('usage', `Cannot call ${of}(): ${state}`);
}
