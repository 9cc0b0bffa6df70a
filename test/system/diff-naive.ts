// The slow way to compare two stacks: every name of both merged trees, read whole. Shares only `Tree` with what it checks.

import type { Change, PathError } from '../../src/diff/change.ts';
import { Comparison, type ComparisonOptions } from '../../src/diff/comparison.ts';
import { attributed } from '../../src/diff/explain/attribution.ts';
import { LayeredSide, type Resolver } from '../../src/diff/layered.ts';
import type { Identities } from '../../src/diff/same-layers.ts';
import { Union } from '../../src/diff/union.ts';
import type { RecordedLayers } from '../../src/overlay/opened.ts';
import { Tree } from '../../src/overlay/tree.ts';
import type { LayerStack } from '../../src/store/layer-stack.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { S_IFLNK, S_IFMT, S_IFREG } from '../../src/sys/statx.ts';

export function stackOf(directories: readonly string[]): LayerStack {
  return {
    label: 'test',
    kind: 'lowerdir',
    layers: directories.map((directory) => ({
      source: { kind: 'directory' as const, path: asBytes(directory) },
      role: 'plain' as const,
    })),
    dataLayers: [],
    dialect: 'trusted',
  };
}

/** Path → aspect → value; `errno` alone where the name cannot be looked up. */
export type Facts = ReadonlyMap<string, ReadonlyMap<string, string>>;

export function factsOf(stack: LayerStack): Facts {
  const facts = new Map<string, ReadonlyMap<string, string>>();
  const tree = new Tree(stack);
  const walk = (entry: number, path: string) => {
    const errno = tree.errnoOf(entry);
    if (errno !== 0) {
      facts.set(path, new Map([['errno', String(errno)]]));
      return;
    }
    const node = tree.nodeOf(entry);
    facts.set(path === '' ? '/' : path, factsOfNode(tree, entry, node));
    if (tree.isDirectory(node))
      for (const each of tree.entries(node)) walk(each, `${path}/${tree.name(each)}`);
  };
  walk(tree.root, '');
  tree.close();
  return facts;
}

function factsOfNode(tree: Tree, entry: number, node: number): Map<string, string> {
  const status = tree.status(entry);
  const type = status.mode & S_IFMT;
  const facts = new Map([
    ['type', String(type)],
    ['mode', String(status.mode)],
    ['uid', String(status.uid)],
    ['gid', String(status.gid)],
    ['rdev', String(status.rdev)],
  ]);
  facts.set('mtime', `${status.mtime.seconds}.${status.mtime.nanoseconds}`);
  if (type === S_IFLNK) facts.set('target', tree.linkTarget(node));
  if (type === S_IFREG) {
    const data = Buffer.alloc(status.size);
    facts.set('content', data.toString('latin1', 0, tree.read(node, 0, data, 0, data.length)));
  }
  facts.set(
    'xattr',
    [...tree.xattrs(node)]
      .map(([name, value]) => `${name}=${value.toString('hex')}`)
      .sort()
      .join(),
  );
  return facts;
}

/** A line a difference: `+ path`, `- path`, `T path`, `M path aspects`; `! path` where a side cannot tell. */
export function naiveDifferences(a: Facts, b: Facts): string[] {
  const lines: string[] = [];
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const [left, right] = [a.get(path), b.get(path)];
    if (isBelowBroken(path, a) || isBelowBroken(path, b)) continue;
    if (left?.has('errno') || right?.has('errno')) lines.push(`! ${path}`);
    else if (left === undefined) lines.push(`+ ${path}`);
    else if (right === undefined) lines.push(`- ${path}`);
    else if (left.get('type') !== right.get('type')) lines.push(`T ${path}`);
    else {
      const what = [...left.keys()].filter((aspect) => left.get(aspect) !== right.get(aspect));
      if (what.length > 0) lines.push(`M ${path} ${what.sort().join()}`);
    }
  }
  return lines.sort();
}

/** What lies below a name that one side cannot look up is not compared. */
function isBelowBroken(path: string, facts: Facts): boolean {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (facts.get(path.slice(0, at))?.has('errno')) return true;
  }
  return false;
}

const LETTERS = { add: '+', remove: '-', type: 'T', modify: 'M', rename: 'R' } as const;

export interface FastOptions extends ComparisonOptions {
  readonly resolver?: Resolver;
  /** Whether changes say who set what differs. */
  readonly isAttributed?: boolean;
  /** What is believed of the layers of both. */
  readonly records?: readonly RecordedLayers[];
  readonly identities?: Identities;
}

export interface FastResult {
  readonly lines: string[];
  readonly changes: Change[];
  readonly errors: PathError[];
  readonly names: number;
  readonly filesRead: number;
  readonly sharedLayers: number;
}

/** The comparison under test, in the same form. */
export function fastDifferences(a: LayerStack, b: LayerStack, options: FastOptions = {}): FastResult {
  const { records = [], identities } = options;
  const union = new Union([a, b], records, identities === undefined ? {} : { identities });
  const [left, right] = union.stacks;
  if (left === undefined || right === undefined) throw new Error('a union of two has two');
  const changes: Change[] = [];
  const errors: PathError[] = [];
  const sink = {
    change: (change: Change) => changes.push(options.isAttributed ? attributed(change, {}) : change),
    error: (error: PathError) => errors.push(error),
  };
  const sides = [left, right].map((place) => new LayeredSide(union, place, options.resolver)) as [
    LayeredSide,
    LayeredSide,
  ];
  const comparison = new Comparison(union, sides, sink, { mtime: true, subtrees: 'list', ...options });
  const summary = comparison.run();
  const { sharedLayers } = union;
  union.close();
  const lines = changes.map(({ op, path, what }) =>
    op === 'modify' ? `M ${path} ${[...what].sort().join()}` : `${LETTERS[op]} ${path}`,
  );
  const broken = [...new Set(errors.map(({ path }) => `! ${path}`))];
  return {
    lines: [...lines, ...broken].sort(),
    changes,
    errors,
    names: summary.cost.names,
    filesRead: summary.cost.filesRead,
    sharedLayers,
  };
}
