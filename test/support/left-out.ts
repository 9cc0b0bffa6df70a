// A reporter that says in the end which tests were left out, for want of what: a machine that has only Node passes, and nobody
// takes that for all there is.
import type { Reporter, TestModule } from 'vitest/node';

const LEFT_OUT = /cannot run here: (.*)$/;

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
  }
}
