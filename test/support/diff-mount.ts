// What `mount --diff` shows, beside what `stratafs diff --json` tells of the same sides and what `extract` copies of each: a tree of
// the mount is, line by line, what of the copy lies at the paths that were told for it.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { jsonRecordsOfBytes } from './json-lines.ts';
import { type Field, Oracle } from './oracle.ts';
import { type MountOptions, mountStratafs, type StratafsMount, stratafs } from './stratafs.ts';
import type { Temporary } from './temporary.ts';
import { differences, without } from './tree.ts';

const FIELDS: readonly Field[] = [
  'mode',
  'owner',
  'size',
  'rdev',
  'mtime',
  'target',
  'xattrs',
  'sha256',
  'map',
];
const TREES = ['added', 'removed', 'changed/a', 'changed/b', 'renamed/a', 'renamed/b'] as const;
type TreeName = (typeof TREES)[number];

/** Of a container alone only it is named. */
export type Sides = readonly [a: string, b?: string];

interface Change {
  readonly path: string;
  readonly pathB64?: string;
  readonly from?: string;
  readonly fromB64?: string;
  readonly op: 'add' | 'remove' | 'modify' | 'type' | 'rename';
  readonly subtree?: object;
}

/** A mount that was compared, and must be undone. */
export interface Checked {
  readonly mounted: StratafsMount;
  /** Below the trees. */
  readonly names: number;
}

export interface CheckOptions extends MountOptions {
  /** What each side is for `extract`, where that is not its own word. */
  readonly copied?: readonly [a: string, b: string];
  /** Options of `extract`. */
  readonly copiedWith?: readonly string[];
}

export class DiffMount {
  readonly oracle: Oracle;
  readonly #temporary: Temporary;
  readonly #command: typeof stratafs;
  #count = 0;

  /** `command` answers what is compared with the mount. */
  constructor(temporary: Temporary, command = stratafs) {
    this.#temporary = temporary;
    this.#command = command;
    this.oracle = new Oracle(temporary);
  }

  mount(
    [a, b]: Sides,
    words: readonly string[] = [],
    { args = [], ...options }: MountOptions = {},
  ): Promise<StratafsMount> {
    const own = [...args, ...words];
    if (b === undefined) return mountStratafs(this.#temporary, `--diff=${a}`, { ...options, args: own });
    return mountStratafs(this.#temporary, b, { ...options, args: ['--diff', a, ...own] });
  }

  /** Compares, and unmounts. Answers how many names are shown; undefined where a side is damaged. */
  async check(
    sides: Sides,
    words: readonly string[] = [],
    options: CheckOptions = {},
  ): Promise<number | undefined> {
    const checked = await this.checkMounted(sides, words, options);
    if (checked === undefined) return undefined;
    const { mounted, names } = checked;
    if ((await mounted.umount()) !== 0) throw new Error(mounted.log());
    if (mounted.log().includes('fault of stratafs')) throw new Error(mounted.log());
    return names;
  }

  /** The same, and leaves it mounted. */
  async checkMounted(
    sides: Sides,
    words: readonly string[] = [],
    { copied, copiedWith = [], ...options }: CheckOptions = {},
  ): Promise<Checked | undefined> {
    const { root, before = [] } = options;
    const globals = [...(root === undefined ? [] : ['--root', root]), ...before];
    const named = sides.flatMap((side) => side ?? []);
    const told = await this.#command([...globals, 'diff', '--json', ...words, ...named]);
    if (told.code !== 0 && told.code !== 1) return undefined;
    const [ofA, ofB] = copied ?? sides;
    const copies = [
      await this.#copyOf(ofA, globals, copiedWith),
      await this.#copyOf(ofB ?? ofA, globals, copiedWith),
    ] as const;
    const [copyA, copyB] = copies;
    if (copyA === undefined || copyB === undefined) return undefined;
    const mounted = await this.mount(sides, words, options);
    const places = placesOf(jsonRecordsOfBytes<Change>(told.stdout, 'change'));
    const hasRenames = words.includes('-M');
    let names = 0;
    for (const tree of TREES.filter((each) => hasRenames || !each.startsWith('renamed'))) {
      const isOfB = tree === 'added' || tree.endsWith('/b');
      const all = selected(isOfB ? copyB : copyA, places.get(tree) ?? new Map());
      const renamed = tree.startsWith('changed') ? places.get(isOfB ? 'renamed/b' : 'renamed/a') : undefined;
      const expected = without(all, ...(renamed?.keys() ?? []));
      const actual = await this.oracle.dump(`${mounted.directory}/${tree}`, { fields: FIELDS });
      mustBeEqual(`${tree} of ${named.join(' and ')}`, differences(expected, withoutRoot(actual)), '');
      names += actual.length - 1;
    }
    const top = ['.stratafs', 'added', 'changed', 'removed', ...(hasRenames ? ['renamed'] : [])];
    mustBeEqual('what is at the top', readdirSync(mounted.directory).sort().join(), top.join());
    const timeless = (text: string) => text.replace(/"ms":\d+/, '');
    const read = (name: string) => readFileSync(`${mounted.directory}/.stratafs/${name}`, 'latin1');
    mustBeEqual('diff.json', timeless(read('diff.json')), timeless(told.stdout));
    const text = await this.#command([...globals, 'diff', ...words, ...named]);
    mustBeEqual('diff.txt', read('diff.txt'), text.stdout);
    return { mounted, names };
  }

  /** The lines of a side as it is copied; undefined where it cannot be copied whole. */
  async #copyOf(
    reference: string,
    globals: readonly string[],
    words: readonly string[],
  ): Promise<string[] | undefined> {
    const directory = this.#temporary.path(`copy-${++this.#count}`);
    mkdirSync(directory);
    const all = ['extract', '-p', '--devices', ...words, reference, '/', '-o', directory];
    const { code } = await this.#command([...globals, ...all]);
    return code === 0 ? withoutRoot(await this.oracle.dump(directory, { fields: FIELDS })) : undefined;
  }
}

function mustBeEqual(what: string, actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`${what}:\n${actual}\nis not\n${expected}`);
}

