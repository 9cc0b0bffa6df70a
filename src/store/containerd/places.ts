// Where containerd keeps its root on a machine: by `config.toml` of the system and of those that bring their own containerd, and
// by default. Rootless containerd is below its user's home.
import { asBytes, type ByteString, bytesOfText } from '../../sys/bytes.ts';
import type { StorePlace } from '../kind.ts';
import type { Machine } from '../machine/machine.ts';

const CONFIGS: readonly string[] = [
  '/etc/containerd/config.toml',
  '/var/lib/rancher/k3s/agent/etc/containerd/config.toml',
  '/var/lib/rancher/rke2/agent/etc/containerd/config.toml',
];
export const DEFAULT_ROOT = '/var/lib/containerd';
const USUAL_ROOTS: readonly string[] = [
  DEFAULT_ROOT,
  '/var/lib/rancher/k3s/agent/containerd',
  '/var/lib/rancher/rke2/agent/containerd',
  '/var/snap/microk8s/common/var/lib/containerd',
  '/var/lib/k0s/containerd',
];
const ROOTLESS_ROOTS: readonly string[] = ['.local/share/containerd', '.rancher/k3s/agent/containerd'];

export function places(machine: Machine): StorePlace[] {
  const configured = CONFIGS.flatMap((config): StorePlace[] => {
    const path = configuredRoot(machine, asBytes(config));
    return path === undefined ? [] : [{ path, why: `"root" in ${config}`, isConfigured: true }];
  });
  const usual = USUAL_ROOTS.map((path): StorePlace => ({ path: asBytes(path), why: 'a usual place' }));
  const users = machine
    .homes()
    .flatMap(({ path, user }) =>
      ROOTLESS_ROOTS.map(
        (root): StorePlace => ({ path: asBytes(`${path}/${root}`), why: `the user ${user}`, user }),
      ),
    );
  return [...configured, ...usual, ...users];
}

/** Of the machine's own containerd; undefined where its configuration says nothing. */
export function systemRoot(machine: Machine): ByteString | undefined {
  return configuredRoot(machine, asBytes(CONFIGS[0] ?? ''));
}

function configuredRoot(machine: Machine, config: ByteString): ByteString | undefined {
  const root = rootOfConfig(machine.read(config)?.toString('utf8') ?? '');
  return root === undefined ? undefined : bytesOfText(root);
}

/** `root` of a `config.toml`: a key of its own before the first table, a string of either kind of quotes. */
export function rootOfConfig(text: string): string | undefined {
  for (const line of text.split('\n')) {
    if (/^\s*\[/.test(line)) return undefined;
    const match = /^\s*root\s*=\s*(?:"([^"\\]*)"|'([^']*)')/.exec(line);
    if (match === null) continue;
    const root = match[1] ?? match[2] ?? '';
    return root.startsWith('/') ? root : undefined;
  }
  return undefined;
}
