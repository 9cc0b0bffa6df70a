// What `diff --patch` shows on a terminal.
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from './memory.ts';

it('shows a backslash, a tab and a control character of a file on a terminal', async () => {
  const { directory } = temporaryForTest();
  for (const [side, text] of Object.entries({ a: 'old\n', b: '\\t \\000 \t \\\\\x1b[31m\n' })) {
    mkdirSync(`${directory}/${side}`);
    writeFileSync(`${directory}/${side}/file`, text);
  }
  const words = ['diff', '--patch', `${directory}/a`, `${directory}/b`];
  expect((await stratafs(words, 80)).out).toMatch(/^\+\\t \\000 \t \\\\\\033\[31m$/m);
});
