// Who runs this process, as far as what it may do and what it sees depend on that.
import { readFileSync } from 'node:fs';

const CAP_SYS_ADMIN = 21n;
/** The map of the first user namespace: every id stands for itself. */
const INITIAL_MAP = /^\s*0\s+0\s+4294967295\s*$/;

/**
 * Whether attributes named `trusted.*` are shown to this process: CAP_SYS_ADMIN in the first user namespace (xattr(7)).
 * To others the kernel says of each that it is not there. Taken for granted where /proc does not tell.
 */
export function seesTrustedXattrs(): boolean {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '';
    const isInitial = INITIAL_MAP.test(readFileSync('/proc/self/uid_map', 'latin1'));
    return isInitial && ((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
  } catch {
    return true;
  }
}

/** As in the first user namespace, and where there are none. */
const IDENTITY_MAP = '0 0 4294967295\n';

/** How the numbers of users here compare with those outside our user namespace (user_namespaces(7)). */
export function readUidMap(): string {
  try {
    return readFileSync('/proc/self/uid_map', 'latin1');
  } catch {
    return IDENTITY_MAP;
  }
}
