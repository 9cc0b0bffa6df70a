// What waitid(2) is asked and answers, against the C library's headers.
import { expect, it } from 'vitest';
import { SIGINFO, WAIT } from '../../../src/sys/process/child.ts';
import { factText, printFacts } from '../../support/c-facts.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

describeSystem('waitid(2)', ['compiler'], () => {
  const temporary = temporaryForSuite();

  it('has the numbers and the layout that the headers have', () => {
    const { sizeof, ...fields } = SIGINFO;
    const { P_PID, CLD_EXITED, ...options } = WAIT;
    const facts = [
      { name: 'P_PID', value: P_PID, c: 'P_PID' },
      { name: 'CLD_EXITED', value: CLD_EXITED, c: 'CLD_EXITED' },
      ...Object.entries(options).map(([name, value]) => ({ name, value, c: `W${name}` })),
      { name: 'siginfo_t', value: sizeof, c: 'sizeof(siginfo_t)' },
      ...Object.entries(fields).map(([name, value]) => ({
        name,
        value,
        c: `offsetof(siginfo_t, si_${name})`,
      })),
    ];
    expect(factText(facts)).toBe(printFacts(temporary, ['sys/wait.h', 'signal.h'], facts));
  });
});
