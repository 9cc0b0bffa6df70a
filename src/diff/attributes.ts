// Capabilities and access control lists, decoded to the words people write them in.

/** linux/capability.h, by bit. */
const CAPABILITIES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

const REVISION_MASK = 0xff000000;
const REVISION_1 = 0x01000000;
const REVISION_3 = 0x03000000;
const EFFECTIVE = 1;

/** `struct vfs_cap_data` as getcap(8) prints it: `cap_net_raw=ep`; hexadecimal where it is malformed. */
export function capabilityText(value: Buffer): string {
  const malformed = `0x${value.toString('hex')}`;
  if (value.length < 12) return malformed;
  const magic = value.readUInt32LE(0);
  const revision = (magic & REVISION_MASK) >>> 0;
  const words = revision === REVISION_1 ? 1 : 2;
  const length = 4 + words * 8 + (revision === REVISION_3 ? 4 : 0);
  if (value.length !== length) return malformed;
  const effective = (magic & EFFECTIVE) !== 0 ? 'e' : '';
  const groups = new Map<string, string[]>();
  for (let bit = 0; bit < words * 32; bit++) {
    const has = (at: number) => ((value.readUInt32LE(4 + (bit >>> 5) * 8 + at) >>> (bit & 31)) & 1) === 1;
    const kinds = (has(4) ? 'i' : '') + (has(0) ? 'p' : '');
    if (kinds === '') continue;
    const letters = effective + kinds;
    const names = groups.get(letters) ?? [];
    names.push(`cap_${CAPABILITIES[bit] ?? bit}`);
    groups.set(letters, names);
  }
  const text = [...groups].map(([letters, names]) => `${names.join(',')}=${letters}`).join(' ');
  const root = revision === REVISION_3 ? ` [rootid=${value.readUInt32LE(length - 4)}]` : '';
  return (text === '' ? '=' : text) + root;
}

/** linux/posix_acl_xattr.h: tag → how setfacl(1) names it; with an id after it where there is one. */
const TAGS = new Map([
  [0x01, 'u'],
  [0x02, 'u'],
  [0x04, 'g'],
  [0x08, 'g'],
  [0x10, 'm'],
  [0x20, 'o'],
]);
const NAMED = [0x02, 0x08];

/** `u::rw-,u:1000:r--,g::r--,m::r--,o::---`; hexadecimal where it is malformed. */
export function aclText(value: Buffer): string {
  const malformed = `0x${value.toString('hex')}`;
  if (value.length < 4 || value.readUInt32LE(0) !== 2 || (value.length - 4) % 8 !== 0) return malformed;
  const entries: string[] = [];
  for (let at = 4; at < value.length; at += 8) {
    const tag = value.readUInt16LE(at);
    const letter = TAGS.get(tag);
    if (letter === undefined) return malformed;
    const bits = value.readUInt16LE(at + 2);
    const rights = [...'rwx'].map((right, index) => ((bits >>> (2 - index)) & 1 ? right : '-')).join('');
    entries.push(`${letter}:${NAMED.includes(tag) ? value.readUInt32LE(at + 4) : ''}:${rights}`);
  }
  return entries.join(',');
}
