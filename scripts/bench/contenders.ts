// Who is measured: how each is started on a list of layers, and which can be here.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NodeVersion } from './nodes.ts';
import { run } from './process.ts';
import { Refusal } from './refusal.ts';
import type { Session } from './session.ts';

export interface Contender {
  readonly id: string;
  readonly isOurs: boolean;
  /** Whether a process serves it; otherwise both commands mount and end. */
  readonly isServed: boolean;
  /** The Node that serves it, where that is not the bench's own; the name is that of its figures. */
  readonly node?: { readonly name: string; readonly path: string };
  /** The ids of the rows that it is there for, or how they begin; all where undefined. */
  readonly rows?: readonly string[];
  /** Whether it must have served a walk of a stack before it is measured on it. */
  readonly learns?: boolean;
  /** The command that mounts and goes on serving. Layers top first. */
  foreground(layers: readonly string[], directory: string): string[];
  /** The command that ends when the mount is there. */
  background(layers: readonly string[], directory: string): string[];
}

export interface Absent {
  readonly id: string;
  readonly reason: string;
}

/** Ours. */
export const COMMAND =
  process.env.STRATAFS_COMMAND ?? fileURLToPath(new URL('../../dist/cli/stratafs.sh', import.meta.url));

/** The one whose files the kernel reads by itself. */
export const PASSTHROUGH = 'passthrough';

/** Each mode and driver of ours, and the words `mount --help` has where it exists. `cached` is `small`. */
const OURS: readonly {
  readonly id: string;
  readonly args: readonly string[];
  readonly help: readonly string[];
}[] = [
  { id: 'auto', args: ['--data', 'auto'], help: ['--data', 'auto'] },
  { id: 'small', args: ['--data', 'small'], help: ['--data', 'small'] },
  { id: 'large', args: ['--data', 'large'], help: ['--data', 'large'] },
  { id: PASSTHROUGH, args: ['--data', 'passthrough'], help: ['--data', 'passthrough'] },
  { id: 'fuse-native', args: ['--driver', 'fuse-native'], help: ['--driver', 'fuse-native'] },
];

/** `auto` by the index that an earlier mount has written, for the rows that have names to load. */
const INDEXED = {
  id: 'indexed',
  help: '--index-dir',
  rows: ['walk-cold', 'walk-dropped', 'tar-cold', 'rg-cold', 'start', 'memory'],
} as const;

/** Those that this machine has, and why it does not have the others. `wanted` names some; undefined is all. */
export async function findContenders(
  session: Session,
  wanted: readonly string[] | undefined,
  nodes: readonly NodeVersion[] = [],
): Promise<{ present: Contender[]; absent: Absent[] }> {
  const present = [kernelOverlay()];
  const absent: Absent[] = [];
  if (await isInstalled(session, 'fuse-overlayfs')) present.push(fuseOverlayfs());
  else absent.push({ id: 'fuse-overlayfs', reason: 'not installed' });
  const help = await mountHelp(session);
  for (const { id, args, help: words } of OURS) {
    if (help === undefined) absent.push({ id, reason: `"${COMMAND}" is not built, or has no mount command` });
    else if (words.every((word) => help.includes(word))) present.push(stratafs(id, args));
    else absent.push({ id, reason: '"stratafs mount --help" does not name it' });
  }
  if (help?.includes(INDEXED.help))
    present.push({
      ...stratafs(INDEXED.id, ['--data', 'auto', INDEXED.help, session.path('indexes')]),
      ...{ rows: INDEXED.rows, learns: true },
    });
  else absent.push({ id: INDEXED.id, reason: `"stratafs mount --help" does not name ${INDEXED.help}` });
  const byNodes = nodes.map(({ version, node, command }) => ({
    ...stratafs(`auto@${version}`, ['--data', 'auto'], ['env', `STRATAFS_NODE=${node}`, command]),
    node: { name: `node@${version}`, path: node },
  }));
  const isWanted = ({ id }: { readonly id: string }) => wanted?.includes(id) ?? true;
  const known = [...present, ...absent].map(({ id }) => id);
  const unknown = wanted?.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new Refusal(`Cannot measure "${unknown}": there are ${known.join(', ')}`);
  return { present: [...present.filter(isWanted), ...byNodes], absent: absent.filter(isWanted) };
}

export function isInstalled(session: Session, command: string): Promise<boolean> {
  return run(session, ['sh', '-c', 'command -v "$0"', command]).then(
    () => true,
    () => false,
  );
}

async function mountHelp(session: Session): Promise<string | undefined> {
  if (!existsSync(COMMAND)) return undefined;
  try {
    return await run(session, [COMMAND, 'mount', '--help']);
  } catch {
    return undefined;
  }
}

export function kernelOverlay(): Contender {
  const command = (layers: readonly string[], directory: string) => [
    ...['mount', '-t', 'overlay', '-o', `ro,index=off,lowerdir=${layers.join(':')}`, 'overlay', directory],
  ];
  return { id: 'kernel', isOurs: false, isServed: false, foreground: command, background: command };
}

function fuseOverlayfs(): Contender {
  const background = (layers: readonly string[], directory: string) => [
    ...['fuse-overlayfs', '-o', `ro,lowerdir=${layers.join(':')}`, directory],
  ];
  return {
    id: 'fuse-overlayfs',
    isOurs: false,
    isServed: true,
    foreground: (layers, directory) => [...background(layers, directory), '-f'],
    background,
  };
}

function stratafs(id: string, args: readonly string[], command: readonly string[] = [COMMAND]): Contender {
  const words = (form: readonly string[]) => (layers: readonly string[], directory: string) => [
    ...[...command, 'mount', ...form, ...args, `lowerdir=${layers.join(':')}`, directory],
  ];
  return { id, isOurs: true, isServed: true, foreground: words(['-f']), background: words([]) };
}
