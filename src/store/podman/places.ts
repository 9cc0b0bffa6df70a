// Where containers-storage keeps its roots on a machine: root's, and each user's, by `storage.conf` and by default.
import { asBytes, type ByteString, bytesOfText, textOf } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { StorePlace } from '../kind.ts';
import type { Home, Machine } from '../machine/machine.ts';
import { expand, parseCrioConf, parseStorageConf, type StorageConf } from './storage-conf.ts';

const VENDOR = '/usr/share/containers/storage.conf';
const SYSTEM = '/etc/containers/storage.conf';
const CRIO = '/etc/crio/crio.conf';
const USERS = '.config/containers/storage.conf';
const DEFAULT_ROOT = '/var/lib/containers/storage';
const DEFAULT_RUN_ROOT = '/run/containers/storage';
const DEFAULT_USERS_RUN_ROOT = '/run/user/$UID/containers';
const DEFAULT_USERS_ROOT = '$HOME/.local/share/containers/storage';

/** A root with those that it uses besides, as paths of its machine. */
interface ConfiguredRoot {
  readonly place: StorePlace;
  readonly additional: readonly ByteString[];
  /** Where what does not outlive a boot is. */
  readonly runRoot: ByteString;
}

export function places(machine: Machine, say: (damage: string) => void): StorePlace[] {
  return configuredRoots(machine, say).map(({ place }) => place);
}

/** The other roots that the root in a directory uses by the machine's configuration: where they are on this machine, as text. */
export function additionalRootsOf(machine: Machine, directory: ByteString): string[] {
  const roots = configuredRoots(machine, () => {});
  const own = roots.filter(({ place }) => machine.directory(place.path) === directory);
  const found = own.flatMap(({ additional }) => additional.map((path) => machine.directory(path) ?? path));
  return [...new Set(found)].flatMap((path) => textOf(path) ?? []);
}

/**
 * Where the root in a directory keeps what does not outlive a boot, by the configuration of this machine: never by what the root
 * itself says. Undefined for another machine's, whose disk does not have it.
 */
export function runRootOf(machine: Machine, directory: ByteString): ByteString | undefined {
  if (!machine.isThis) return undefined;
  const own = configuredRoots(machine, () => {}).find(
    ({ place }) => machine.directory(place.path) === directory,
  );
  return own && machine.directory(own.runRoot);
}

function configuredRoots(machine: Machine, say: (damage: string) => void): ConfiguredRoot[] {
  const system = systemConf(machine, say);
  const roots = [...namedRoots(machine, say), rootOf(system.conf, DEFAULT_ROOT, system.why, undefined)];
  const crio = read(machine, CRIO, say, parseCrioConf);
  if (crio !== undefined && crio.graphRoot !== '') {
    const conf = { ...system.conf, runRoot: crio.runRoot || system.conf.runRoot };
    roots.push(rootOf(conf, crio.graphRoot, `"root" in ${CRIO}`, undefined, crio.graphRoot));
  }
  for (const home of machine.homes())
    for (const root of usersRoot(machine, system.conf, home, say)) roots.push(root);
  return roots;
}

/** By the configuration that the engines' users name instead of all others (containers-storage.conf(5)). */
function namedRoots(machine: Machine, say: (damage: string) => void): ConfiguredRoot[] {
  const file = machine.environment.CONTAINERS_STORAGE_CONF ?? '';
  const conf = file.startsWith('/') ? read(machine, bytesOfText(file), say, parseStorageConf) : undefined;
  if (conf === undefined || conf.graphRoot === '') return [];
  const why = `"graphroot" in ${file} (CONTAINERS_STORAGE_CONF)`;
  return [rootOf(conf, conf.graphRoot, why, undefined)];
}

/** What a distribution says, and on top of it what the machine's own file says. */
function systemConf(machine: Machine, say: (damage: string) => void): { conf: StorageConf; why: string } {
  const vendor = read(machine, VENDOR, say, parseStorageConf);
  const own = read(machine, SYSTEM, say, (bytes, file) => parseStorageConf(bytes, file, vendor));
  const conf = own ?? vendor ?? parseStorageConf(Buffer.alloc(0), SYSTEM);
  const file = own === undefined ? VENDOR : SYSTEM;
  return { conf, why: conf.graphRoot === '' ? 'a usual place' : `"graphroot" in ${file}` };
}

function usersRoot(
  machine: Machine,
  system: StorageConf,
  home: Home,
  say: (damage: string) => void,
): ConfiguredRoot[] {
  if (home.uid === 0) return [];
  const file = `${home.path}/${USERS}`;
  const own = read(machine, file, say, (bytes, name) => parseStorageConf(bytes, name));
  const values = {
    home: textOf(home.path) ?? '',
    user: home.user,
    ...(home.uid === undefined ? {} : { uid: home.uid }),
  };
  const rootless = own?.rootlessPath || system.rootlessPath || DEFAULT_USERS_ROOT;
  const path = expand(own?.graphRoot || rootless, values);
  const why = own?.graphRoot ? `"graphroot" in ${file}` : `the user ${home.user}`;
  const conf = {
    ...(own ?? system),
    additionalStores: own?.additionalStores ?? system.additionalStores,
    runRoot: expand(own?.runRoot || DEFAULT_USERS_RUN_ROOT, values),
  };
  return [rootOf(conf, path, why, home.user, path)];
}

/** `path` is the root where the configuration's own `graphroot` is not meant. */
function rootOf(
  { graphRoot, runRoot, imageStore, additionalStores }: StorageConf,
  otherwise: string,
  why: string,
  user: string | undefined,
  path = graphRoot || otherwise,
): ConfiguredRoot {
  const others = [...(imageStore === '' ? [] : [imageStore]), ...additionalStores];
  return {
    place: {
      path: bytesOfText(path),
      why,
      ...(why.startsWith('"') ? { isConfigured: true } : {}),
      ...(user === undefined ? {} : { user }),
    },
    additional: others.map(bytesOfText),
    runRoot: bytesOfText(runRoot || DEFAULT_RUN_ROOT),
  };
}

/** Undefined where there is no such file, or it cannot be used, which is said. */
function read<T>(
  machine: Machine,
  path: string,
  say: (damage: string) => void,
  parse: (bytes: Buffer, file: string) => T,
): T | undefined {
  const bytes = machine.read(asBytes(path));
  const found = bytes === undefined ? undefined : attempt(() => parse(bytes, path));
  if (!(found instanceof Trouble)) return found;
  say(found.message);
  return undefined;
}
