// Where the library looks for what a reference means: its options as those that the commands have.
import type { Output } from '../cli/print/output.ts';
import { Terminal } from '../cli/print/terminal.ts';
import type { StoreOptions } from '../cli/stack.ts';
import { TarReading } from '../cli/tars.ts';
import { THIS_MACHINE } from '../store/machine/machine.ts';
import { chooseRoot, rootAt } from '../store/machine/places.ts';
import { attempt, Trouble } from '../sys/errors.ts';

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
}

/** By whose word and rules layers are shown. */
export interface ShowingOptions {
  /** `record`: names and metadata as the store's records have them, and only contents from the disk. */
  readonly metadata?: 'record';
  /** By whose rules layers are shown that nobody unpacked; by those of where they lie where it is not given. */
  readonly unpackAs?: 'docker' | 'containerd' | 'podman';
}

/** @internal A terminal that nobody looks at: what would be noted is a warning. */
export function quietTerminal(onWarning: (message: string) => void = () => {}): Terminal {
  const output = (write: (text: string) => void): Output => ({
    write,
    writeBytes() {},
    flush() {},
    columns: undefined,
  });
  const warn = (text: string) => onWarning(text.trimEnd().replace(/^stratafs: (?:Warning: )?/, ''));
  return new Terminal(
    output(() => {}),
    output(warn),
  );
}

/** @internal What layers are read from that are tars, to be closed. */
export function tarReading(onWarning: LocationOptions['onWarning']): TarReading {
  return new TarReading(quietTerminal(onWarning), undefined);
}

/** @internal As the commands have them, the root found where none is given. Throws Trouble. */
export function commandOptions(
  options: LocationOptions & ShowingOptions,
): StoreOptions & { readonly tars: TarReading } {
  const { root: named, additionalRoots, onWarning, hostRoot, ...rest } = options;
  const terminal = quietTerminal(onWarning);
  const say = (message: string) => terminal.note(message);
  const at = (path: string) => (hostRoot === undefined ? path : rootAt(hostRoot, path));
  const found = named === undefined ? chosenRoot(hostRoot) : at(named);
  return {
    ...rest,
    ...(hostRoot === undefined ? {} : { hostRoot }),
    ...(found instanceof Trouble ? { root: '', noRoot: found } : { root: found }),
    ...(additionalRoots === undefined ? {} : { additionalRoot: additionalRoots.map(at) }),
    ...(rest.containerdRoot === undefined ? {} : { containerdRoot: at(rest.containerdRoot) }),
    say,
    tars: tarReading(onWarning),
  };
}

/** Only who needs a store is to hear that there is none; others that were found are no warning. */
function chosenRoot(hostRoot: string | undefined): string | Trouble {
  return attempt(() => chooseRoot(hostRoot ?? THIS_MACHINE, process.getuid?.() ?? 0, () => {}));
}
