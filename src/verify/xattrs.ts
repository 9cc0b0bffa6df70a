// Extended attributes of a layer's file: what the tar recorded against what is on disk.
import type { ByteString } from '../sys/bytes.ts';
import type { Finding } from './finding.ts';

/** Marks that the kernel's overlay leaves in a layer and that change nothing in the merged view. */
const HARMLESS_MARKS = /^(?:trusted|user)\.overlay\.(?:origin|impure|nlink|uuid|upper|protattr)$/;
const OPAQUE = /^(?:trusted|user)\.overlay\.opaque$/;
/** What moby leaves out of the tar that it makes from files (pkg/archive ReadSecurityXattrToTarHeader). */
const UNRECORDED = /^(?:user\.(?!overlay\.)|system\.posix_acl_)/;
/** Given by the machine that holds the store, not by the image. */
const OF_THE_HOST = /^security\.(?:selinux|ima|evm|apparmor|SMACK64.*)$/;

export interface XattrRules {
  /** Whether owners are shifted: then capabilities are stored with the root they count for. */
  readonly shifted: boolean;
  /** Whether the file is one that may have `user.` attributes: a regular file or a directory. */
  readonly takesUser: boolean;
  /** Whether the tar was made from the files, and not the files from a tar. */
  readonly inPlace: boolean;
}

/** The differences, in the order of the names; the mark `opaque` is left to the caller. */
export function compareXattrs(
  path: ByteString,
  recorded: ReadonlyMap<string, string>,
  onDisk: ReadonlyMap<string, string>,
  rules: XattrRules,
): Finding[] {
  const findings: Finding[] = [];
  for (const name of [...new Set([...recorded.keys(), ...onDisk.keys()])].sort()) {
    const expected = recorded.get(name);
    const found = onDisk.get(name);
    if (expected === found || OPAQUE.test(name)) continue;
    if (expected === undefined && (HARMLESS_MARKS.test(name) || OF_THE_HOST.test(name))) continue;
    findings.push({
      severity: severityOf(name, expected, found, rules),
      class: 'xattr',
      path,
      expected: describe(name, expected),
      found: describe(name, found),
    });
  }
  return findings;
}

function severityOf(
  name: string,
  expected: string | undefined,
  found: string | undefined,
  rules: XattrRules,
): Finding['severity'] {
  if (isKnown(name, expected, found, rules)) return 'known';
  // Whether a build step set it, or somebody later, cannot be told: no record would have it.
  return expected === undefined && rules.inPlace && UNRECORDED.test(name) ? 'note' : 'tampered';
}

function isKnown(
  name: string,
  expected: string | undefined,
  found: string | undefined,
  { shifted, takesUser }: XattrRules,
): boolean {
  if (OF_THE_HOST.test(name)) return true;
  if (name === 'security.capability' && shifted) return expected !== undefined && found !== undefined;
  return found === undefined && name.startsWith('user.') && !takesUser;
}

/** Whether the mark that makes a directory opaque is among its attributes. */
export function isOpaque(onDisk: ReadonlyMap<string, string>, dialect: 'trusted' | 'user'): boolean {
  return onDisk.get(`${dialect}.overlay.opaque`) === 'y';
}

/** `name=0x12ab`, at most 32 bytes of the value. */
function describe(name: string, value: string | undefined): string {
  if (value === undefined) return `no ${name}`;
  const hex = Buffer.from(value.slice(0, 32), 'latin1').toString('hex');
  return `${name}=0x${hex}${value.length > 32 ? '...' : ''}`;
}
