// `stratafs ls`: the names in a directory of an image, with the words and forms of ls(1). Reads the merged tree, no mount.
import type { Command } from 'commander';
import { readTree, type StoreOptions } from '../../open/stack.ts';
import { walk } from '../../overlay/path.ts';
import type { Tree } from '../../overlay/tree.ts';
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { Errno, unlessErrno } from '../../sys/errors.ts';
import { isDirectory } from '../../sys/file-types.ts';
import { jsonEntry } from '../../told/entry.ts';
import { escapeBytes, escapeJson } from '../../told/escape.ts';
import { missingFailure } from '../absent.ts';
import { pathArguments } from '../arguments.ts';
import { noteMounted } from '../examine/mounted.ts';
import { pathFailure } from '../failure.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
import { metadataOption } from '../metadata-option.ts';
import { type AccountNames, accountNames, NUMBERS } from '../print/account-names.ts';
import { formatColumns } from '../print/columns.ts';
import { formatLong, formatTotal, type LongListItem } from '../print/longlist.ts';
import type { Terminal } from '../print/terminal.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface LsOptions extends StoreOptions {
  readonly long?: true;
  readonly all?: true;
  readonly almostAll?: true;
  readonly recursive?: true;
  readonly directory?: true;
  readonly humanReadable?: true;
  readonly numericUidGid?: true;
  readonly reverse?: true;
  /** By what, where not by name: that of `-t` and `-S` which came last. */
  readonly sort?: 'time' | 'size';
  readonly json?: true;
  /** `-1`. */
  readonly 1?: true;
}

