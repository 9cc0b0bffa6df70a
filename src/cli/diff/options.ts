// The words of `stratafs diff`'s options, parsed: what to compare, what to leave out, what counts as different.
import { InvalidArgumentError } from 'commander';
import type { Change } from '../../diff/change.ts';
import { isDockerChange } from '../../diff/explain/docker-rule.ts';
import { NOISE_RULES } from '../../diff/explain/noise.ts';
import { type FilterOptions, TYPE_LETTERS } from '../../diff/filter.ts';
import { ASPECTS, type Aspect, USUAL_ASPECTS } from '../../diff/item.ts';
import type { StoreOptions } from '../../open/stack.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { absolutePath } from '../../told/fields.ts';
import { commaWords } from '../arguments.ts';
import { aspectsOfKind, type FailOn } from './fail-on.ts';

export const CONTENT_MODES = ['read', 'crc', 'none'] as const;
export type ContentMode = (typeof CONTENT_MODES)[number];

export const DIFF_FORMS = [
  'json',
  'nameStatus',
  'nameOnly',
  'itemize',
  'tree',
  'patch',
  'stat',
  'byLayer',
  'summary',
  'mtree',
  'packages',
  'unexplained',
  'docker',
  'markdown',
  'html',
  'quiet',
] as const;
export type Form = (typeof DIFF_FORMS)[number];

/** What `--json` may be asked for beside it. */
const ALSO_JSON: readonly Form[] = ['summary', 'packages', 'unexplained'];

const WITH_CONFIG: readonly Form[] = ['json', 'packages'];
/** Forms that compare configurations unasked, and have values of the environment on request. */
export const WHOLE_FORMS: readonly (Form | undefined)[] = ['markdown', 'html'];
const WITH_NUL: readonly (Form | undefined)[] = ['nameStatus', 'nameOnly', 'itemize'];

