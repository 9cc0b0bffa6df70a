// `stratafs diff --config`: from the two sides to what differs between their configurations.
import { type ConfigChange, compareConfigurations } from '../../diff/explain/config.ts';
import { parseLayerChoice } from '../../store/choice.ts';
import type { Configuration } from '../../store/oci.ts';
import { Trouble } from '../../sys/errors.ts';
import { openTheStore, type StoreOptions } from '../stack.ts';
import type { SideLabel } from './printer.ts';

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

async function originOf({ stack, root }: SideLabel, options: StoreOptions): Promise<Configuration> {
  if (stack?.id === undefined || root === undefined) throw new RangeError('an origin of no container');
  return (await openTheStore({ ...options, root }, stack)).configuration(stack, 'image');
}

async function configurationOf(
  { reference, kind, stack, root }: SideLabel,
  options: StoreOptions,
): Promise<Configuration> {
  if (kind === 'manifest') throw without(reference, 'an mtree file has none');
  if (stack?.id === undefined || root === undefined) throw without(reference, 'directories have none');
  if (parseLayerChoice(reference) !== undefined)
    throw without(reference, 'some layers of an image have none');
  return (await openTheStore({ ...options, root }, stack)).configuration(stack);
}

function without(reference: string, state: string): Trouble {
  return new Trouble('usage', `Cannot compare the configuration of "${reference}": ${state}`);
}
