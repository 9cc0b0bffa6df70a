// The union rules: what a name means in a stack of real directories. A function of what the directories answer, no I/O.
// Follows fs/overlayfs/namei.c (ovl_lookup, ovl_lookup_layer, ovl_lookup_single) of Linux 6.18 for a mount without upper.
// Before 6.16 a stack with data-only layers was refused as a whole without `metacopy=on`, and so shown in no other way.
import { E, Errno } from '../sys/errors.ts';

/** What one real directory says of one name. */
export interface Found<D> {
  /** whiteout: any of the marks that hide a name; other: symlink, device, fifo, socket. */
  readonly kind: 'whiteout' | 'directory' | 'regular' | 'other';
  /** The real directory itself; asked only of a directory. */
  directory(): D;
  /** Value of `overlay.opaque`, empty where there is none. */
  opaque(): string;
  /** Value of `overlay.redirect`, undefined where there is none. */
  redirect(): string | undefined;
  /** Whether a regular file carries a valid `overlay.metacopy`; throws Errno EIO on an invalid one. */
  metacopy(): boolean;
}

/** The layers, as the rules ask them; `D` names one real directory. */
export interface Source<D, F extends Found<D>> {
  /** What `directory` holds by this name; undefined where it holds nothing. Throws Errno. */
  find(directory: D, name: string): F | undefined;
  /** Index of a directory's layer, 0 at the top. */
  layerOf(directory: D): number;
  /** The layers' root directories, top first. */
  readonly roots: readonly D[];
}

export interface MergeOptions {
  /** `redirect_dir`: follow is the kernel's default for a mount without upper; nofollow answers EPERM. */
  readonly redirect: 'follow' | 'nofollow';
  readonly metacopy: boolean;
  /** Whether there are data-only layers below the roots. */
  readonly dataOnlyLayers: boolean;
}

/** A visible name: a directory with its stack, or the topmost object of any other type. */
export type Resolution<D, F> =
  | { readonly kind: 'directory'; readonly top: F; readonly stack: readonly D[] }
  | {
      readonly kind: 'object';
      readonly top: F;
      readonly holder: D;
      readonly data: DataSource<F> | undefined;
    };

/** Where the data of a metacopy file lie: another object, or a path to look for in the data-only layers when it is read. */
export type DataSource<F> = { readonly found: F } | { readonly path: string };

/** The state of one lookup: `struct ovl_lookup_data`. */
interface Lookup {
  name: string;
  isDirectory: boolean;
  stop: boolean;
  last: boolean;
  redirect: string | undefined;
  absoluteRedirect: boolean;
  metacopy: boolean;
}

/**
 * Resolves `name` in a merged directory whose real directories are `parent`, top first.
 * Undefined where the name is absent or hidden; throws the Errno with which the kernel fails the lookup.
 */
export function resolve<D, F extends Found<D>>(
  parent: readonly D[],
  name: string,
  source: Source<D, F>,
  options: MergeOptions,
): Resolution<D, F> | undefined {
  const { roots } = source;
  const lookup: Lookup = {
    name,
    isDirectory: false,
    stop: false,
    last: false,
    redirect: undefined,
    absoluteRedirect: false,
    metacopy: false,
  };
  const found: { from: D; found: F }[] = [];
  const checksRedirects = options.redirect === 'follow' || options.dataOnlyLayers;
  let stack = parent;
  for (let i = 0; !lookup.stop && i < stack.length; i++) {
    const directory = stack[i] as D;
    const layer = source.layerOf(directory);
    mustFollow(lookup, options);
    if (!checksRedirects) lookup.last = i === stack.length - 1;
    else if (lookup.isDirectory || !options.dataOnlyLayers) lookup.last = layer === roots.length - 1;

    const here = lookupLayer(directory, lookup, source);
    if (here === undefined) continue;
    // Of several metacopy files only the topmost counts; the rest are passed on the way to the data.
    if (!lookup.metacopy || found.length === 0) found.push({ from: directory, found: here });
    if (lookup.stop) break;
    if (lookup.redirect?.startsWith('/') && stack !== roots) {
      stack = roots;
      i = layer;
    }
  }
  return outcome(found, lookup, options);
}

/** ovl_check_follow_redirect(): asked before a lower layer is looked into for what was found. */
function mustFollow({ name, metacopy, redirect }: Lookup, options: MergeOptions): void {
  if (metacopy && !options.metacopy) throw refused(E.EPERM, name, 'metacopy is off');
  if (redirect !== undefined && options.redirect === 'nofollow')
    throw refused(E.EPERM, name, 'redirects are not followed');
}

