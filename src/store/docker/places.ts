// Where Docker keeps its data roots on a machine: by `daemon.json` of the system, of the snap and of each user, and by default.
import { asBytes, type ByteString, bytesOfText, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { STRING, struct } from '../formats/go-shape.ts';
import { optionalString, parseJson } from '../formats/json.ts';
import type { StorePlace } from '../kind.ts';
import type { Machine } from '../machine/machine.ts';

const SYSTEM_CONFIGS = ['/etc/docker/daemon.json', '/var/snap/docker/current/config/daemon.json'];
export const SYSTEM_ROOTS = ['/var/lib/docker', '/var/snap/docker/common/var-lib-docker'];
const ROOTLESS_CONFIG = '.config/docker/daemon.json';
const ROOTLESS_ROOT = '.local/share/docker';
const DAEMON_CONFIG = struct({ 'data-root': STRING, graph: STRING });
const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf);
/** The part of a data root that userns-remap makes for a user and a group. */
const REMAPPED = /^\d{1,10}\.\d{1,10}$/;

export function places(machine: Machine, say: (damage: string) => void): StorePlace[] {
  const system = [
    ...SYSTEM_CONFIGS.flatMap((config) => configured(machine, asBytes(config), say)),
    ...SYSTEM_ROOTS.map((path): StorePlace => ({ path: asBytes(path), why: 'a usual place' })),
  ];
  const users = machine.homes().flatMap(({ path, user }) => {
    const own = configured(machine, asBytes(`${path}/${ROOTLESS_CONFIG}`), say);
    const usual = { path: asBytes(`${path}/${ROOTLESS_ROOT}`), why: `the user ${user}` };
    return [...own, usual].map((place): StorePlace => ({ ...place, user }));
  });
  return [...system, ...users].flatMap((place) => [place, ...remapped(machine, place)]);
}

/** `data-root`, or `graph` as it was called before 17.05. */
function configured(machine: Machine, config: ByteString, say: (damage: string) => void): StorePlace[] {
  const bytes = machine.read(config);
  if (bytes === undefined) return [];
  const root = attempt(() => {
    const file = `${config}${machine.isThis ? '' : `" of the host root "${machine.label}`}`;
    // The daemon passes over a mark at the beginning.
    const text = bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
    const fields = parseJson(text, file, DAEMON_CONFIG);
    return optionalString(fields, 'data-root') ?? optionalString(fields, 'graph');
  });
  if (root instanceof Trouble) say(root.message);
  if (root === undefined || root instanceof Trouble) return [];
  return [{ path: bytesOfText(root), why: `"data-root" in ${shownBytes(config)}`, isConfigured: true }];
}

function remapped(machine: Machine, { path, why, user }: StorePlace): StorePlace[] {
  return machine
    .names(path)
    .filter((name) => REMAPPED.test(name))
    .map((name) => ({
      path: asBytes(`${path}/${name}`),
      why: `${why}, userns-remap`,
      ...(user === undefined ? {} : { user }),
    }));
}
