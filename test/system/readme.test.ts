// What README and the page on JSON show `stratafs` print of the demo's store is what it prints: each form of `diff`, and JSON. `…` stands for what is left out.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { writeSampleStore } from '../../scripts/sample-store.ts';
import { DIFF_FORMS } from '../../src/cli/diff/options.ts';
import { stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const PAGES = ['README.md', 'native-notes/json.md'].map((page) =>
  readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), 'utf8'),
);

interface Example {
  readonly words: readonly string[];
  readonly output: string;
}

/** The indented blocks' commands, each with what stands below it. */
function examples(): Example[] {
  const found: Example[] = [];
  for (const block of PAGES.join('\n').matchAll(/(?:^(?: {4}.*)?\n)+/gm)) {
    const lines = block[0].split('\n').map((line) => line.slice(4));
    for (const [at, line] of lines.entries()) {
      if (!/^\$ stratafs (?:diff |.*--json)/.test(line)) continue;
      const next = lines.findIndex((other, index) => index > at && other.startsWith('$ '));
      const output = lines.slice(at + 1, next < 0 ? undefined : next).join('\n');
      found.push({ words: line.split(' ').slice(2), output: output.trimEnd() });
    }
  }
  return found;
}

/** As an expression: `…` matches anything, alone on a line any lines. */
function patternOf(text: string): RegExp {
  const lines = (text === '' ? [] : text.split('\n')).map((line) => {
    if (line.trim() === '…') return '(?:.*\\n)*?';
    return `${line.split('…').map(escaped).join('.*')}\\n`;
  });
  return new RegExp(`^${lines.join('')}\\n*$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

describeSystem('README and the page on JSON', ['root', 'build'], () => {
  const temporary = temporaryForSuite();
  const root = temporary.path('docker');
  writeSampleStore(root);

  it('has an example of each form of diff', () => {
    const shown = new Set(examples().flatMap(({ words }) => words));
    const options = DIFF_FORMS.map(
      (form) => `--${form.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    );
    expect(options.filter((option) => !shown.has(option))).toEqual([]);
  });

  describe.each(examples())('$words', ({ words, output }) => {
    it('prints what the page says', async () => {
      const { stdout, stderr, code } = await stratafs(['--root', root, ...words]);
      const text = Buffer.from(stdout, 'latin1').toString('utf8');
      expect({ stderr, code }).toEqual({ stderr: '', code: words[0] === 'diff' ? 1 : 0 });
      expect(text).toMatch(patternOf(output));
    });
  });
});
