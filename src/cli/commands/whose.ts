// `stratafs whose`: what a path of the data root, an ID or a name is, what uses it, and what it is made of.

import type { Command } from 'commander';
import type { OwnerKind, Related, StorePart } from '../../health/part.ts';
import { type Measured, measureDirectory } from '../../layers/survey/measure.ts';
import { openStack, openTheStore, type StoreOptions } from '../../open/stack.ts';
import { shortId } from '../../store/digest.ts';
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { escapeBytes, escapeJson, escapeText, jsonName } from '../../told/escape.ts';
import { pathArguments } from '../arguments.ts';
import { writeLowerdir } from '../examine/lowerdir.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
import { type WorkProgress, withProgress } from '../print/progress/work-progress.ts';
import { severalNames } from '../print/several-names.ts';
import { takesWords } from '../print/takes.ts';
import type { Terminal } from '../print/terminal.ts';

interface WhoseOptions extends StoreOptions {
  readonly json?: true;
  readonly lowerdir?: true;
}

export function registerWhose(program: Command, terminal: Terminal): void {
  program
    .command('whose')
    .summary('tell what a path, ID or name of the store is, what uses it and what it is made of')
    .description(
      'Tell what a path below the data root (each that "df -a" names is one), an ID (cache, chain, diff, mount, image, container, build cache, pulled blob; ' +
        'whole or its beginning) or a name (image, container, volume) is: what uses it, and what it is made of.',
    )
    .argument('<path-or-id...>', 'a path below the data root, an ID or a name')
    .option(
      '--lowerdir',
      'nothing but the layers of what it is, as an option of mount(8); as inspect --lowerdir',
    )
    .option('--json', 'one JSON object a line')
    .action(async (words: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<WhoseOptions>();
      if (options.lowerdir && options.json)
        throw new Trouble('usage', 'Cannot tell two things at once: --lowerdir or --json');
      const { ownersOf } = await import('../../health/open.ts');
      const { withMachine, THIS_MACHINE } = await import('../../store/machine/machine.ts');
      const owners = ownersOf(await openTheStore(options));
      if (options.json) beginJson(terminal, 'whose', jsonRoot(options));
      await withProgress(terminal, 'measuring', async (progress) => {
        for (const asked of pathArguments(words)) {
          try {
            const found = withMachine(options.hostRoot ?? THIS_MACHINE, (machine) =>
              inNamespace(asked, owners.of(asked, machine), options),
            );
            if (options.lowerdir) {
              await writeLowerdirOf(asked, found, options, terminal);
              continue;
            }
            for (const owner of found) {
              const takes = measured(owner, progress);
              terminal.out.write(
                options.json ? jsonLine(asked, owner, takes) : describe(asked, owner, takes),
              );
            }
          } catch (error) {
            terminal.report(error);
          }
        }
      });
      for (const error of owners.damage) terminal.report(error);
    });
}

/** What is in the namespace that is named, or in none. Throws Trouble where nothing is. */
function inNamespace(
  asked: ByteString,
  parts: readonly StorePart[],
  { namespace }: StoreOptions,
): readonly StorePart[] {
  if (namespace === undefined) return parts;
  const own = parts.filter(({ facts }) => facts.namespace === undefined || facts.namespace === namespace);
  if (own.length > 0) return own;
  const others = [...new Set(parts.map(({ facts }) => `"${facts.namespace}"`))].join(', ');
  throw new Trouble(
    'reference',
    `Cannot find whose "${shownBytes(asked)}" is in the namespace "${namespace}": it is in ${others}`,
  );
}

/** Of an image, a container, or a layer with all below it. Throws Trouble. */
async function writeLowerdirOf(
  asked: ByteString,
  [part]: readonly StorePart[],
  options: StoreOptions,
  terminal: Terminal,
): Promise<void> {
  const reference = part === undefined ? undefined : referenceOf(part);
  if (reference === undefined)
    throw new Trouble(
      'usage',
      `Cannot tell "${shownBytes(asked)}" as lowerdir=: it is no image, container or layer of one`,
    );
  writeLowerdir(await openStack(reference, options), terminal);
}