function outcome<D, F extends Found<D>>(
  found: readonly { from: D; found: F }[],
  lookup: Lookup,
  options: MergeOptions,
): Resolution<D, F> | undefined {
  const top = found[0];
  // Data in a data-only layer are followed without `metacopy=on`: there is no other use for such a layer.
  const isDataOnly =
    lookup.metacopy && top !== undefined && options.dataOnlyLayers && lookup.absoluteRedirect;
  if (!isDataOnly) mustFollow(lookup, options);
  if (top === undefined) return undefined;
  if (top.found.kind === 'directory') {
    return { kind: 'directory', top: top.found, stack: found.map((each) => each.found.directory()) };
  }
  let data: DataSource<F> | undefined;
  if (lookup.metacopy) {
    if (!isDataOnly || lookup.redirect === undefined)
      throw refused(E.EIO, lookup.name, 'no data for a metacopy file');
    data = { path: lookup.redirect };
  } else {
    const last = found.at(-1);
    if (last !== undefined && last !== top) data = { found: last.found };
  }
  return { kind: 'object', top: top.found, holder: top.from, data };
}

/** One layer's answer; an absolute redirect is walked component by component from the layer's root. */
function lookupLayer<D, F extends Found<D>>(
  directory: D,
  lookup: Lookup,
  source: Source<D, F>,
): F | undefined {
  if (!lookup.name.startsWith('/')) return lookupSingle(directory, lookup, lookup.name, '', '', source);
  // A redirect met on the way replaces the part of the path walked so far, so the rest is counted from the end.
  let rest = lookup.name.length - 1;
  let base = directory;
  for (;;) {
    const start = lookup.name.length - rest;
    const slash = lookup.name.indexOf('/', start);
    const end = slash < 0 ? lookup.name.length : slash;
    const component = lookup.name.slice(start, end);
    const post = lookup.name.slice(end);
    const here = lookupSingle(base, lookup, component, lookup.name.slice(0, start), post, source);
    if (here === undefined || post === '') return here;
    if (here.kind !== 'directory') return here;
    rest -= component.length + 1;
    base = here.directory();
  }
}

/** `pre` and `post` are what stands before and after this component in the path that is walked. */
function lookupSingle<D, F extends Found<D>>(
  directory: D,
  lookup: Lookup,
  name: string,
  pre: string,
  post: string,
  source: Source<D, F>,
): F | undefined {
  const isLastElement = post === '';
  // lookup_noperm(): such a component can only come out of a redirect, and must not lead anywhere.
  if (name === '' || name === '.' || name === '..') throw refused(E.EACCES, name, 'bad redirect');
  if (name.length > 255) return undefined;
  const here = source.find(directory, name);
  if (here === undefined) return undefined;
  if (here.kind === 'whiteout') {
    lookup.stop = true;
    return undefined;
  }
  if (isLastElement && lookup.metacopy && here.kind !== 'regular') {
    lookup.stop = true;
    return undefined;
  }
  if (here.kind !== 'directory') {
    if (lookup.isDirectory || !isLastElement) {
      lookup.stop = true;
      return undefined;
    }
    lookup.metacopy = here.kind === 'regular' && here.metacopy();
    lookup.stop = !lookup.metacopy;
    if (!lookup.metacopy || lookup.last) return here;
  } else {
    if (isLastElement) lookup.isDirectory = true;
    if (lookup.last) return here;
    if (here.opaque() === 'y') {
      lookup.stop = true;
      return here;
    }
  }
  applyRedirect(here, lookup, pre, post);
  return here;
}

/** ovl_check_redirect(): a redirect changes the name for the layers below the one that carries it. */
function applyRedirect<D>(here: Found<D>, lookup: Lookup, pre: string, post: string): void {
  lookup.absoluteRedirect = false;
  const value = here.redirect();
  if (value === undefined) return;
  const redirect = parseRedirect(value);
  if (redirect.startsWith('/')) {
    lookup.absoluteRedirect = true;
    // An opaque ancestor on the way here must not keep an absolute redirect from its target.
    lookup.stop = false;
    lookup.redirect = redirect + post;
  } else {
    lookup.redirect = pre + redirect + post;
  }
  lookup.name = lookup.redirect;
}

/** ovl_get_redirect_xattr(): a single name, or a path of non-empty components from the root. */
function parseRedirect(value: string): string {
  const invalid = () => refused(E.EINVAL, value, 'invalid redirect');
  if (value === '') throw invalid();
  const nul = value.indexOf('\0');
  const redirect = nul < 0 ? value : value.slice(0, nul);
  if (redirect.startsWith('/')) {
    if (redirect.slice(1).split('/').includes('')) throw invalid();
  } else if (redirect.includes('/')) {
    throw invalid();
  }
  return redirect;
}

function refused(errno: number, name: string, why: string): Errno {
  return new Errno(errno, `look up ${JSON.stringify(name)} (${why})`);
}
