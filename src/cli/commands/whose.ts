// `stratafs whose`: what a path of the data root, an ID or a name is, what uses it, and what it is made of.

import { join } from 'node:path';
import type { Command } from 'commander';
import type { StoreOwners } from '../../health/health.ts';
import type { OwnerKind, Related, StorePart } from '../../health/part.ts';
import { type Measured, measureDirectory } from '../../layers/survey/measure.ts';
import type { Machine } from '../../store/machine.ts';
import { realRoot } from '../../store/named.ts';
import { asBytes, type ByteString, bytesOfText, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { pathArguments } from '../arguments.ts';
import { escapeBytes, escapeJson, escapeText, jsonName } from '../print/escape.ts';
import { takesWords } from '../print/takes.ts';
import type { Terminal } from '../print/terminal.ts';
import { openTheStore, type StoreOptions } from '../stack.ts';

interface WhoseOptions extends StoreOptions {
  readonly json?: true;
}

export function registerWhose(program: Command, terminal: Terminal): void {
  program
    .command('whose')
    .summary('tell what a path, ID or name of the store is, what uses it and what it is made of')
    .description(
      'Tell what a path below the data root, an ID (cache, chain, diff, mount, image, container, build cache, pulled blob; ' +
        'whole or its beginning) or a name (image, container, volume) is: what uses it, and what it is made of.',
    )
    .argument('<path-or-id...>', 'a path below the data root, an ID or a name')
    .option('--json', 'one JSON object a line')
    .action(async (words: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<WhoseOptions>();
      const { healthOf } = await import('../../health/open.ts');
      const { withMachine, THIS_MACHINE } = await import('../../store/machine.ts');
      const owners = healthOf(await openTheStore(options)).map((health) => health.owners());
      const directories = [...new Set(owners.flatMap((each) => each.directories))];
      for (const asked of pathArguments(words)) {
        try {
          const found = withMachine(options.hostRoot ?? THIS_MACHINE, (machine) =>
            ask(owners, asked, directories, machine),
          );
          for (const owner of found)
            terminal.out.write(options.json ? jsonLine(asked, owner) : describe(asked, owner));
        } catch (error) {
          terminal.report(error);
        }
      }
      for (const { damage } of owners) for (const error of damage) terminal.report(error);
    });
}

/** What any of the stores of a root knows of it; one that has a record of a directory knows more than one that has none. */
function ask(
  owners: readonly StoreOwners[],
  asked: ByteString,
  directories: readonly ByteString[],
  machine: Machine,
): StorePart[] {
  const path = asked.includes('/') ? placeIn(asked, directories, machine) : undefined;
  const byPath = path === undefined ? [] : ofPath(owners, path);
  const all = byPath.length > 0 ? byPath : owners.flatMap((each) => each.ofWords(asked));
  if (all.length > 0) return all;
  const roots = directories.map((directory) => `"${shownBytes(directory)}"`).join(' and ');
  const hints = owners.map((each) => each.hint(asked)).find((hint) => hint !== '') ?? '';
  const state = asked.startsWith('/')
    ? `no image or container has anything to do with it (${roots} ${directories.length === 1 ? 'is the data root' : 'are the roots'})`
    : `nothing in the store has this name, ID or path${hints}`;
  throw new Trouble('reference', `Cannot find whose "${shownBytes(asked)}" is: ${state}`);
}

function ofPath(owners: readonly StoreOwners[], path: ByteString): StorePart[] {
  const parts = owners.flatMap((each) =>
    each.directories.some((directory) => path.startsWith(`${directory}/`)) ? each.ofPath(path) : [],
  );
  const recorded = parts.filter(({ kind }) => kind !== 'directory');
  return recorded.length > 0 ? recorded : parts.slice(0, 1);
}

/**
 * Where a path lies, absolute: in one of the directories, by a path of this machine or of the one whose disk is looked at, or
 * relative to the first.
 */
function placeIn(
  asked: ByteString,
  directories: readonly ByteString[],
  machine: Machine,
): ByteString | undefined {
  const here = asBytes(asked.startsWith('/') ? asked : join(bytesOfText(process.cwd()), asked));
  const real = (path: ByteString) => {
    const found = attempt(() => realRoot(path));
    return found instanceof Trouble ? undefined : found;
  };
  const found =
    (asked.startsWith('/') && !machine.isThis
      ? insideOf(directories, asked, (path) => machine.directory(path))
      : undefined) ?? insideOf(directories, here, real);
  const [first] = directories;
  return found ?? (asked.startsWith('/') || first === undefined ? undefined : asBytes(`${first}/${asked}`));
}

/**
 * An absolute path with the links on its way to one of the directories resolved; what is inside is as it stands, since a layer's
 * link leads nowhere. Undefined where it leads into none.
 */
function insideOf(
  directories: readonly ByteString[],
  path: ByteString,
  directoryAt: (path: ByteString) => ByteString | undefined,
): ByteString | undefined {
  const names = path.split('/').filter((name) => name !== '');
  for (let count = 0; count < names.length; count++) {
    const place = directoryAt(asBytes(`/${names.slice(0, count).join('/')}`));
    if (place === undefined) return undefined;
    if (directories.some((directory) => place === directory || place.startsWith(`${directory}/`)))
      return asBytes([place, ...names.slice(count)].join('/'));
  }
  return undefined;
}

/** What it takes in its directory, or a container in its own layer; undefined where that cannot be examined. */
function measured({ directory, uses }: StorePart): Measured | undefined {
  const own = directory ?? uses.find(({ kind }) => kind === 'upper')?.directory;
  if (own === undefined) return undefined;
  const takes = measureDirectory(own);
  return takes.objects === 0 && takes.unreadable > 0 ? undefined : takes;
}

const WORDS: Readonly<Record<OwnerKind, string>> = {
  layer: 'a layer',
  upper: "a container's own layer",
  init: "a container's -init layer",
  image: 'an image',
  container: 'a container',
  volume: 'a volume',
  cache: 'build cache',
  blob: 'a compressed layer that was pulled, and whose layer is not here',
  content: 'content as it is fetched: an index, a manifest, a config or a compressed layer',
  snapshot: "a snapshot that is no image's layer and no container's own",
  ingest: 'content that is being fetched, or whose fetching was cut off',
  directory: 'a directory that nothing in the store has a record of',
};

function describe(asked: ByteString, owner: StorePart): string {
  const { kind, id, directory, facts, uses, users } = owner;
  const takes = measured(owner);
  const rows = [
    ...Object.entries(facts).map(([key, value]) => [key, escapeText(value)] as const),
    ...(directory === undefined ? [] : [['directory', escapeBytes(directory)] as const]),
    ...(takes === undefined ? [] : [['size', takesWords(takes)] as const]),
    ...uses.map((used) => [relation(kind, used), describeRelated(used)] as const),
    ...users.map((user) => ['used by', describeRelated(user)] as const),
    ...(users.length > 0 || kind === 'container' ? [] : [['used by', 'nothing'] as const]),
  ];
  const name = escapeBytes(asked) === id ? '' : ` ${escapeText(id)}`;
  const lines = rows.map(([key, value]) => `  ${key.padEnd(10)} ${value}\n`);
  return `${escapeBytes(asked)}: ${WORDS[kind]}${name}\n${lines.join('')}`;
}

/** How what was asked for stands to what it uses. */
function relation(kind: OwnerKind, { kind: used, at }: Related): string {
  if (at !== undefined) return 'mounts';
  if (kind === 'cache') return 'on top of';
  return kind === 'container' && used === 'image' ? 'made from' : 'made of';
}

function describeRelated({ kind, id, label, layer, at, directory }: Related): string {
  const bare = id.replace(/^sha256:/, '');
  // What is no hash has no short form.
  const short = /^[0-9a-z]+$/.test(bare) ? bare.slice(0, 12) : '';
  // A label that is the ID itself is no name; a volume's name is its ID.
  const isNamed = short === '' || !label.startsWith(short);
  const words = [
    kind === 'layer' && layer !== undefined ? `layer ${layer}` : kind,
    escapeText(isNamed ? label : short),
    isNamed && kind !== 'volume' && short !== '' ? `(${escapeText(short)})` : '',
    at === undefined ? '' : `at ${escapeText(at)}`,
    directory === undefined ? '' : escapeBytes(directory),
  ];
  const place = kind === 'layer' || layer === undefined ? '' : `, layer ${layer}`;
  return `${words.filter((word) => word !== '').join(' ')}${place}`;
}

function jsonLine(asked: ByteString, owner: StorePart): string {
  const { kind, id, directory, facts, uses, users } = owner;
  const json = (related: Related) => {
    const { directory: at, ...fields } = related;
    return { ...fields, ...(at === undefined ? {} : jsonName('directory', at)) };
  };
  const place = directory === undefined ? {} : jsonName('directory', directory);
  const takes = measured(owner);
  return `${escapeJson({
    ...jsonName('asked', asked),
    kind,
    id,
    ...facts,
    ...place,
    ...(takes === undefined ? {} : { takes }),
    uses: uses.map(json),
    users: users.map(json),
  })}\n`;
}
