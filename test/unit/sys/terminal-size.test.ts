// What a terminal is asked for its size, against the C library's headers.
import { closeSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TIOCGWINSZ, terminalSize, WINSIZE } from '../../../src/sys/process/terminal-size.ts';
import { factText, printFacts, structFacts } from '../../support/c-facts.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

describeSystem('the size of a terminal', ['compiler'], () => {
  const temporary = temporaryForSuite();

  it('is asked by the number and in the layout that the headers have', () => {
    const facts = [
      { name: 'TIOCGWINSZ', value: TIOCGWINSZ, c: 'TIOCGWINSZ' },
      ...structFacts({ winsize: WINSIZE }),
    ];
    expect(factText(facts)).toBe(printFacts(temporary, ['sys/ioctl.h'], facts));
  });
});

it('a file has no size of a terminal', () => {
  const descriptor = openSync('/dev/null', 'r');
  expect(terminalSize(descriptor)).toBeUndefined();
  closeSync(descriptor);
});