export function registerLs(program: Command, terminal: Terminal): void {
  program
    .command('ls')
    .summary('list a directory of an image or container')
    .description(
      'List names in the merged root filesystem of REF, in byte order. Links are resolved inside it, and owners have the names ' +
        'that its own /etc/passwd and /etc/group give them.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .argument('[path...]', 'paths inside the image (default: /)')
    .option('-l, --long', 'mode, links, owners, size, local time, link target')
    .option('-n, --numeric-uid-gid', 'the same with numbers for owners')
    .option('-a, --all', 'names that begin with a dot too')
    .option('-A, --almost-all', 'the same without . and ..')
    .option('-R, --recursive', 'the directories below, too')
    .option('-d, --directory', 'the directory itself, not what is in it')
    .option('-h, --human-readable', 'with -l: sizes for people, 1.2K, 23M')
    .option('-t, --time', 'the newest first')
    .option('-S, --size', 'the largest first')
    .option('-r, --reverse', 'in reverse order')
    .option('-1', 'one name a line, as always where the output is no terminal')
    .option('--json', 'one JSON object a line')
    .addOption(metadataOption())
    .helpOption('--help', 'print this help')
    .on('option:time', sortBy('time'))
    .on('option:size', sortBy('size'))
    .action(async (reference: string, paths: string[], _: unknown, command: Command) => {
      const given = command.optsWithGlobals<LsOptions>();
      const options: LsOptions = given.numericUidGid ? { ...given, long: true } : given;
      const bytes = pathArguments(paths.length > 0 ? paths : ['/']);
      await readTree(reference, options, async (tree) => {
        if (options.json) beginJson(terminal, 'ls', { ...jsonRoot(options, tree.stack), ref: reference });
        await new Listing(terminal, tree, options).run(bytes);
        await noteMounted(tree.stack, bytes, options, terminal);
      });
    });
}

/** The option that comes last says it. */
function sortBy(key: LsOptions['sort']) {
  return function (this: Command) {
    this.setOptionValue('sort', key);
  };
}

/** A path of the command line, or one below it, and the entry it leads to. */
interface Place {
  readonly path: ByteString;
  readonly entry: number;
}

class Listing {
  readonly #terminal: Terminal;
  readonly #tree: Tree;
  readonly #options: LsOptions;
  readonly #compare: ((a: Place, b: Place) => number) | undefined;
  #names: AccountNames | undefined;
  #blocksPrinted = 0;

  constructor(terminal: Terminal, tree: Tree, options: LsOptions) {
    this.#terminal = terminal;
    this.#tree = tree;
    this.#options = options;
    this.#compare = comparisonOf(tree, options.sort);
  }

  async run(paths: readonly ByteString[]): Promise<void> {
    const sorted = paths.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const places: Place[] = [];
    for (const path of sorted) {
      const place = await this.#find(path);
      if (place !== undefined) places.push(place);
    }
    this.#sort(places);
    const isListed = (place: Place) =>
      this.#options.directory !== true && isDirectory(this.#tree.status(place.entry).mode);
    const files = places.filter((place) => !isListed(place));
    if (files.length > 0) {
      this.#print(files.map((place) => ({ ...place, shown: escapeBytes(place.path) })));
      this.#blocksPrinted++;
    }
    const headed = paths.length > 1 || this.#options.recursive === true;
    for (const place of places.filter(isListed)) this.#directories(place, headed);
  }

  /** As ls(1): a link named on the command line is followed to a directory, unless -l or -d asks for the link itself. */
  async #find(path: ByteString): Promise<Place | undefined> {
    const tree = this.#tree;
    try {
      const itself = () => ({ path, entry: walk(tree, path, { follow: false }) });
      if (this.#options.long || this.#options.directory) return itself();
      const followed = unlessErrno(() => walk(this.#tree, path, { follow: true }));
      return followed !== undefined && isDirectory(tree.status(followed).mode)
        ? { path, entry: followed }
        : itself();
    } catch (error) {
      this.#terminal.report(await missingFailure('open', path, tree, error));
      return undefined;
    }
  }

  /** One directory and, where asked, those below it: a directory before its subdirectories, without recursion. */
  #directories(start: Place, headed: boolean): void {
    const waiting = [start];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      const names = this.#read(place);
      if (names === undefined) continue;
      if (headed && !this.#options.json) {
        this.#terminal.out.write(`${this.#blocksPrinted > 0 ? '\n' : ''}${escapeBytes(place.path)}:\n`);
      }
      this.#blocksPrinted++;
      const dots = this.#dots(place);
      const listed = this.#sort([...dots, ...names]);
      this.#print(listed, { total: true });
      if (!this.#options.recursive) continue;
      for (let i = listed.length - 1; i >= 0; i--) {
        const below = listed[i];
        if (below !== undefined && !dots.includes(below) && isDirectory(this.#tree.status(below.entry).mode))
          waiting.push(below);
      }
    }
  }

  /** Undefined where the directory cannot be read; that is told. */
  #read(place: Place): (Place & LongListItem)[] | undefined {
    const tree = this.#tree;
    const hidden = !(this.#options.all || this.#options.almostAll);
    try {
      const names: (Place & LongListItem)[] = [];
      for (const entry of tree.entries(tree.nodeOf(place.entry))) {
        const name = tree.name(entry);
        if (hidden && name.startsWith('.')) continue;
        const path = join(place.path, name);
        const errno = tree.errnoOf(entry);
        if (errno === 0) names.push({ path, entry, shown: escapeBytes(name) });
        else this.#fail('look up', path, new Errno(errno, 'look up'));
      }
      return names;
    } catch (error) {
      this.#fail('list', place.path, error);
      return undefined;
    }
  }

  /** In place, and what it answers. They are in byte order before. */
  #sort<T extends Place>(places: T[]): T[] {
    if (this.#compare !== undefined) places.sort(this.#compare);
    return this.#options.reverse ? places.reverse() : places;
  }

  /** Those of the disk are not the image's. */
  get #accounts(): AccountNames {
    const { numericUidGid, owners } = this.#options;
    if (numericUidGid || owners === 'disk') return NUMBERS;
    this.#names ??= accountNames(this.#tree);
    return this.#names;
  }

  #fail(doing: string, path: ByteString, error: unknown): void {
    this.#terminal.report(pathFailure(doing, path, this.#tree.stack.label, error));
  }

  #dots(place: Place): (Place & LongListItem)[] {
    if (!this.#options.all || this.#options.json) return [];
    const parent = this.#tree.parentOf(this.#tree.nodeOf(place.entry));
    return [
      { path: place.path, entry: place.entry, shown: '.' },
      { path: place.path, entry: parent, shown: '..' },
    ];
  }

  #print(items: readonly (Place & LongListItem)[], { total = false } = {}): void {
    const out = this.#terminal.out;
    if (this.#options.json) {
      for (const { entry, path } of items) {
        out.write(`${escapeJson(jsonEntry(this.#tree, entry, path))}\n`);
      }
    } else if (this.#options.long) {
      const form = this.#options.humanReadable ? 'human' : 'bytes';
      if (total) out.write(`total ${formatTotal(this.#tree, items, form)}\n`);
      out.write(formatLong(this.#tree, items, form, this.#accounts));
    } else if (out.columns === undefined || this.#options[1]) {
      for (const { shown } of items) out.write(`${shown}\n`);
    } else {
      out.write(
        formatColumns(
          items.map(({ shown }) => shown),
          out.columns,
        ),
      );
    }
  }
}

/** The newest or the largest first; undefined where names are in byte order as they come. Sorting is stable. */
function comparisonOf(tree: Tree, sort: LsOptions['sort']): ((a: Place, b: Place) => number) | undefined {
  if (sort === undefined) return undefined;
  if (sort === 'size') {
    const size = ({ entry }: Place) => tree.status(entry).exactSize ?? BigInt(tree.status(entry).size);
    return (a, b) => compare(size(b), size(a));
  }
  const time = ({ entry }: Place) => tree.status(entry).mtime;
  return (a, b) =>
    compare(time(b).seconds, time(a).seconds) || compare(time(b).nanoseconds, time(a).nanoseconds);
}

function compare<T extends number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function join(directory: ByteString, name: ByteString): ByteString {
  return asBytes(directory.endsWith('/') ? directory + name : `${directory}/${name}`);
}
