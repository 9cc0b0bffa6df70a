// `stratafs stores`: every store of this machine, or of another one's disk.

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type ArchiveOptions, archiveRoot, openArchiveOnce } from '../../open/archives.ts';
import type { StoreOptions } from '../../open/stack.ts';
import type { FoundRoot } from '../../store/machine/places.ts';
import type { Store } from '../../store/store.ts';
import { bytesOfText, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { escapeBytes, escapeJson, escapeText, jsonName } from '../../told/escape.ts';
import { EXIT } from '../exit.ts';
import { beginJson } from '../json/stream.ts';
import { formatTable } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';

interface StoresOptions extends Pick<StoreOptions, 'hostRoot' | 'root' | 'tars'> {
  readonly json?: true;
}

/** One line. */
interface FoundStore {
  readonly kind: string;
  readonly root: FoundRoot;
  /** Absent where it cannot be read. */
  readonly images?: number;
  readonly containers?: number;
  /** Whether its engine is at work; absent where that cannot be told. */
  readonly live?: boolean;
  readonly damage?: string;
}

const HEADING = ['KIND', 'ROOT', 'IMAGES', 'CONTAINERS', 'LIVE', 'FOUND BY'];
const DETAILS = ['FOUND BY', 'ROOT'];

export function registerStores(program: Command, terminal: Terminal): void {
  program
    .command('stores')
    .summary('list the stores of this machine, or of --host-root')
    .description(
      "List every store of the machine: Docker's, containerd's, Podman's, the system's and each user's, by what the engines' " +
        'own configuration says and by the usual places. ROOT is what --root takes (with --host-root, a path of that machine); with it, what is in that one root. ' +
        'LIVE: whether its engine is at work now, as far as this machine tells.',
    )
    .option('--json', 'one JSON object a line')
    .action(async (_: unknown, command: Command) => {
      const { hostRoot, root: named, json, tars } = command.optsWithGlobals<StoresOptions>();
      const { findRoots, namedRoot, whereLooked } = await import('../../store/machine/places.ts');
      const { isEngineAtWork } = await import('../../store/machine/live.ts');
      // Whoever has STRATAFS_ROOT set asks here for the others.
      const isNamed = command.getOptionValueSourceWithGlobals('root') === 'cli';
      const archive =
        isNamed && hostRoot === undefined ? await archiveAt(named, { ...(tars && { tars }) }) : undefined;
      const roots = archive
        ? [archive]
        : isNamed
          ? [namedRoot(hostRoot ?? '/', hostRoot === undefined ? resolve(named) : named, '--root')]
          : findRoots(hostRoot ?? '/', (message, what) => {
              // The stores that a damaged configuration names are not among those that are listed.
              if (what === 'damaged') terminal.exitWith(EXIT.store);
              terminal.note(message);
            });
      if (roots.length === 0) terminal.note(whereLooked(hostRoot ?? '/'));
      // Nothing is at work in a file.
      const live = (root: FoundRoot) => {
        if (hostRoot !== undefined) return {};
        const stores = root.stores instanceof Trouble ? [] : root.stores;
        return { live: root !== archive && isEngineAtWork(root.directory, stores) };
      };
      const found = roots.flatMap((root) => storesIn(root).map((store) => ({ ...store, ...live(root) })));
      if (json) {
        beginJson(terminal, 'stores', hostRoot === undefined ? {} : { root: bytesOfText(resolve(hostRoot)) });
        for (const store of found) terminal.out.write(jsonLine(store));
      } else {
        const form = { columns: terminal.out.columns, details: DETAILS };
        const rows = found.map((store) => row(store, hostRoot));
        terminal.out.write(formatTable(HEADING, rows, form));
      }
      for (const { damage, root } of found) {
        if (damage === undefined) continue;
        terminal.exitWith(EXIT.store);
        terminal.note(`Cannot list all of "${shownBytes(root.directory)}": ${damage}`);
      }
    });
}

/** A file in the place of a root, whose kind says that it is an archive of images. */
async function archiveAt(root: string, options: ArchiveOptions): Promise<FoundRoot | undefined> {
  const path = archiveRoot(root);
  if (path === undefined) return undefined;
  const store = await openArchiveOnce(path, options);
  const { directory } = store;
  return { directory, path: directory, why: '--root', stores: [store], isEmpty: false };
}

function storesIn(root: FoundRoot): FoundStore[] {
  const { stores } = root;
  if (stores instanceof Trouble) return [{ kind: 'unreadable', root, damage: stores.message }];
  return stores.map((store) => ({ kind: store.description, root, ...counts(store) }));
}

function counts(store: Store): Pick<FoundStore, 'images' | 'containers' | 'damage'> {
  const totals = attempt(() => store.totals?.());
  if (totals instanceof Trouble) return { damage: totals.message };
  const older = store.older?.() ?? [];
  const damaged = older.length === 0 ? {} : { damage: older.join('; ') };
  if (totals !== undefined) return { ...totals, ...damaged };
  const images = attempt(() => store.images().length);
  // One whose layers are elsewhere is counted there.
  const containers = attempt(
    () => store.containers().filter(({ elsewhere }) => elsewhere === undefined).length,
  );
  const damage = [images, containers].find((found) => found instanceof Trouble)?.message;
  return {
    ...(images instanceof Trouble ? {} : { images }),
    ...(containers instanceof Trouble ? {} : { containers }),
    ...(damage === undefined ? damaged : { damage }),
  };
}

/** The root as --root takes it. */
function row({ kind, root, images, containers, live }: FoundStore, hostRoot: string | undefined): string[] {
  const count = (number: number | undefined) => (number === undefined ? '?' : String(number));
  const isLive = live === undefined ? '?' : live ? 'yes' : 'no';
  const place = escapeBytes(hostRoot === undefined ? root.directory : root.path);
  return [kind, place, count(images), count(containers), isLive, escapeText(whyOf(root))];
}

/** What is counted with the Docker that keeps it there is not counted again. */
function whyOf({ why, contentOf }: FoundRoot): string {
  return contentOf === undefined ? why : `${why}; besides what "${shownBytes(contentOf)}" keeps in it`;
}

function jsonLine({ kind, root, ...told }: FoundStore): string {
  const { directory, user } = root;
  const line = {
    t: 'store',
    kind,
    ...jsonName('root', directory),
    ...(user === undefined ? {} : { user }),
    why: whyOf(root),
    ...told,
  };
  return `${escapeJson(line)}\n`;
}
