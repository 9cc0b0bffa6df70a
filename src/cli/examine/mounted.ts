// What is mounted in a container beside its layers, and what is said of a path that it covers: what the layers have there is not
// what the container sees.
import type { Related } from '../../health/part.ts';
import { openTheStore, type StoreOptions } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { asBytes, type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { escapeBytes, escapeText } from '../../told/escape.ts';
import type { Terminal } from '../print/terminal.ts';

/** Something that is mounted, by its place in the container; where it lies is undefined where nothing tells. */
export type PlacedMount = Pick<Related, 'kind' | 'label' | 'directory'> & { readonly at: string };

/** Sorted as the store has them; empty for what is no container. */
export async function mountedIn(stack: LayerStack, options: StoreOptions): Promise<PlacedMount[]> {
  const { id, mountPoints = [] } = stack;
  if (id === undefined || mountPoints.length === 0) return [];
  try {
    const { ownersOf } = await import('../../health/open.ts');
    const { withMachine, THIS_MACHINE } = await import('../../store/machine/machine.ts');
    const owners = ownersOf(await openTheStore(options, stack));
    const found = withMachine(options.hostRoot ?? THIS_MACHINE, (machine) =>
      owners.of(bytesOfText(id), machine),
    );
    const uses = found.find((part) => part.kind === 'container' && part.id === id)?.uses ?? [];
    const mounted = uses.flatMap(({ at, ...rest }) => (at === undefined ? [] : [{ ...rest, at }]));
    if (mounted.length > 0) return mounted;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    // Then only the places are known.
  }
  return mountPoints.map((at) => ({ kind: 'bind', label: '', at }));
}

/** Tells of each path that lies in what is mounted where it really is. Silent for what is no container. */
export async function noteMounted(
  stack: LayerStack,
  paths: readonly ByteString[],
  options: StoreOptions,
  terminal: Terminal,
): Promise<void> {
  const points = (stack.mountPoints ?? []).map((at) => ({ at }));
  const covered = paths.filter((path) => covering(path, points) !== undefined);
  if (covered.length === 0) return;
  const mounted = await mountedIn(stack, options);
  for (const path of covered) {
    const mount = covering(path, mounted);
    if (mount === undefined) continue;
    terminal.note(
      `"${escapeBytes(path)}" in ${escapeText(stack.label)} is not what the container sees: ${wordsOfMount(mount, path)}`,
    );
  }
}

/** `the volume data is mounted at /data, and this lies in "/var/lib/docker/volumes/data/_data"`. */
function wordsOfMount({ kind, label, at, directory }: PlacedMount, path: ByteString): string {
  const what =
    kind === 'volume' ? `the volume ${escapeText(label)}` : kind === 'tmpfs' ? 'a tmpfs' : 'something';
  const source = directory ?? (kind === 'bind' && label.startsWith('/') ? bytesOfText(label) : undefined);
  const rest = normal(path).slice(normal(bytesOfText(at)).length);
  const place = source === undefined ? '' : `, and this is "${escapeBytes(asBytes(source + rest))}"`;
  return `${what} is mounted at ${escapeText(at)}${place}`;
}

/** The mount that a path lies in, the deepest of several. Links on the way are not looked at. */
export function covering<T extends { readonly at: string }>(
  path: ByteString,
  mounts: readonly T[],
): T | undefined {
  const names = normal(path);
  return mounts
    .filter(({ at }) => {
      const point = normal(bytesOfText(at));
      return point !== '' && (names === point || names.startsWith(`${point}/`));
    })
    .toSorted((a, b) => b.at.length - a.at.length)
    .at(0);
}

/** Without slashes that say nothing, `.`, and `..` as in a tree without links; the root is empty. */
function normal(path: ByteString): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.map((name) => `/${name}`).join('');
}
