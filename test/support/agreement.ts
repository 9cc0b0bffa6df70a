// Whether the kernel and we show one stack alike: lookups first, with nothing listed, then the whole tree, as text.
import { type KernelView, mountKernel } from './kernel.ts';
import { ALL_FIELDS, type Field, type Oracle } from './oracle.ts';
import type { Server } from './server.ts';
import { lowerdirReference, mountStratafs } from './stratafs.ts';
import type { Temporary } from './temporary.ts';
import { differences, without } from './tree.ts';

/** overlayfs's own options, as the kernel's mount and `stratafs mount -o` take them. */
export type OverlayOptions = Readonly<{
  metacopy?: 'on' | 'off';
  redirect_dir?: 'on' | 'follow' | 'nofollow';
  userxattr?: true;
}>;

export interface ComparedStack {
  /** Directories, top first. */
  readonly layers: readonly string[];
  readonly dataLayers?: readonly string[];
  readonly options?: OverlayOptions;
  /** Absolute paths, in the order to look them up in. */
  readonly lookups?: readonly string[];
}

/** Serves a stack at some directory while `use` looks at it. */
export type Serve = (stack: ComparedStack, use: (directory: string) => Promise<string>) => Promise<string>;

const FIELDS: readonly Field[] = [...ALL_FIELDS, 'atime', 'btime'];
// What the kernel says of the blocks of a file in a data-only layer changes when the file is opened first.
const FIELDS_ONCE_OPEN = FIELDS.filter((field) => field !== 'blocks');

export class Agreement {
  readonly #oracle: Oracle;
  readonly #temporary: Temporary;
  stacks = 0;
  names = 0;
  lookups = 0;
  /** Names that the kernel left out of a listing because they fail their lookup; ours fails alike. */
  unlisted = 0;

  constructor(oracle: Oracle, temporary: Temporary) {
    this.#oracle = oracle;
    this.#temporary = temporary;
  }

  toString(): string {
    const { stacks, names, lookups, unlisted } = this;
    return `compared ${stacks} stacks, ${names} names (${unlisted} unlisted by the kernel), ${lookups} lookups`;
  }

  /** Empty where both agree, else what differs. */
  async differences(stack: ComparedStack, serve: Serve): Promise<string> {
    const { layers, dataLayers = [], options = {}, lookups = [] } = stack;
    const oracle = this.#oracle;
    const kernel = await mountKernel(oracle, this.#temporary, layers, { dataLayers, options });
    try {
      const fields = dataLayers.length > 0 ? FIELDS_ONCE_OPEN : FIELDS;
      const looked = await oracle.lookup(kernel.directory, lookups, { fields: FIELDS });
      const expected = await kernel.dump({ fields });
      return await serve(stack, async (directory) => {
        const ourLookups = await oracle.lookup(directory, lookups, { fields: FIELDS });
        const all = await oracle.dump(directory, { fields });
        const actual = kernel.rootIsBorrowed ? all.slice(1) : all;
        const quirks = await this.#unlisted(kernel, expected, actual);
        this.stacks += 1;
        this.names += expected.length;
        this.lookups += looked.length;
        this.unlisted += quirks.length;
        const first = differences(looked, ourLookups);
        const whole = differences(expected, without(actual, ...quirks));
        return [first && `lookups:\n${first}`, whole && `whole tree:\n${whole}`].filter(Boolean).join('\n');
      });
    } finally {
      await kernel.umount();
    }
  }

  /**
   * Names that fail a lookup are listed by the kernel or not, depending on what was looked up before: where it has to
   * check for xattr whiteouts, a listing leaves out what it cannot look up. Only those whose lookup fails alike.
   */
  async #unlisted(
    kernel: KernelView,
    expected: readonly string[],
    actual: readonly string[],
  ): Promise<string[]> {
    const known = new Set(expected);
    const failing = actual.filter((line) => / ! E[A-Z]+$/.test(line) && !known.has(line));
    if (failing.length === 0) return [];
    const paths = failing.map((line) => line.slice(0, line.indexOf(' ')));
    const asked = await this.#oracle.lookup(kernel.directory, paths.map(unescaped), { fields: FIELDS });
    return paths.filter((_, i) => asked[i] === failing[i]);
  }
}

/** Serves through the built modules, in a process that lives on. */
export function servedBy(server: Server, target: string): Serve {
  return ({ layers, dataLayers = [], options = {} }, use) =>
    server.during(
      {
        target,
        layers,
        dataLayers,
        dialect: options.userxattr === true ? 'user' : 'trusted',
        options: {
          metacopy: options.metacopy === 'on',
          redirect: options.redirect_dir === 'nofollow' ? 'nofollow' : 'follow',
        },
      },
      () => use(target),
    );
}

/** Serves through the built command, as a person would. */
export function commanded(temporary: Temporary, data: 'cached' | 'passthrough' = 'cached'): Serve {
  return async ({ layers, dataLayers = [], options = {} }, use) => {
    const words = Object.entries(options).map(([name, value]) =>
      value === true ? name : `${name}=${value}`,
    );
    const args = ['--allow-other', '--data', data, '-o', ['suid', 'dev', ...words].join(',')];
    const mount = await mountStratafs(temporary, lowerdirReference(layers, dataLayers), { args });
    try {
      return await use(mount.directory);
    } finally {
      await mount.umount();
    }
  };
}

/** The bytes of a path as a dump escapes it. */
function unescaped(path: string): string {
  return path.replace(/\\x(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
