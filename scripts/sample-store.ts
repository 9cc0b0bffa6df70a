// Writes a small Docker data root (driver overlay2) without Docker: two versions of one image that share their lower
// layers, with a whiteout and an opaque directory, and with digests that are right in every place.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, linkSync, lutimesSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import koffi from 'koffi';
import { packLayer, type TarEntry } from './tar-split.ts';

type Entry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly contents: string; readonly mode?: number }
  | { readonly kind: 'symlink' | 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'whiteout'; readonly path: string }
  /** Hides what the layers below have in it; `hides` names that, for those who may not set the mark. */
  | { readonly kind: 'opaque'; readonly path: string; readonly hides: readonly string[] };

interface SampleLayer {
  readonly createdBy: string;
  readonly entries: readonly Entry[];
}

/** Seconds; every file has it, so that the digests are the same on every machine. */
const CREATED = 1_700_000_000;
const CREATED_TEXT = new Date(CREATED * 1000).toISOString();

const BASE: SampleLayer = {
  createdBy: '/bin/sh -c #(nop) ADD file:base.tar in /',
  entries: [
    { kind: 'directory', path: 'bin' },
    {
      kind: 'file',
      path: 'bin/greet',
      contents: '#!/bin/sh\necho "Hello from $(cat /etc/motd)"\n',
      mode: 0o755,
    },
    { kind: 'link', path: 'bin/hello', target: 'bin/greet' },
    { kind: 'directory', path: 'etc' },
    { kind: 'file', path: 'etc/os-release', contents: 'NAME="Sample Linux"\nVERSION_ID=1\nID=sample\n' },
    {
      kind: 'file',
      path: 'etc/passwd',
      contents: 'root:x:0:0:root:/root:/bin/sh\nweb:x:100:100::/srv:/bin/false\n',
    },
    { kind: 'file', path: 'etc/motd', contents: 'a sample image\n' },
    { kind: 'symlink', path: 'etc/mtab', target: '/proc/mounts' },
  ],
};

const SERVER: SampleLayer = {
  createdBy: '/bin/sh -c #(nop) COPY dir:server in /srv',
  entries: [
    { kind: 'directory', path: 'srv' },
    { kind: 'file', path: 'srv/server.conf', contents: 'port = 8080\nworkers = 2\n' },
    { kind: 'directory', path: 'srv/plugins' },
    { kind: 'file', path: 'srv/plugins/auth', contents: 'auth 1.0\n' },
    { kind: 'file', path: 'srv/plugins/cache', contents: 'cache 1.0\n' },
    { kind: 'directory', path: 'srv/www' },
    { kind: 'file', path: 'srv/www/index.html', contents: '<h1>It works</h1>\n' },
  ],
};

const UPDATE: SampleLayer = {
  createdBy: '/bin/sh -c rm /etc/motd && rm -r /srv/plugins && update',
  entries: [
    { kind: 'directory', path: 'etc' },
    { kind: 'whiteout', path: 'etc/motd' },
    { kind: 'directory', path: 'srv' },
    { kind: 'file', path: 'srv/server.conf', contents: 'port = 8443\nworkers = 4\n', mode: 0o640 },
    { kind: 'directory', path: 'srv/plugins' },
    { kind: 'opaque', path: 'srv/plugins', hides: ['auth', 'cache'] },
    { kind: 'file', path: 'srv/plugins/auth-2', contents: 'auth 2.0\n' },
  ],
};

const IMAGES: readonly { readonly tag: string; readonly layers: readonly SampleLayer[] }[] = [
  { tag: 'sample/web:1.0', layers: [BASE, SERVER] },
  { tag: 'sample/web:1.1', layers: [BASE, SERVER, UPDATE] },
];

/** A layer as it was written, for the layers above it to name. */
interface Written {
  readonly diffId: string;
  readonly chainId: string;
  readonly link: string;
  readonly lower: string;
}

/** Makes `root`, which must not be there yet. Needs no privilege, though root alone can mark a directory opaque. */
export function writeSampleStore(root: string): void {
  for (const directory of ['containers', 'overlay2/l']) mkdirSync(join(root, directory), { recursive: true });
  const tags: Record<string, string> = {};
  const known = new Map<string, Written>();
  for (const { tag, layers } of IMAGES) {
    const chain: Written[] = [];
    for (const layer of layers) {
      const key = `${chain.at(-1)?.chainId ?? ''} ${layer.createdBy}`;
      const written = known.get(key) ?? writeLayer(root, layer, chain.at(-1));
      known.set(key, written);
      chain.push(written);
    }
    tags[tag] = writeImage(root, layers, chain);
  }
  writeText(
    join(root, 'image/overlay2/repositories.json'),
    JSON.stringify({ Repositories: { 'sample/web': tags } }),
  );
}