/** As the oracle writes names. */
function escaped(text: string, base64: string | undefined): string {
  const bytes = base64 === undefined ? Buffer.from(text, 'utf8') : Buffer.from(base64, 'base64');
  return [...bytes]
    .map((byte) =>
      byte > 0x20 && byte < 0x7f && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
}

/** By tree the paths that a comparison told for it, and whether all below is meant. */
function placesOf(changes: readonly Change[]): Map<TreeName, Map<string, boolean>> {
  const places = new Map(TREES.map((tree) => [tree, new Map<string, boolean>()]));
  const put = (tree: TreeName, path: string, isWhole: boolean) => places.get(tree)?.set(path, isWhole);
  // With -M what is in a directory that became a file, or was one, is told by itself; it is shown with that directory, but for
  // what was renamed.
  const ofOtherType: string[] = [];
  const isInside = (path: string) => ofOtherType.some((each) => path.startsWith(`${each}/`));
  for (const { path: text, pathB64, from, fromB64, op, subtree } of changes) {
    const path = escaped(text, pathB64);
    const isWhole = subtree !== undefined || op === 'type';
    if (op === 'type') ofOtherType.push(path);
    if (op === 'rename') {
      put('renamed/a', escaped(from ?? '', fromB64), isWhole);
      put('renamed/b', path, isWhole);
    } else if (op === 'add' || op === 'remove') {
      if (!isInside(path)) put(op === 'add' ? 'added' : 'removed', path, isWhole);
    } else for (const tree of ['changed/a', 'changed/b'] as const) put(tree, path, isWhole);
  }
  return places;
}

/** The lines of a dump that are of such paths, or lead to them; a copy's own directory is not the root. */
function selected(lines: readonly string[], places: ReadonlyMap<string, boolean>): string[] {
  const onTheWay = new Set([...places.keys()].flatMap((path) => [path, ...above(path)]));
  return lines.filter((line) => {
    const path = line.slice(0, line.indexOf(' '));
    return onTheWay.has(path) || above(path).some((each) => places.get(each));
  });
}

/** The paths that lead to one, without the root. */
function above(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(2).map((_, i) => parts.slice(0, i + 2).join('/'));
}

function withoutRoot(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.startsWith('/ '));
}
