// What every layer of a stack says about one path: the versions it has, the whiteouts and the marks above it, and which
// of them the merged view shows.
import type { Entry } from '../overlay/layer/entry.ts';
import { type ByteString, bytesOf } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { below, type FoundName, type Layers, type ObjectAttributes, objectAttributes } from './layers.ts';
import { type WhiteoutTime, whiteoutTime } from './removal-time.ts';

/** One thing that one layer says about a path. */
export type Statement =
  | {
      readonly kind: 'version';
      readonly attributes: ObjectAttributes;
      /** Absent for the root. */
      readonly entry?: Entry;
      readonly target?: ByteString;
      /** supplies: what is shown; merged: a directory whose names are shown too; hidden: neither; unknown: as a missing layer says. */
      readonly state: 'supplies' | 'merged' | 'hidden' | 'unknown';
      readonly opaque: boolean;
      readonly redirect?: ByteString;
    }
  /** `path` is where the mark stands in the layer: at the path itself or at a directory above it. */
  | { readonly kind: 'whiteout'; readonly path: ByteString; readonly time: WhiteoutTime }
  | { readonly kind: 'opaque' | 'replaced'; readonly path: ByteString }
  | { readonly kind: 'redirect'; readonly path: ByteString; readonly target: ByteString }
  | { readonly kind: 'damage'; readonly path: ByteString; readonly errno: number };

/** What a layer says, if anything. */
export interface LayerStatements {
  /** Index of the layer, 0 at the top. */
  readonly layer: number;
  /** Where the path lies in this layer, where a redirect above leads elsewhere. */
  readonly path?: ByteString;
  readonly statements: readonly Statement[];
}

export interface Provenance {
  readonly path: ByteString;
  /** By the layers that are there. */
  readonly visible: boolean;
  /** Whether a missing layer could show or hide it: no layer above that one decides. */
  readonly isUnknown: boolean;
  /** Index of the layer whose object is shown; absent where that is unknown. */
  readonly supplier?: number;
  /** Newest first; layers that say nothing are left out. */
  readonly layers: readonly LayerStatements[];
}

/** `components` are those of a path in the merged view, links in it resolved already. */
export function provenance(layers: Layers, components: readonly ByteString[]): Provenance {
  const shown = show(layers, components);
  let names: readonly string[] = components;
  const said: LayerStatements[] = [];
  for (const root of layers.roots) {
    const { statements, lower } = askLayer(layers, root, names, shown);
    const moved = names.join('/') === components.join('/') ? {} : { path: pathOf(names) };
    if (statements.length > 0) said.push({ layer: layers.layerOf(root), ...moved, statements });
    names = lower;
  }
  const supplier = shown === undefined ? undefined : supplierOf(layers, shown);
  const missing = layers.stack.layers.findIndex((layer) => layer.missing !== undefined);
  const isUnknown = missing !== -1 && !isDecidedAbove(missing, supplier, said);
  return {
    path: pathOf(components),
    visible: shown !== undefined,
    isUnknown,
    ...(supplier === undefined || isUnknown ? {} : { supplier }),
    layers: missing === -1 ? said : said.map((one) => (one.layer < missing ? one : doubted(one))),
  };
}

/** Whether the layers above the missing one show something at the path, or hide all that lies below them there. */
function isDecidedAbove(
  missing: number,
  supplier: number | undefined,
  said: readonly LayerStatements[],
): boolean {
  if (supplier !== undefined) return supplier < missing;
  return said.some(
    ({ layer, statements }) => layer < missing && statements.some(({ kind }) => HIDING.includes(kind)),
  );
}

const HIDING: readonly Statement['kind'][] = ['whiteout', 'opaque', 'replaced'];

/** What lies below a missing layer is shown only if that one does not hide it; what others hide stays hidden. */
function doubted(said: LayerStatements): LayerStatements {
  const statements = said.statements.map((one) =>
    one.kind === 'version' && one.state !== 'hidden' ? { ...one, state: 'unknown' as const } : one,
  );
  return { ...said, statements };
}