/** Undefined for what is no stack, and for a layer that nothing stands on. */
function referenceOf({ kind, id, users }: StorePart): string | undefined {
  if (kind === 'image' || kind === 'container') return `${kind}:${id}`;
  for (const user of users) {
    if (user.kind !== 'image' && user.kind !== 'container') continue;
    if (kind === 'upper') return `${user.kind}:${user.id}`;
    const { layer } = user;
    if (layer !== undefined) return `${user.kind}:${user.id}#${layer === 1 ? '' : '1-'}${layer}`;
  }
  return undefined;
}

/** What it takes in its directory, or a container in its own layer; undefined where that cannot be examined. */
function measured({ directory, uses, isParent }: StorePart, progress: WorkProgress): Measured | undefined {
  if (isParent) return undefined;
  const own = directory ?? uses.find(({ kind }) => kind === 'upper')?.directory;
  if (own === undefined) return undefined;
  const takes = measureDirectory(own, (name, count) => progress.name(name, count));
  return takes.objects === 0 && takes.unreadable > 0 ? undefined : takes;
}

const WORDS: Readonly<Record<OwnerKind, string>> = {
  layer: 'a layer',
  upper: "a container's own layer",
  init: "a container's -init layer",
  image: 'an image',
  container: 'a container',
  pod: 'a pod',
  volume: 'a volume',
  cache: 'build cache',
  blob: 'a compressed layer that was pulled, and whose layer is not here',
  content: 'content as it is fetched: an index, a manifest, a config or a compressed layer',
  snapshot: "a snapshot that is no image's layer and no container's own",
  ingest: 'content that is being fetched, or whose fetching was cut off',
  records: "the engine's own records",
  unfinished: 'what is being unpacked, or was cut off',
  beside: 'another store',
  other: 'what no engine writes',
  directory: 'a directory that nothing in the store has a record of',
};

/** Of what it says nothing that nothing uses it: the engine itself does. */
function hasNoUsers({ kind }: StorePart): boolean {
  return ['container', 'records', 'unfinished', 'beside', 'other'].includes(kind);
}

function describe(asked: ByteString, owner: StorePart, takes: Measured | undefined): string {
  const { kind, id, directory, facts, uses, users } = owner;
  const rows = [
    ...Object.entries(facts).map(([key, value]) => [key, escapeText(value)] as const),
    ...(directory === undefined ? [] : [['directory', escapeBytes(directory)] as const]),
    ...(takes === undefined ? [] : [['size', takesWords(takes)] as const]),
    ...uses.map((used) => [relation(kind, used), describeRelated(used)] as const),
    ...users.map((user) => ['used by', describeRelated(user)] as const),
    ...(users.length > 0 || hasNoUsers(owner) ? [] : [['used by', 'nothing'] as const]),
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

function describeRelated(related: Related): string {
  const { kind, id, label, layer, at, directory } = related;
  const bare = id.replace(/^sha256:/, '');
  // What is no hash has no short form.
  const short = /^[0-9a-z]+$/.test(bare) ? shortId(bare) : '';
  // A label that is the ID itself is no name; a volume's name is its ID.
  const isNamed = short === '' || !label.startsWith(short);
  const words = [
    kind === 'layer' && layer !== undefined ? `layer ${layer}` : kind,
    escapeText(isNamed ? severalNames(related) : short),
    isNamed && kind !== 'volume' && short !== '' ? `(${escapeText(short)})` : '',
    at === undefined ? '' : `at ${escapeText(at)}`,
    directory === undefined ? '' : escapeBytes(directory),
  ];
  const place = kind === 'layer' || layer === undefined ? '' : `, layer ${layer}`;
  return `${words.filter((word) => word !== '').join(' ')}${place}`;
}

function jsonLine(asked: ByteString, owner: StorePart, takes: Measured | undefined): string {
  const { kind, id, directory, facts, uses, users } = owner;
  const json = (related: Related) => {
    const { directory: at, ...fields } = related;
    return { ...fields, ...(at === undefined ? {} : jsonName('directory', at)) };
  };
  const place = directory === undefined ? {} : jsonName('directory', directory);
  return `${escapeJson({
    t: 'part',
    ...jsonName('asked', asked),
    kind,
    id,
    facts,
    ...place,
    ...(takes === undefined ? {} : { takes }),
    uses: uses.map(json),
    users: users.map(json),
  })}\n`;
}
