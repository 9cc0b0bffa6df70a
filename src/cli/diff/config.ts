// `stratafs diff --config`: from the two sides to what differs between their configurations.
import { type ConfigChange, compareConfigurations } from '../../diff/explain/config.ts';
import { parseLayerChoice } from '../../store/choice.ts';
import type { Configuration } from '../../store/oci.ts';
import { openStore } from '../../store/open.ts';
import { Trouble } from '../../sys/errors.ts';
import type { SideLabel } from './printer.ts';

/** `ofOrigin` where A is what container B was made from. Throws Trouble where a side has no configuration. */
export function configChanges(
  [a, b]: readonly [SideLabel, SideLabel],
  options: { readonly ofOrigin: boolean },
): ConfigChange[] {
  return compareConfigurations(options.ofOrigin ? originOf(b) : configurationOf(a), configurationOf(b));
}

function originOf({ stack, root }: SideLabel): Configuration {
  if (stack?.id === undefined || root === undefined) throw new RangeError('an origin of no container');
  return openStore(root).configuration(stack, 'image');
}

function configurationOf({ reference, kind, stack, root }: SideLabel): Configuration {
  if (kind === 'manifest') throw without(reference, 'an mtree file has none');
  if (stack?.id === undefined || root === undefined) throw without(reference, 'directories have none');
  if (parseLayerChoice(reference) !== undefined)
    throw without(reference, 'some layers of an image have none');
  return openStore(root).configuration(stack);
}

function without(reference: string, state: string): Trouble {
  return new Trouble('usage', `Cannot compare the configuration of "${reference}": ${state}`);
}
