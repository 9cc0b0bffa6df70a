// `stratafs diff --config`: from the two sides to what differs between their configurations.
import { type ConfigChange, compareConfigurations } from '../../diff/explain/config.ts';
import type { SideLabel } from '../../open/sides.ts';
import { openTheStore, type StoreOptions } from '../../open/stack.ts';
import type { Configuration } from '../../store/oci/oci.ts';
import { parseLayerChoice } from '../../store/reference/choice.ts';
import { Trouble } from '../../sys/errors.ts';

/**
 * What is compared: `ofOrigin` where A is what container B was made from. Of a side, the store is opened as its stack was.
 * Throws Trouble where a side has no configuration.
 */
export async function configChanges(
  [a, b]: readonly [SideLabel, SideLabel],
  { ofOrigin, ...options }: StoreOptions & { readonly ofOrigin: boolean },
): Promise<ConfigChange[]> {
  const before = ofOrigin ? await originOf(b, options) : await configurationOf(a, options);
  return compareConfigurations(before, await configurationOf(b, options));
}

/** Whether both sides have a configuration. */
export function areConfigured(labels: readonly SideLabel[]): boolean {
  return labels.every((label) => reasonWithout(label) === undefined);
}

async function originOf({ stack, root }: SideLabel, options: StoreOptions): Promise<Configuration> {
  if (stack?.id === undefined || root === undefined) throw new RangeError('an origin of no container');
  return (await openTheStore({ ...options, root }, stack)).configuration(stack, 'image');
}

async function configurationOf(label: SideLabel, options: StoreOptions): Promise<Configuration> {
  const state = reasonWithout(label);
  const { reference, stack, root } = label;
  if (state !== undefined || stack === undefined || root === undefined)
    throw new Trouble('usage', `Cannot compare the configuration of "${reference}": ${state}`);
  return (await openTheStore({ ...options, root }, stack)).configuration(stack);
}

function reasonWithout({ reference, kind, stack, root }: SideLabel): string | undefined {
  if (kind === 'manifest') return 'an mtree file has none';
  if (stack?.id === undefined || root === undefined) return 'directories have none';
  return parseLayerChoice(reference) === undefined ? undefined : 'some layers of an image have none';
}
