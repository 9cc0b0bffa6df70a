// What `diff --patch` shows on a terminal.
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from './memory.ts';

it('shows backslashes and tabs of a file as they are, and no control character', async () => {
  const { directory } = temporaryForTest();
  for (const [side, text] of Object.entries({
    a: 'old\n',
    b: `\\t \\000 \t \\\\\x1b[31m à\n${'x'.repeat(9000)}\0\n`,
  })) {
    mkdirSync(`${directory}/${side}`);
    writeFileSync(`${directory}/${side}/file`, text);
  }
  const words = ['diff', '--patch', `${directory}/a`, `${directory}/b`];
  const { out } = await stratafs(words, 80);
  expect(out).toMatch(/^\+\\t \\000 \t \\\\\\033\[31m à$/m);
  expect(out).toMatch(/^\+x{9000}\\000$/m);
});
