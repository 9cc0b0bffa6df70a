// `stratafs whose`: the images and containers that a path of the data root, or an ID, belongs to.
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { type Owner, Owners, type User } from '../forensic/whose.ts';
import { realRoot } from '../store/files.ts';
import { asBytes, type ByteString, bytesOfText } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import { pathArguments } from './arguments.ts';
import { escapeBytes, escapeJson, escapeText, jsonName } from './escape.ts';
import type { StoreOptions } from './stack.ts';
import type { Terminal } from './terminal.ts';

interface WhoseOptions extends StoreOptions {
  readonly json?: true;
}

export function registerWhose(program: Command, terminal: Terminal): void {
  program
    .command('whose')
    .summary('tell which images and containers a path or ID of the store belongs to')
    .description(
      'Tell what a path below the data root, or an ID (cache, chain, diff, mount, image, container; whole or its beginning) ' +
        'is, and which images and containers use it.',
    )
    .argument('<path-or-id...>', 'a path below the data root, or an ID')
    .option('--json', 'one JSON object a line')
    .action(async (words: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<WhoseOptions>();
      const { openDockerRoot } = await import('../forensic/verify-reference.ts');
      const { readStoreIndex } = await import('../forensic/store-index.ts');
      const index = readStoreIndex(openDockerRoot(options.root));
      const owners = new Owners(index);
      for (const asked of pathArguments(words)) {
        try {
          const found = ask(owners, asked, index.root.files.directory);
          for (const owner of found)
            terminal.out.write(options.json ? jsonLine(asked, owner) : describe(asked, owner));
        } catch (error) {
          terminal.report(error);
        }
      }
      for (const error of index.damage) terminal.report(error);
    });
}

function ask(owners: Owners, asked: ByteString, dataRoot: ByteString): Owner[] {
  const inside = asked.includes('/') ? below(asked, dataRoot) : undefined;
  const found = asked.includes('/') ? owners.ofPath(inside ?? asked) : owners.ofId(asked);
  if (found.length > 0) return found;
  const state = asked.includes('/')
    ? `no image or container has anything to do with it ("${dataRoot}" is the data root)`
    : 'nothing in the store has this ID';
  throw new Trouble('reference', `Cannot find whose "${asked}" is: ${state}`);
}

/** The path relative to the data root; undefined where it is not in it as it stands, so that it may be relative already. */
function below(path: ByteString, dataRoot: ByteString): ByteString | undefined {
  const inside = (candidate: ByteString | undefined) =>
    candidate?.startsWith(`${dataRoot}/`) ? asBytes(candidate.slice(dataRoot.length + 1)) : undefined;
  // Only what is outside of the data root may be a link: what is inside is asked for as it stands.
  return inside(path) ?? inside(absolute(path));
}

/** The path with the links on its way resolved as far as the data root's own directory goes. */
function absolute(path: ByteString): ByteString | undefined {
  const rest: string[] = [];
  for (let at: string = path.startsWith('/') ? path : join(bytesOfText(process.cwd()), path); ; ) {
    try {
      const real = realRoot(asBytes(dirname(at)));
      return asBytes([real === '/' ? '' : real, basename(at), ...rest].join('/'));
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      if (dirname(at) === at) return undefined;
      rest.unshift(basename(at));
      at = dirname(at);
    }
  }
}

const WORDS: Readonly<Record<Owner['kind'], string>> = {
  layer: 'a layer',
  upper: "a container's own layer",
  init: "a container's -init layer",
  image: 'an image',
  container: 'a container',
  directory: 'a directory that no image or container has a record of (perhaps build cache)',
};

function describe(asked: ByteString, { kind, id, directory, facts, users }: Owner): string {
  const fields = Object.entries(facts).map(([key, value]) => `  ${key.padEnd(10)} ${escapeText(value)}\n`);
  if (directory !== undefined) fields.push(`  ${'directory'.padEnd(10)} ${escapeBytes(directory)}\n`);
  const none = kind === 'image' || kind === 'container' ? '' : '  used by    nothing\n';
  const uses = users.map((user) => `  ${relation(kind, user).padEnd(10)} ${describeUser(user)}\n`);
  const name = escapeBytes(asked) === id ? '' : ` ${escapeText(id)}`;
  return `${escapeBytes(asked)}: ${WORDS[kind]}${name}\n${fields.join('')}${uses.length > 0 ? uses.join('') : none}`;
}

function relation(kind: Owner['kind'], user: User): string {
  return kind === 'container' && user.kind === 'image' ? 'made from' : 'used by';
}

function describeUser({ kind, id, label, layer }: User): string {
  const place = layer === undefined ? '' : `, layer ${layer}`;
  return `${kind} ${escapeText(label)} (${id.replace(/^sha256:/, '').slice(0, 12)})${place}`;
}

function jsonLine(asked: ByteString, owner: Owner): string {
  const { kind, id, directory, facts, users } = owner;
  const place = directory === undefined ? {} : jsonName('directory', directory);
  return `${escapeJson({ ...jsonName('asked', asked), kind, id, ...facts, ...place, users })}\n`;
}
