// What instructions make of an image's configuration, and those that are still wanted to make it what it is: steps do not tell
// all that was set (`docker commit --change`), nor always what a value was.
import type { Configuration } from '../../store/oci/oci.ts';
import { escaped, HEALTH_OPTIONS, healthText, type Instruction, jsonWords, pair } from './dockerfile.ts';

type Line = Extract<Instruction, { kind: 'instruction' }>;

/** Instructions whose last one counts, by the field that they set. */
const FIELDS: readonly (readonly [keyword: string, field: string])[] = [
  ['ENTRYPOINT', 'Entrypoint'],
  ['CMD', 'Cmd'],
  ['SHELL', 'Shell'],
  ['USER', 'User'],
  ['WORKDIR', 'WorkingDir'],
  ['STOPSIGNAL', 'StopSignal'],
];
/** They would stand in the configuration, though a later one, or a later image, has taken them back. */
const TAKEN_BACK = new Map([
  ['CMD', 'Cmd'],
  ['ENTRYPOINT', 'Entrypoint'],
  ['HEALTHCHECK', 'Healthcheck.Test'],
  // Commands of a shell that docker commit has forgotten are written with it.
  ['SHELL', 'Shell'],
]);
/** Nanoseconds. */
const UNITS: readonly (readonly [unit: string, nanoseconds: number])[] = [
  ['h', 3_600_000_000_000],
  ['m', 60_000_000_000],
  ['s', 1_000_000_000],
  ['ms', 1_000_000],
  ['us', 1000],
  ['ns', 1],
];
const HEALTH_FIELDS = ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'];
/** The builder gives it to an image that has none. */
const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Whether the instruction has a part in the configuration as it is. */
export function hasPart({ keyword, words }: Line, { fields }: Configuration): boolean {
  if (keyword === 'ONBUILD') return listOf(fields.get('OnBuild')).includes(words.join(' '));
  const field = TAKEN_BACK.get(keyword);
  return field === undefined || fields.has(field);
}

export class ReplayedConfig {
  readonly #env = new Map<string, string>();
  readonly #labels = new Map<string, string>();
  readonly #last = new Map<string, readonly string[]>();
  readonly #sets = new Map<string, Set<string>>([
    ['EXPOSE', new Set()],
    ['VOLUME', new Set()],
    ['ONBUILD', new Set()],
  ]);

  constructor() {
    setPairs(this.#env, [DEFAULT_PATH]);
  }

  /** The user at this point; empty where none was named. */
  get user(): string {
    return this.#last.get('USER')?.[0] ?? '';
  }

  replay({ keyword, words }: Line): void {
    if (keyword === 'ENV') setPairs(this.#env, words);
    else if (keyword === 'LABEL') setPairs(this.#labels, words);
    else this.#last.set(keyword, words);
    for (const word of words) this.#sets.get(keyword)?.add(keyword === 'EXPOSE' ? portOf(word) : word);
  }

  /** The lines that are still wanted. */
  wanted({ env, labels, fields }: Configuration): string[] {
    const lines: string[] = [];
    const variables = env
      .map((text) => splitPair(text))
      .filter(([name, value]) => this.#env.get(name) !== value);
    if (variables.length > 0)
      lines.push(`ENV ${variables.map(([name, value]) => pair(name, value)).join(' ')}`);
    const others = [...labels].filter(([name, value]) => this.#labels.get(name) !== value);
    if (others.length > 0) lines.push(`LABEL ${others.map(([name, value]) => pair(name, value)).join(' ')}`);
    for (const [keyword, field] of FIELDS) {
      const words = listOf(fields.get(field));
      if (words.length === 0 || isSame(words, this.#last.get(keyword))) continue;
      const isList = Array.isArray(fields.get(field));
      lines.push(`${keyword} ${isList ? jsonWords(words) : escaped(words.join(' '))}`);
    }
    return [...lines, ...this.#wantedSets(fields), ...this.#wantedHealth(fields)];
  }

  #wantedSets(fields: Configuration['fields']): string[] {
    const missing = (keyword: string, field: string) =>
      listOf(fields.get(field)).filter((word) => !this.#sets.get(keyword)?.has(word));
    const [ports, volumes] = [missing('EXPOSE', 'ExposedPorts'), missing('VOLUME', 'Volumes')];
    return [
      ...(ports.length === 0 ? [] : [`EXPOSE ${ports.map(escaped).join(' ')}`]),
      ...(volumes.length === 0 ? [] : [`VOLUME ${JSON.stringify(volumes.map(escaped))}`]),
      ...missing('ONBUILD', 'OnBuild').map((trigger) => `ONBUILD ${trigger}`),
    ];
  }

  #wantedHealth(fields: Configuration['fields']): string[] {
    const test = listOf(fields.get('Healthcheck.Test'));
    const options = HEALTH_OPTIONS.flatMap((name, i) => {
      const value = Number(fields.get(`Healthcheck.${HEALTH_FIELDS[i]}`) ?? 0);
      return value === 0 ? [] : [`--${name}=${durationText(value)}`];
    });
    const retries = fields.get('Healthcheck.Retries');
    const text = healthText(test, retries === undefined ? options : [...options, `--retries=${retries}`]);
    const replayed = this.#last.get('HEALTHCHECK')?.[0];
    return text === undefined || text === (replayed && withPlainTimes(replayed))
      ? []
      : [`HEALTHCHECK ${text}`];
  }
}

/** `1m30s` as `durationText` writes it. */
function withPlainTimes(health: string): string {
  return health.replace(/^(?:--[\w-]+=\S+ )+/, (options) =>
    options.replace(
      /=([\d.]+(?:h|m|s|ms|us|µs|ns)\S*)/g,
      (_, text: string) => `=${durationText(nanosecondsOf(text))}`,
    ),
  );
}

/** Of a duration as Go prints it. */
function nanosecondsOf(text: string): number {
  const parts = text.matchAll(/([\d.]{1,32})(h|ms|m|s|us|µs|ns)/g);
  return [...parts].reduce((sum, [, count, unit = '']) => {
    const [, size = 1000] = UNITS.find(([name]) => name === unit) ?? [];
    return sum + Math.round(Number(count) * size);
  }, 0);
}

function durationText(nanoseconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => nanoseconds % each === 0) ?? ['ns', 1];
  return `${nanoseconds / size}${unit}`;
}

function setPairs(into: Map<string, string>, words: readonly string[]): void {
  for (const word of words) into.set(...splitPair(word));
}

export function splitPair(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

function portOf(word: string): string {
  return word.includes('/') ? word : `${word}/tcp`;
}

function listOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'string' ? [value] : [];
}

function isSame(a: readonly string[], b: readonly string[] | undefined): boolean {
  return a.length === b?.length && a.every((word, i) => word === b[i]);
}
