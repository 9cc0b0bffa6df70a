// What `npm run check` asks of the source beside types and imports: an exported name means one thing, only a short list of
// files opens anything that lies in a store or a layer, and no folder and no file holds more than can be taken in at a glance.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Rooms whose files read stores and layers. */
const ROOMS = [
  'store',
  'overlay',
  'layers',
  'diff',
  'verify',
  'copy',
  'health',
  'tar',
  'unpack',
  'blob',
  'open',
  'told',
  'library',
];

/** Files of these rooms that may open by a path or a name; all others are given what was opened. */
const OPENERS = [
  'src/store/files.ts',
  'src/store/machine/machine.ts',
  'src/store/machine/live.ts',
  'src/store/docker/driver-directories.ts',
  'src/overlay/layer/directories.ts',
  'src/overlay/layer/layer-roots.ts',
  // Outside of every store: indexes of layers and the start of a file that a person named, what is extracted, and what is kept in a temporary file.
  'src/open/index-directory.ts',
  'src/open/sides.ts',
  'src/copy/destination.ts',
  'src/copy/kept-metadata.ts',
  'src/layers/sort.ts',
  'src/blob/file-bytes.ts',
  'src/blob/spool.ts',
];

/** What opens a file: calls of libc, confined ones, and those of Node that take a path. */
const OPENING =
  /^(?:open(?:at2\w*|AsRoot|Beneath|WithinMount\w*|TreeCall|Sync|Nameless)?|readFile(?:Sync)?|createReadStream)$/;

const IN_ROOM = /^src\/(?:store|health)\/([^/]+)\//;
const EXPORT =
  /^export (?:async )?(?:abstract )?(?:function\*?|class|const|let|interface|type) +([A-Za-z_$][\w$]*)/gm;
const IMPORT = /^import (?:type )?\{([^}]*)\} from '([^']+)';/gm;

/** Files of one folder: its name must say what they are for. More of them have several purposes, each a subfolder. */
const MOST_FILES = 26;

/** Lines of one file, which has one purpose: some twenty more than are aimed at, so that a mended line does not split a file. */
const MOST_LINES = 320;

const files = sourceFiles('src');
const faults = [repeatedNames, openings, crowdedFolders, longFiles].flatMap((rule) => rule(files));
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return path.endsWith('.ts') && !path.endsWith('.d.ts') ? [path] : [];
  });
}

function crowdedFolders(paths: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > MOST_FILES)
    .map(
      ([folder, count]) =>
        `${folder} holds ${count} files, more than ${MOST_FILES}: it has parts to be named`,
    );
}

function longFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const lines = readFileSync(path, 'utf8').split('\n').length - 1;
    return lines <= MOST_LINES
      ? []
      : [`${path} has ${lines} lines, more than ${MOST_LINES}: it has parts to be named`];
  });
}

/** Kinds of store do not know each other: what two of them call by one name is the same part of each. */
function repeatedNames(paths: readonly string[]): string[] {
  const holders = new Map<string, string[]>();
  for (const path of paths) {
    for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(EXPORT)) {
      holders.set(name, [...(holders.get(name) ?? []), path]);
    }
  }
  return [...holders].flatMap(([name, found]) => {
    const kinds = found.map(kindOf);
    const isParallel = kinds.every((kind) => kind !== undefined) && new Set(kinds).size === kinds.length;
    return found.length < 2 || isParallel ? [] : [`The name "${name}" is exported by ${found.join(' and ')}`];
  });
}

/** The folder of a kind of store, or of its health, that a file is in. */
function kindOf(path: string): string | undefined {
  const [folder, name] = IN_ROOM.exec(path) ?? [];
  return existsSync(`src/store/${name}/kind.ts`) ? folder : undefined;
}

function openings(paths: readonly string[]): string[] {
  const rooms = paths.filter((path) => ROOMS.includes(path.split('/')[1] ?? '') && !OPENERS.includes(path));
  return rooms.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(IMPORT)].flatMap(([, names = '', from = '']) => {
      if (!/^(?:node:)?fs|\/sys\//.test(from)) return [];
      const opening = names
        .split(',')
        .map((name) => name.trim().split(' ')[0] ?? '')
        .filter((name) => OPENING.test(name));
      return opening.map(
        (name) => `${path} takes "${name}" from "${from}": it is to be given what was opened`,
      );
    }),
  );
}
