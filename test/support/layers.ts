// A layer in a test: a list of steps as values. Paths, names and contents are bytes, one latin1 character each.
// `oracle/write_layers.py` carries the steps out.

/** Nanoseconds since 1970, negative before. */
export type Nanoseconds = bigint;

export interface Attributes {
  readonly mode?: number;
  /** [uid, gid] */
  readonly owner?: readonly [number, number];
  readonly mtime?: Nanoseconds;
  /** That of `mtime` where only it is given. */
  readonly atime?: Nanoseconds;
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** Only JSON inside, so that a step prints as what it is and goes over a pipe as it stands. */
export interface Step {
  readonly kind: 'directory' | 'file' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block' | 'link' | 'change';
  readonly path: string;
  /** Of a file: [offset, bytes] of each run; what lies between stays a hole. */
  readonly data?: readonly (readonly [number, string])[];
  readonly size?: number;
  readonly target?: string;
  readonly to?: string;
  /** Of a link: the layer directory that holds `to`, where it is another one. */
  readonly in?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly mode?: number;
  readonly owner?: readonly [number, number];
  /** Decimal nanoseconds. */
  readonly mtime?: string;
  readonly atime?: string;
  readonly xattrs?: readonly (readonly [string, string])[];
}

/** What a program does to a writable overlay (`oracle/change_tree.py`); paths are relative to the mount. */
export type Operation =
  | { readonly do: 'write'; readonly path: string; readonly at: number; readonly data: string }
  | { readonly do: 'truncate'; readonly path: string; readonly size: number }
  | { readonly do: 'remove' | 'remake' | 'mkdir' | 'mkfifo'; readonly path: string }
  | { readonly do: 'rename' | 'exchange'; readonly from: string; readonly to: string }
  | { readonly do: 'link'; readonly path: string; readonly to: string }
  | { readonly do: 'symlink'; readonly path: string; readonly target: string }
  | { readonly do: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly do: 'chown'; readonly path: string; readonly uid: number; readonly gid: number }
  | { readonly do: 'setxattr'; readonly path: string; readonly name: string; readonly value: string }
  | { readonly do: 'utime'; readonly path: string; readonly ns: string };

export interface LayerSteps {
  readonly directory: string;
  readonly steps: readonly Step[];
}

/** Which xattr names a mark is written under. */
export type MarkDialect = 'trusted' | 'user';

export function directory(path: string, attributes: Attributes = {}): Step {
  return { kind: 'directory', path, ...written(attributes) };
}

/** Contents are a string, or a size and the runs of data in it: `{ size: 1e9, data: [[4096, 'x']] }`. */
export function file(
  path: string,
  contents: string | { readonly size: number; readonly data?: readonly (readonly [number, string])[] } = '',
  attributes: Attributes = {},
): Step {
  const what =
    typeof contents === 'string' ? { data: contents === '' ? [] : [[0, contents] as const] } : contents;
  return { kind: 'file', path, ...what, ...written(attributes) };
}

export function symlink(path: string, target: string, attributes: Attributes = {}): Step {
  return { kind: 'symlink', path, target, ...written(attributes) };
}

export function special(path: string, kind: 'fifo' | 'socket', attributes: Attributes = {}): Step {
  return { kind, path, ...written(attributes) };
}

export function device(
  path: string,
  kind: 'char' | 'block',
  [major, minor]: readonly [number, number],
  attributes: Attributes = {},
): Step {
  return { kind, path, major, minor, ...written(attributes) };
}

export function whiteout(path: string, attributes: Attributes = {}): Step {
  return device(path, 'char', [0, 0], attributes);
}

/** A second name, `path`, for what `to` names in the same layer. */
export function link(path: string, to: string): Step {
  return { kind: 'link', path, to };
}

/** Attributes of something that is there already; '.' is the layer's root. */
export function change(path: string, attributes: Attributes): Step {
  return { kind: 'change', path, ...written(attributes) };
}

/** The mark `overlay.opaque` on a directory that is there already. */
export function opaque(path: string, value = 'y', dialect: MarkDialect = 'trusted'): Step {
  return mark(path, 'opaque', value, dialect);
}

export function redirect(path: string, to: string, dialect: MarkDialect = 'trusted'): Step {
  return mark(path, 'redirect', to, dialect);
}

/** A file becomes one that has its data in a layer below. */
export function metacopy(path: string, value = '', dialect: MarkDialect = 'trusted'): Step {
  return mark(path, 'metacopy', value, dialect);
}

/** The xattr form of a whiteout: an empty file; honoured where its directory has `opaque(…, 'x')`. */
export function xattrWhiteout(path: string, dialect: MarkDialect = 'trusted'): Step {
  return file(path, '', { xattrs: { [`${dialect}.overlay.whiteout`]: '' } });
}

export function mark(path: string, name: string, value: string, dialect: MarkDialect = 'trusted'): Step {
  return change(path, { xattrs: { [`${dialect}.overlay.${name}`]: value } });
}

function written({ mode, owner, mtime, atime, xattrs }: Attributes): Omit<Step, 'kind' | 'path'> {
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(owner === undefined ? {} : { owner }),
    ...(mtime === undefined ? {} : { mtime: String(mtime) }),
    ...(atime === undefined ? {} : { atime: String(atime) }),
    ...(xattrs === undefined ? {} : { xattrs: Object.entries(xattrs) }),
  };
}
