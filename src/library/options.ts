// Where the library looks for what a reference means: its options as those that the commands have.
import type { StoreOptions } from '../open/stack.ts';
import { type ReadingWitness, TarReading } from '../open/tars.ts';
import { THIS_MACHINE } from '../store/machine/machine.ts';
import { chooseRoot, rootAt } from '../store/machine/places.ts';
import { attempt, Trouble } from '../sys/errors.ts';
import { escapeMessage } from '../told/escape.ts';
import type { OptionForms } from './arguments.ts';

/** Where the store is, and which one; the words are those of the command line. */
export interface LocationOptions {
  /** The data root, or an archive of images; where it is not given, that of the machine's engine. */
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

/** @internal As the commands have them, the root found where none is given. Throws Trouble, and the reason of a signal that is aborted. */
export function commandOptions(
  options: LocationOptions & ShowingOptions,
): StoreOptions & { readonly tars: TarReading } {
  const { root: named, additionalRoots, onWarning, signal, hostRoot, ...rest } = options;
  signal?.throwIfAborted();
  const at = (path: string) => rootOf(path, options);
  const found = named === undefined ? chosenRoot(hostRoot) : at(named);
  return {
    ...rest,
    ...(hostRoot === undefined ? {} : { hostRoot }),
    ...(found instanceof Trouble ? { root: '', noRoot: found } : { root: found }),
    ...(additionalRoots === undefined ? {} : { additionalRoot: additionalRoots.map(at) }),
    ...(rest.containerdRoot === undefined ? {} : { containerdRoot: at(rest.containerdRoot) }),
    say: (message) => warn(onWarning, message),
    tars: tarReading(options),
  };
}

/** Only who needs a store is to hear that there is none; others that were found are no warning. */
function chosenRoot(hostRoot: string | undefined): string | Trouble {
  return attempt(() => chooseRoot(hostRoot ?? THIS_MACHINE, process.getuid?.() ?? 0, () => {}));
}