function writeImage(root: string, layers: readonly SampleLayer[], chain: readonly Written[]): string {
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    config: { Cmd: ['/bin/greet'], Env: ['PATH=/bin'] },
    created: CREATED_TEXT,
    history: layers.map((layer) => ({ created: CREATED_TEXT, created_by: layer.createdBy })),
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: chain.map((layer) => layer.diffId) },
  });
  const id = sha256(config);
  writeText(join(root, 'image/overlay2/imagedb/content/sha256', id), config);
  return `sha256:${id}`;
}

function writeLayer(root: string, layer: SampleLayer, parent: Written | undefined): Written {
  const cacheId = sha256(`cache ${parent?.chainId} ${layer.createdBy}`);
  const driver = join(root, 'overlay2', cacheId);
  mkdirSync(join(driver, 'diff'), { recursive: true });
  const archive = layer.entries.flatMap((entry) => writeEntry(join(driver, 'diff'), entry));
  for (const { path } of [...layer.entries].reverse()) touch(join(driver, 'diff', path));
  touch(join(driver, 'diff'));

  const { diffId, size, tarSplit } = packLayer(archive, CREATED);
  const chainId = parent === undefined ? diffId : `sha256:${sha256(`${parent.chainId} ${diffId}`)}`;
  const link = cacheId.slice(0, 26).toUpperCase();
  const lower = parent === undefined ? '' : [`l/${parent.link}`, parent.lower].filter(Boolean).join(':');
  symlinkSync(`../${cacheId}/diff`, join(root, 'overlay2/l', link));
  writeText(join(driver, 'link'), link);
  if (lower !== '') {
    writeText(join(driver, 'lower'), lower);
    mkdirSync(join(driver, 'work'));
  }

  const record = join(root, 'image/overlay2/layerdb/sha256', chainId.slice('sha256:'.length));
  writeText(join(record, 'diff'), diffId);
  writeText(join(record, 'cache-id'), cacheId);
  writeText(join(record, 'size'), String(size));
  if (parent !== undefined) writeText(join(record, 'parent'), parent.chainId);
  writeFileSync(join(record, 'tar-split.json.gz'), tarSplit);
  return { diffId, chainId, link, lower };
}

/** Writes one entry below `directory`, and answers what stands for it in the layer's archive. */
function writeEntry(directory: string, entry: Entry): TarEntry[] {
  const path = join(directory, entry.path);
  switch (entry.kind) {
    case 'directory':
      mkdirSync(path, { recursive: true });
      return [{ name: `${entry.path}/`, type: 'directory', mode: 0o755 }];
    case 'file': {
      const { contents, mode = 0o644 } = entry;
      writeFileSync(path, contents);
      chmodSync(path, mode);
      return [{ name: entry.path, type: 'file', mode, contents }];
    }
    case 'symlink':
      symlinkSync(entry.target, path);
      return [{ name: entry.path, type: 'symlink', mode: 0o777, target: entry.target }];
    case 'link':
      linkSync(join(directory, entry.target), path);
      return [{ name: entry.path, type: 'link', mode: 0o755, target: entry.target }];
    case 'whiteout':
      return [writeWhiteout(directory, entry.path)];
    case 'opaque':
      if (markOpaque(path)) return [{ name: `${entry.path}/.wh..wh..opq`, type: 'file', mode: 0o644 }];
      return entry.hides.map((name) => writeWhiteout(directory, `${entry.path}/${name}`));
  }
}

/** A character device 0:0, which the kernel lets anyone make. */
function writeWhiteout(directory: string, path: string): TarEntry {
  const made = spawnSync('mknod', ['-m', '600', join(directory, path), 'c', '0', '0'], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`Cannot make the whiteout "${path}": ${made.stderr || made.error}`);
  return {
    name: join(dirname(path), `.wh.${path.slice(path.lastIndexOf('/') + 1)}`),
    type: 'file',
    mode: 0o600,
  };
}

/** Whether it could be done: `trusted` attributes are root's. */
function markOpaque(path: string): boolean {
  const setxattr = koffi
    .load(null)
    .func('int lsetxattr(str path, str name, str value, size_t size, int flags)');
  return setxattr(path, 'trusted.overlay.opaque', 'y', 1, 0) === 0;
}

function touch(path: string): void {
  lutimesSync(path, CREATED, CREATED);
}

function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
