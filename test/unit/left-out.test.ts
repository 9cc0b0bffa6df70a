import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packagesFor } from '../support/left-out.ts';

describe('packagesFor()', () => {
  it('names what installs the commands that tests miss, once', () => {
    const reasons = [
      'not installed: dockerd, docker, containerd, runc',
      'the tests do not run as root',
      'not installed: containerd, ctr, runc',
      'not installed: setfattr, setfacl, setcap',
    ];
    expect(packagesFor(reasons)).toEqual(['acl', 'attr', 'containerd', 'docker.io', 'libcap2-bin', 'runc']);
  });

  it('knows the package of each command that a test can ask for', () => {
    const asked = readFileSync(new URL('../support/system.ts', import.meta.url), 'utf8');
    const commands = [...asked.matchAll(/missingCommands\(([^)]*)\)/g)].flatMap(([, names = '']) =>
      [...names.matchAll(/'([^']+)'/g)].map(([, name = '']) => name),
    );
    expect(commands.length).toBeGreaterThan(30);
    const list = readFileSync(new URL('../../.ci/run', import.meta.url), 'latin1');
    expect(commands.filter((name) => !list.includes(`[${name}]=`))).toEqual([]);
  });
});