export interface DiffOptions extends StoreOptions, Partial<Readonly<Record<Exclude<Form, 'html'>, true>>> {
  /** The file to be made; `-` for the standard output. */
  readonly html?: string;
  readonly rootB?: string;
  readonly trustIds?: true;
  readonly depth?: number;
  readonly path?: readonly string[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly only?: readonly Aspect[];
  readonly ignore?: readonly Aspect[];
  readonly ignoreXattr?: readonly string[];
  readonly ignoreNoise?: readonly string[];
  readonly type?: readonly number[];
  readonly content: ContentMode;
  readonly mtime?: true;
  readonly renames?: true;
  readonly hardlinks?: true;
  readonly showInit?: true;
  /** True with `--expand`, false with `--no-expand`. */
  readonly expand?: boolean;
  readonly failOn?: FailOn;
  readonly color: 'auto' | 'always' | 'never';
  readonly nul?: true;
  readonly config?: true;
  readonly withEnv?: true;
}

/** The one form that is asked for; undefined for the default. Throws Trouble where options do not go together. */
export function chosenForm(options: DiffOptions): Form | undefined {
  // A page has text differences where a patch is asked for.
  const isChosen = (each: Form) =>
    options[each] !== undefined && !(each === 'patch' && options.html !== undefined);
  const chosen = DIFF_FORMS.filter(isChosen);
  const [form, second] = chosen.length > 1 ? chosen.filter((each) => each !== 'json') : chosen;
  if (second !== undefined || (form !== undefined && chosen.length > 1 && !ALSO_JSON.includes(form))) {
    const flags = chosen.map((each) => `--${each.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    throw new Trouble('usage', `Cannot print in two forms at once: ${flags.join(' and ')}`);
  }
  if (options.nul && !WITH_NUL.includes(form))
    throw new Trouble(
      'usage',
      'Cannot end names with NUL: -z goes with --name-status, --name-only or --itemize',
    );
  if (options.depth !== undefined && form !== 'stat')
    throw new Trouble('usage', 'Cannot use "--depth": it goes with --stat');
  if (options.renames && (form === 'docker' || form === 'itemize'))
    throw new Trouble('usage', `Cannot look for renames: --${form} has no letter for them`);
  if (options.withEnv && !WHOLE_FORMS.includes(form))
    throw new Trouble('usage', 'Cannot use "--with-env": it goes with --markdown or --html');
  const isConfigurable =
    form === undefined ||
    form === 'quiet' ||
    WHOLE_FORMS.includes(form) ||
    (options.json && WITH_CONFIG.includes(form));
  if (options.config && !isConfigurable)
    throw new Trouble(
      'usage',
      'Cannot use "--config": it goes with --json and --packages, --markdown, --html, --quiet, or with no form at all',
    );
  if (options.failOn !== undefined) checkFailKinds(options, form);
  return form;
}

/** The forms that look into files, as their options are written. */
export const READING_FORMS: ReadonlyMap<Form | undefined, string> = new Map([
  ['patch', '--patch'],
  ['packages', '--packages'],
  ['unexplained', '--unexplained'],
]);

/** A gate that can never close must not look like one. */
function checkFailKinds(options: DiffOptions, form: Form | undefined): void {
  const wanted = wantedAspects(options, form);
  for (const kind of options.failOn?.kinds ?? []) {
    if (kind === 'renamed' && !options.renames)
      throw new Trouble('usage', 'Cannot fail on "renamed": renames are looked for with --renames only');
    if (kind === 'config' && !options.config)
      throw new Trouble('usage', 'Cannot fail on "config": it is compared with --config only');
    const missing = aspectsOfKind(kind).find((aspect) => !wanted.has(aspect));
    const isTime = kind === 'mtime' && !tellsTimes(options, form);
    if (missing === undefined && !isTime) continue;
    const hint = isTime ? '; --mtime does' : kind === 'links' ? '; --hardlinks does' : '';
    throw new Trouble(
      'usage',
      `Cannot fail on "${kind}": this does not compare ${missing ?? 'times'}${hint}`,
    );
  }
}

/** Whether differences in times are told, and not only counted. */
export function tellsTimes({ mtime, only }: DiffOptions, form: Form | undefined): boolean {
  return form === 'docker' || mtime === true || only?.includes('mtime') === true;
}

/** Contents count although docker diff does not read them: what is different must not pass for the same. */
export function countsForDocker(change: Change): boolean {
  return isDockerChange(change) || change.what.some((aspect) => aspect === 'content' || aspect === 'target');
}

export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

export function parseAspects(value: string): Aspect[] {
  return commaWords(value).map((word) => {
    const aspect = ASPECTS.find((each) => each === word);
    if (aspect === undefined) throw new InvalidArgumentError(`"${word}" is none of ${ASPECTS.join(', ')}.`);
    return aspect;
  });
}

export function parseTypes(value: string): number[] {
  return commaWords(value).map((letter) => {
    const type = TYPE_LETTERS.get(letter);
    if (type === undefined) {
      throw new InvalidArgumentError(`"${letter}" is none of ${[...TYPE_LETTERS.keys()].join(', ')}.`);
    }
    return type;
  });
}

export function parseNoise(value: string): string[] {
  if (value === 'all') return [...NOISE_RULES.keys()];
  return commaWords(value).map((rule) => {
    if (!NOISE_RULES.has(rule)) {
      throw new InvalidArgumentError(`"${rule}" is none of ${[...NOISE_RULES.keys()].join(', ')}.`);
    }
    return rule;
  });
}

export function parseDepth(value: string): number {
  if (!/^\d{1,3}$/.test(value)) throw new InvalidArgumentError('It is a number of names, 0 or more.');
  return Number(value);
}

export async function filterOptions(
  options: DiffOptions,
  paths: readonly ByteString[],
): Promise<FilterOptions> {
  const { include, exclude } = options;
  const { parseGlob } = (include ?? exclude) ? await import('../../diff/globs.ts') : {};
  return {
    paths: paths.map(absolutePath),
    ...(include && parseGlob ? { include: include.map(parseGlob) } : {}),
    ...(exclude && parseGlob ? { exclude: exclude.map(parseGlob) } : {}),
    ...(options.type === undefined ? {} : { types: new Set(options.type) }),
  };
}

/** Of attributes `docker diff` compares capabilities alone. */
const DOCKER_ASPECTS = USUAL_ASPECTS.filter((aspect) => aspect !== 'xattr' && aspect !== 'acl');

/** What is compared: all but `links`, unless told. */
export function wantedAspects(
  { only, ignore = [], content, hardlinks, mtime }: DiffOptions,
  form: Form | undefined,
): ReadonlySet<Aspect> {
  const wanted = new Set<Aspect>(only ?? (form === 'docker' ? DOCKER_ASPECTS : USUAL_ASPECTS));
  if (hardlinks) wanted.add('links');
  if (mtime) wanted.add('mtime');
  for (const aspect of ignore) wanted.delete(aspect);
  if (content === 'none') wanted.delete('content');
  return wanted;
}
