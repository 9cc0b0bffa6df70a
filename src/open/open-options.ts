// What of a command's options opens stores: the few that kinds of stores know, without words for people.
import type { OpenOptions } from '../store/kind.ts';

/** `additionalRoot` is `--additional-root`. The machine is left out, which is open only as long as stores are looked for. */
export function openOptions({
  additionalRoot: additionalRoots,
  ...options
}: Omit<OpenOptions, 'machine' | 'additionalRoots'> & {
  readonly additionalRoot?: readonly string[];
}): OpenOptions {
  const { store, namespace, withoutDockers, platform, progress, containerdRoot } = options;
  const given = { store, additionalRoots, namespace, withoutDockers, platform, progress, containerdRoot };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
