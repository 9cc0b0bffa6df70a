// Extended attributes of a layer's file: what the tar recorded against what is on disk.
import type { ByteString } from '../sys/bytes.ts';
import type { Finding } from './finding.ts';

/** Marks that the kernel's overlay leaves in a layer and that change nothing in the merged view. */
const HARMLESS_MARKS = /^(?:trusted|user)\.overlay\.(?:origin|impure|nlink|uuid|upper|protattr)$/;
/** What moby leaves out of the tar that it makes from files (pkg/archive ReadSecurityXattrToTarHeader). */
const UNRECORDED = /^(?:user\.(?!overlay\.)|system\.posix_acl_)/;
/** Given by the machine that holds the store, not by the image. */
const OF_THE_HOST = /^security\.(?:selinux|ima|evm|apparmor|SMACK64.*)$/;

export interface XattrRules {
  /** Whether owners are shifted: then capabilities are stored with the root they count for. */
  readonly shifted: boolean;
  /** Whether the tar was made from the files, and not the files from a tar. */
  readonly inPlace: boolean;
  /** Whether the file was copied from a layer below by a driver that keeps capabilities alone. */
  readonly copied: boolean;
  /** Names that are compared by others. */
  readonly passed: readonly string[];
  /** Names that the tar has without a value: set by some versions, passed over by others. */
  readonly empty: readonly string[];
}

/** The differences, in the order of the names. */
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
    if (expected === found || rules.passed.includes(name)) continue;
    if (expected === undefined && found === '' && rules.empty.includes(name)) continue;
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
  { shifted, copied }: XattrRules,
): boolean {
  if (OF_THE_HOST.test(name)) return true;
  const isCapability = name === 'security.capability';
  if (copied && found === undefined && !isCapability) return true;
  return isCapability && shifted && expected !== undefined && found !== undefined;
}

/** `name=0x12ab`, at most 32 bytes of the value. */
function describe(name: string, value: string | undefined): string {
  if (value === undefined) return `no ${name}`;
  const hex = Buffer.from(value.slice(0, 32), 'latin1').toString('hex');
  return `${name}=0x${hex}${value.length > 32 ? '...' : ''}`;
}
