// Which packages a tree holds and which files are theirs, as the databases of dpkg, apk, pip and npm say.
import { addTo } from '../sys/groups.ts';
import type { Side } from './item.ts';
import { namesAt, textAt } from './lookup.ts';

export type Manager = 'dpkg' | 'apk' | 'pip' | 'npm';

export interface PackageInventory {
  readonly manager: Manager;
  /** Name → version. */
  readonly versions: ReadonlyMap<string, string>;
  /**
   * Adds path → name of the package for those of `paths` that belong to one. Packages that `other` has in the same version
   * may be left to it.
   */
  own(paths: ReadonlySet<string>, owners: Map<string, string>, other?: PackageInventory): void;
}

/** `touched` are the paths that differ: npm and pip have no one place to look at. */
export function inventoriesOf(side: Side, touched: Iterable<string>): PackageInventory[] {
  const paths = [...touched];
  return [dpkgInventory(side), apkInventory(side), pipInventory(side, paths), npmInventory(side, paths)];
}

function fieldsOf(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of stanza.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0 && !/^\s/.test(line)) fields.set(line.slice(0, colon), line.slice(colon + 2));
  }
  return fields;
}

const DPKG = '/var/lib/dpkg';

function dpkgInventory(side: Side): PackageInventory {
  const versions = new Map<string, string>();
  const lists = new Map<string, string>();
  const add = (text: string, listOf: (name: string) => string) => {
    for (const stanza of text.split('\n\n')) {
      const fields = fieldsOf(stanza);
      const [name, version] = [fields.get('Package'), fields.get('Version')];
      const status = fields.get('Status');
      if (name === undefined || version === undefined) continue;
      if (status !== undefined && !status.endsWith(' installed')) continue;
      versions.set(name, version);
      lists.set(name, listOf(name));
    }
  };
  add(textAt(side, `${DPKG}/status`) ?? '', (name) => `${DPKG}/info/${name}.list`);
  // Distroless images hold a stanza a file, and md5sums for lists.
  for (const file of namesAt(side, `${DPKG}/status.d`)) {
    if (!file.endsWith('.md5sums'))
      add(textAt(side, `${DPKG}/status.d/${file}`) ?? '', () => `${DPKG}/status.d/${file}.md5sums`);
  }
  return {
    manager: 'dpkg',
    versions,
    own(paths, owners, other) {
      if (versions.size === 0) return;
      const infos = new Set(namesAt(side, `${DPKG}/info`));
      for (const [name, list] of lists) {
        if (other?.versions.get(name) === versions.get(name)) continue;
        const foreign = infos.size > 0 && !infos.has(`${name}.list`);
        const text = textAt(side, foreign ? withArchitecture(infos, name) : list) ?? '';
        const hasSums = list.endsWith('.md5sums');
        eachLine(text, (line) => {
          const path = hasSums ? `/${line.slice(34)}` : line;
          if (paths.has(path)) owners.set(path, name);
          // Lists name `/bin/x` where a merged `/usr` has it in `/usr/bin/x`.
          if (MERGED.test(path) && paths.has(`/usr${path}`)) owners.set(`/usr${path}`, name);
        });
      }
    },
  };
}

/** Packages of which several architectures may be installed have it in their list's name: `libc6:amd64.list`. */
function withArchitecture(infos: ReadonlySet<string>, name: string): string {
  for (const architecture of ['amd64', 'arm64', 'armhf', 'i386', 'ppc64el', 's390x', 'riscv64']) {
    if (infos.has(`${name}:${architecture}.list`)) return `${DPKG}/info/${name}:${architecture}.list`;
  }
  return '';
}

const MERGED = /^\/(bin|sbin|lib\w*)\//;

/** Without an array of them all: the lists of a distribution have many lines. */
function eachLine(text: string, use: (line: string) => void): void {
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf('\n', at);
    const end = found < 0 ? text.length : found;
    use(text.slice(at, end));
    at = end + 1;
  }
}

