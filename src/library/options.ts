// Where the library looks for what a reference means: its options as those that the commands have.
import { rootsOfReferences } from '../open/meant-root.ts';
import { openOptions } from '../open/open-options.ts';
import type { StoreOptions } from '../open/stack.ts';
import { type ReadingWitness, TarReading } from '../open/tars.ts';
import { THIS_MACHINE } from '../store/machine/machine.ts';
import { rootAt } from '../store/machine/places.ts';
import { Trouble } from '../sys/errors.ts';
import { escapeMessage } from '../told/escape.ts';
import type { OptionForms } from './arguments.ts';

/** Where the store is, and which one; the words are those of the command line. */
export interface LocationOptions {
  /**
   * The data root, or an archive of images; where it is not given, that of the machine's stores that has the reference: with `hostRoot`
   * the only one, else the first.
   */
  readonly root?: string;
  /** Another machine's disk; `root` is then a path of that machine. */
  readonly hostRoot?: string;
  /** Which of several stores in the root: `overlay2`. */
  readonly store?: string;
  /** Of containerd. */
  readonly namespace?: string;
  /** `linux/arm64` */
  readonly platform?: string;
  /** Additional image stores of Podman. */
  readonly additionalRoots?: readonly string[];
  /** The root of the containerd that a Docker keeps its images in. */
  readonly containerdRoot?: string;
  /** Owners as the container sees them, unless it is `disk`. */
  readonly owners?: 'container' | 'disk';
  /** Told what a person should know of what is shown; nobody where it is not given. */
  readonly onWarning?: (message: string) => void;
  /** Ends what takes long where it is aborted: its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** By whose word and rules layers are shown. */
export interface ShowingOptions {
  /** `record`: names and metadata as the store's records have them, and only contents from the disk. */
  readonly metadata?: 'record';
  /** By whose rules layers are shown that nobody unpacked; by those of where they lie where it is not given. */
  readonly unpackAs?: 'docker' | 'containerd' | 'podman';
}

/** @internal */
export const LOCATION_FORMS: OptionForms<LocationOptions> = {
  ...{ root: 'string', hostRoot: 'string', store: 'string', namespace: 'string', platform: 'string' },
  ...{ additionalRoots: 'strings', containerdRoot: 'string', owners: ['container', 'disk'] },
  ...{ onWarning: 'function', signal: 'signal' },
};

/** @internal */
export const SHOWING_FORMS: OptionForms<ShowingOptions> = {
  metadata: ['record'],
  unpackAs: ['docker', 'containerd', 'podman'],
};

/** @internal What layers are read from that are tars, to be closed; what goes wrong on the way is a warning. */
export function tarReading({ onWarning, signal }: Pick<LocationOptions, 'onWarning' | 'signal'>): TarReading {
  const witness: ReadingWitness = {
    watch: () => ({ show: () => signal?.throwIfAborted(), clear() {} }),
    trouble: ({ message }) => warn(onWarning, message),
  };
  return new TarReading(witness, undefined);
}

function warn(onWarning: LocationOptions['onWarning'], message: string): void {
  onWarning?.(escapeMessage(message.replace(/^Warning: /, '')));
}

/** @internal A path of the machine whose disk is looked at. */
export function rootOf(path: string, { hostRoot }: LocationOptions): string {
  return hostRoot === undefined ? path : rootAt(hostRoot, path);
}

/**
 * @internal As the commands have them; where no root is given, that of the references, as a command named `command` would find it, of
 * the second of two in `rootB` where it is another. Throws Trouble, and the reason of a signal that is aborted.
 */
export async function commandOptions(
  options: LocationOptions & ShowingOptions,
  command: 'openStore' | 'openTree' | 'diff' | 'verify',
  references: readonly string[] = [],
): Promise<StoreOptions & { readonly tars: TarReading; readonly rootB?: string }> {
  const { root: named, additionalRoots, onWarning, signal, hostRoot, ...rest } = options;
  signal?.throwIfAborted();
  const at = (path: string) => rootOf(path, options);
  const places = {
    ...rest,
    ...(additionalRoots === undefined ? {} : { additionalRoot: additionalRoots.map(at) }),
    ...(rest.containerdRoot === undefined ? {} : { containerdRoot: at(rest.containerdRoot) }),
  };
  const say = (message: string) => warn(onWarning, message);
  const meant = { command, words: references, options: openOptions(places) };
  const found =
    named === undefined ? await rootsOfReferences(meant, hostRoot ?? THIS_MACHINE, say) : { root: at(named) };
  return {
    ...places,
    ...(hostRoot === undefined ? {} : { hostRoot }),
    // Only who needs a store is to hear that there is none.
    ...(found.root instanceof Trouble ? { root: '', noRoot: found.root } : { root: found.root }),
    ...('rootB' in found ? { rootB: found.rootB } : {}),
    say,
    tars: tarReading(options),
  };
}