/** The root has no name, so no layer is asked for it: all of them are merged. */
type Shown = FoundName | 'root';

function show(layers: Layers, components: readonly ByteString[]): Shown | undefined {
  let parts = layers.shownRoots();
  let found: FoundName | undefined;
  for (const name of components) {
    if (found?.kind === 'object') return undefined;
    try {
      found = layers.resolve(parts, name);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return undefined;
    }
    if (found === undefined) return undefined;
    if (found.kind === 'directory') parts = found.stack;
  }
  return found ?? 'root';
}

function supplierOf(layers: Layers, shown: Shown): number {
  return layers.layerOf(shown === 'root' ? (layers.roots[0] as number) : shown.top.holder);
}

/** `lower` is the path that the layers below are asked for. */
function askLayer(
  layers: Layers,
  root: number,
  names: readonly string[],
  shown: Shown | undefined,
): { readonly statements: Statement[]; readonly lower: readonly string[] } {
  if (names.length === 0) return { statements: [rootVersion(layers, root)], lower: names };
  const statements: Statement[] = [];
  let lower = names;
  let path = '' as ByteString;
  let directory = root;
  for (const [depth, name] of names.entries()) {
    path = below(path, name);
    try {
      const entry = layers.find(directory, name);
      if (entry === undefined) break;
      if (entry.kind === 'whiteout') {
        statements.push({ kind: 'whiteout', path, time: whiteoutTime(entry.status) });
        break;
      }
      const isLast = depth === names.length - 1;
      const redirect = entry.kind === 'directory' ? redirectOf(entry) : undefined;
      if (redirect !== undefined) {
        const above = redirect.startsWith('/') ? [] : names.slice(0, depth);
        lower = [...above, ...redirect.split('/').filter(Boolean), ...names.slice(depth + 1)];
      }
      if (isLast) {
        statements.push(version(layers, entry, shown, redirect));
        break;
      }
      if (entry.kind !== 'directory') {
        statements.push({ kind: 'replaced', path });
        break;
      }
      if (entry.opaque() === 'y') statements.push({ kind: 'opaque', path });
      else if (redirect !== undefined) statements.push({ kind: 'redirect', path, target: redirect });
      directory = entry.directory();
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      statements.push({ kind: 'damage', path, errno: error.errno });
      break;
    }
  }
  return { statements: statements.reverse(), lower };
}

function redirectOf(entry: Entry): ByteString | undefined {
  const value = entry.redirect();
  return value === undefined ? undefined : bytesOf(Buffer.from(value, 'latin1'));
}

function rootVersion(layers: Layers, root: number): Statement {
  const index = layers.layerOf(root);
  return {
    kind: 'version',
    attributes: layers.rootAttributes(index),
    state: root === layers.roots[0] ? 'supplies' : 'merged',
    opaque: false,
  };
}

function version(
  layers: Layers,
  entry: Entry,
  shown: Shown | undefined,
  redirect: ByteString | undefined,
): Statement {
  const attributes = objectAttributes(entry.status);
  const isLink = (attributes.mode & 0o170000) === 0o120000;
  return {
    kind: 'version',
    attributes,
    entry,
    ...(isLink ? { target: layers.linkTarget(entry) } : {}),
    state: stateOf(entry, shown),
    opaque: entry.kind === 'directory' && entry.opaque() === 'y',
    ...(redirect === undefined ? {} : { redirect }),
  };
}

function stateOf(entry: Entry, shown: Shown | undefined): 'supplies' | 'merged' | 'hidden' {
  if (shown === undefined || shown === 'root') return 'hidden';
  if (shown.top.holder === entry.holder && shown.top.name === entry.name) return 'supplies';
  const isPart =
    shown.kind === 'directory' && entry.kind === 'directory' && shown.stack.includes(entry.directory());
  return isPart ? 'merged' : 'hidden';
}

/** With a leading slash. */
export function pathOf(names: readonly string[]): ByteString {
  return `/${names.join('/')}` as ByteString;
}