function apkInventory(side: Side): PackageInventory {
  const text = textAt(side, '/lib/apk/db/installed') ?? textAt(side, '/usr/lib/apk/db/installed') ?? '';
  const versions = new Map<string, string>();
  const files = new Map<string, string>();
  let name = '';
  let directory = '';
  for (const line of text.split('\n')) {
    const value = line.slice(2);
    if (line.startsWith('P:')) name = value;
    else if (line.startsWith('V:')) versions.set(name, value);
    else if (line.startsWith('F:')) directory = value;
    else if (line.startsWith('R:'))
      files.set(directory === '' ? `/${value}` : `/${directory}/${value}`, name);
  }
  return {
    manager: 'apk',
    versions,
    own(paths, owners) {
      for (const path of paths) {
        const owner = files.get(path);
        if (owner !== undefined) owners.set(path, owner);
      }
    },
  };
}

const SITE = /^(.*\/(?:site|dist)-packages)\//;

function pipInventory(side: Side, touched: readonly string[]): PackageInventory {
  const versions = new Map<string, string>();
  const records: { site: string; info: string; name: string }[] = [];
  const sites = new Set(touched.flatMap((path) => SITE.exec(path)?.[1] ?? []));
  for (const site of sites) {
    for (const info of namesAt(side, site).filter((name) => name.endsWith('.dist-info'))) {
      const fields = fieldsOf(textAt(side, `${site}/${info}/METADATA`)?.split('\n\n', 1)[0] ?? '');
      const [name, version] = [fields.get('Name'), fields.get('Version')];
      if (name === undefined || version === undefined) continue;
      versions.set(name.toLowerCase(), version);
      records.push({ site, info, name: name.toLowerCase() });
    }
  }
  return {
    manager: 'pip',
    versions,
    own(paths, owners) {
      const within = pathsWithin(new Set(records.map(({ site, info }) => `${site}/${info}`)), paths);
      for (const { site, info, name } of records) {
        const own = `${site}/${info}`;
        for (const path of within.get(own) ?? []) owners.set(path, name);
        for (const line of (textAt(side, `${own}/RECORD`) ?? '').split('\n')) {
          const path = normal(`${site}/${firstField(line)}`);
          if (paths.has(path)) owners.set(path, name);
        }
      }
    },
  };
}

/** The paths that each of these directories has below it, itself among them. */
function pathsWithin(
  directories: ReadonlySet<string>,
  paths: Iterable<string>,
): ReadonlyMap<string, readonly string[]> {
  const within = new Map<string, string[]>();
  for (const path of paths) {
    for (let at = path.indexOf('/', 1); at !== -2; at = at < 0 ? -2 : path.indexOf('/', at + 1)) {
      const directory = at < 0 ? path : path.slice(0, at);
      if (directories.has(directory)) addTo(within, directory, path);
    }
  }
  return within;
}

/** Of a line of comma-separated values; in quotes where it holds a comma, and a quote in it is doubled. */
function firstField(line: string): string {
  if (!line.startsWith('"')) return line.split(',', 1)[0] ?? '';
  let end = line.indexOf('"', 1);
  while (end > 0 && line[end + 1] === '"') end = line.indexOf('"', end + 2);
  return line.slice(1, end < 0 ? undefined : end).replaceAll('""', '"');
}

/** RECORD names what lies outside with `../../../bin/x`. */
function normal(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}

const MODULE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)(?:\/|$)/;

function npmInventory(side: Side, touched: readonly string[]): PackageInventory {
  const versions = new Map<string, string>();
  for (const directory of new Set(touched.flatMap((path) => MODULE.exec(path)?.[1] ?? []))) {
    const version = versionOfModule(textAt(side, `${directory}/package.json`));
    if (version !== undefined) versions.set(directory, version);
  }
  return {
    manager: 'npm',
    versions,
    own(paths, owners) {
      for (const path of paths) {
        const directory = MODULE.exec(path)?.[1];
        if (directory !== undefined && versions.has(directory)) owners.set(path, directory);
      }
    },
  };
}

function versionOfModule(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const { version } = JSON.parse(text) as { readonly version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    // A file by that name that is no JSON: then it is no module.
    return undefined;
  }
}
