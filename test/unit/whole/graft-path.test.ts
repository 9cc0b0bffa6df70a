// Where something is mounted in a tree: paths with links, that lead up, and whose directories are missing.
import { describe, expect, it } from 'vitest';
import type { FileSystem } from '../../../src/fuse/filesystem.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../../src/sys/statx.ts';
import { graftPlace } from '../../../src/whole/graft-path.ts';

/** A directory by names, a link by where it leads, a file by undefined. */
interface Made {
  readonly [name: string]: Made | string | undefined;
}

const TREE: Made = {
  run: {},
  var: { run: '/run', up: '../../../..', self: 'self', away: '/run/../../../data' },
  data: { sub: {} },
  etc: { hosts: undefined, dangling: '/not/there' },
};

/** Numbers are given as nodes are met; the root is 1. */
function fileSystem(): FileSystem & { readonly pathOf: (node: number) => string } {
  const nodes: { readonly path: string; readonly made: Made | string | undefined }[] = [
    { path: '', made: TREE },
  ];
  const at = (node: number) => nodes[node - 1] as (typeof nodes)[number];
  const made = (node: number) => at(node).made;
  return {
    pathOf: (node: number) => at(node).path,
    lookup(directory: number, from: Uint8Array, start: number, end: number) {
      const name = Buffer.from(from.subarray(start, end)).toString();
      const inside = made(directory) as Made;
      if (!Object.hasOwn(inside, name)) return 0;
      return nodes.push({ path: `${at(directory).path}/${name}`, made: inside[name] });
    },
    nodeOf: (entry: number) => entry,
    errnoOf: () => 0,
    typeOf: (node: number) =>
      made(node) === undefined ? S_IFREG : typeof made(node) === 'string' ? S_IFLNK : S_IFDIR,
    readLink: (node: number, out: Uint8Array, start: number) =>
      Buffer.from(out.buffer).write(made(node) as string, start),
  } as unknown as FileSystem & { readonly pathOf: (node: number) => string };
}

async function placed(path: string): Promise<string> {
  const fs = fileSystem();
  const missing = new Map<number, string>();
  const nameOf = (node: number) => missing.get(node) ?? fs.pathOf(node);
  const make = ({ directory, name }: { readonly directory: number; readonly name: string }) => {
    const number = -1 - missing.size;
    missing.set(number, `${nameOf(directory)}/+${name}`);
    return number;
  };
  const inMade: FileSystem = { ...fs, lookup: (at, ...rest) => (at < 0 ? 0 : fs.lookup(at, ...rest)) };
  try {
    const { directory, name } = await graftPlace(inMade, 1, asBytes(path), make);
    return `${nameOf(directory)} ${name}`;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('graftPlace()', () => {
  it.each([
    ['/data', ' data'],
    ['/data/', ' data'],
    ['//data/./sub//', '/data sub'],
    ['/data/sub/new', '/data/sub new'],
    ['/made/up/deep', '/+made/+up deep'],
    ['/var/run/app', '/run app'],
    ['/var/run', ' run'],
    ['/var/up/etc/hosts', '/etc hosts'],
    ['/var/away/sub', '/data sub'],
    ['/../../etc/x', '/etc x'],
    ['/etc/../data/x', '/data x'],
    ['/etc/dangling', '/+not there'],
    ['/etc/hosts', '/etc hosts'],
    ['/etc/hosts/x', 'something on the way is no directory'],
    ['/var/self', 'too many links'],
    ['/', 'it is the root'],
    ['/..', 'it is the root'],
    ['/var/up', 'it is the root'],
    ['../../etc', 'it is no absolute path'],
    ['', 'it is no absolute path'],
    ['/a\0b', 'it is no absolute path'],
    [`/${'n'.repeat(256)}`, 'a name in it is too long'],
  ])('has %j at %j', async (path, expected) => {
    expect(await placed(path)).toBe(expected);
  });
});
