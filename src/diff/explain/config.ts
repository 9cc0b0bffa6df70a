// What differs between two configurations, field by field: variables and labels by their names, lists as wholes.
import type { Configuration, ConfigValue } from '../../store/oci/oci.ts';

/** One field; `a` or `b` is absent where that side does not have it. */
export interface ConfigChange {
  /** `Env[PATH]`, `Labels[version]`, `Cmd`. */
  readonly key: string;
  readonly a?: ConfigValue;
  readonly b?: ConfigValue;
}

/** What a container does not take over from its image (moby daemon/commit.go, `merge`). */
const IMAGE_ONLY: readonly string[] = ['Shell', 'OnBuild', 'architecture', 'os', 'variant'];

/** Variables first, then labels, then all other fields; each sorted by name. */
export function compareConfigurations(a: Configuration, b: Configuration): ConfigChange[] {
  const areImages = a.kind === 'image' && b.kind === 'image';
  return [
    ...changes(variables(a.env), variables(b.env), (name) => `Env[${name}]`),
    ...changes(a.labels, b.labels, (name) => `Labels[${name}]`),
    ...changes(a.fields, b.fields, (name) => name).filter(
      ({ key }) => areImages || !IMAGE_ONLY.includes(key),
    ),
  ];
}

/** Of a name that is given twice the last value holds. */
function variables(env: readonly string[]): Map<string, string | null> {
  return new Map(
    env.map((word) => {
      const end = word.indexOf('=');
      return end < 0 ? [word, null] : [word.slice(0, end), word.slice(end + 1)];
    }),
  );
}

function changes(
  a: ReadonlyMap<string, ConfigValue>,
  b: ReadonlyMap<string, ConfigValue>,
  keyOf: (name: string) => string,
): ConfigChange[] {
  const names = [...new Set([...a.keys(), ...b.keys()])].sort();
  return names.flatMap((name) => {
    const [before, after] = [a.get(name), b.get(name)];
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    return {
      key: keyOf(name),
      ...(before === undefined ? {} : { a: before }),
      ...(after === undefined ? {} : { b: after }),
    };
  });
}
