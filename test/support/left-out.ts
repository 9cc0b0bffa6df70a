// A reporter that says in the end which tests were left out, for want of what, and what would install it: a machine that has only
// Node passes, and nobody takes that for all there is.
import { readFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

const LEFT_OUT = /cannot run here: (.*)$/;
const NOT_INSTALLED = /^not installed: (.*)$/;

export class LeftOut implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const suites = new Map<string, Set<string>>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const reason = LEFT_OUT.exec(test.name)?.[1];
        if (reason === undefined) continue;
        const name = test.parent.type === 'suite' ? test.parent.fullName : module.relativeModuleId;
        suites.set(reason, (suites.get(reason) ?? new Set()).add(name));
      }
    }
    if (suites.size === 0) return;
    console.log('Left out (REQUIRE_SYSTEM=1 has them fail):');
    for (const [reason, names] of suites) console.log(`  ${reason}: ${[...names].join('; ')}`);
    const packages = packagesFor(suites.keys());
    if (packages.length === 0) return;
    console.log(`On Debian this installs what they want, as root:\n  apt-get install ${packages.join(' ')}`);
  }
}

/** The Debian packages of the commands that `reasons` miss, sorted; the command's own name where CI's list lacks it. */
export function packagesFor(reasons: Iterable<string>): string[] {
  const packages = new Map(
    [
      ...readFileSync(new URL('../../.ci/run', import.meta.url), 'latin1').matchAll(/\[([\w.-]+)\]=(\S+)/g),
    ].map(([, command = '', name = '']) => [command, name]),
  );
  const commands = [...reasons].flatMap((reason) => NOT_INSTALLED.exec(reason)?.[1]?.split(', ') ?? []);
  return [...new Set(commands.map((command) => packages.get(command) ?? command))].sort();
}
