// What README and its pages show in a terminal is what happens there, on the demo's store: each form of `diff`, JSON, a mount. `…` stands
// for what is left out.
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { writeSampleStore } from '../../scripts/sample-store.ts';
import { DIFF_FORMS } from '../../src/cli/diff/options.ts';
import { run } from '../support/command.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const PAGES = ['README.md', 'native-notes/diff-command.md', 'native-notes/json.md'];

interface Example {
  readonly page: string;
  readonly line: string;
  readonly output: string;
}

/** The indented blocks' commands, each with what stands below it, in their order: a later one may need an earlier. */
function examples(): Example[] {
  return PAGES.flatMap((page) => {
    const text = readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), 'utf8');
    return [...text.matchAll(/(?:^(?: {4}.*)?\n)+/gm)].flatMap(([block]) => {
      const lines = block.split('\n').map((line) => line.slice(4));
      return lines.flatMap((line, at) => {
        if (!line.startsWith('$ ')) return [];
        const next = lines.findIndex((other, index) => index > at && other.startsWith('$ '));
        const output = lines.slice(at + 1, next < 0 ? undefined : next).join('\n');
        return [{ page, line: line.slice(2), output: output.trimEnd() }];
      });
    });
  });
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

describeSystem('README and its pages', ['root', 'build', 'fuse'], () => {
  const temporary = temporaryForSuite();
  const root = temporary.path('docker');
  const mountPoint = temporary.path('mnt');
  writeSampleStore(root);
  mkdirSync(mountPoint);

  it('have an example of each form of diff', () => {
    const shown = new Set(examples().flatMap(({ line }) => line.split(' ')));
    const options = DIFF_FORMS.map(
      (form) => `--${form.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    );
    expect(options.filter((option) => !shown.has(option))).toEqual([]);
  });

  it('show three scenes, one of them with a mount', () => {
    const scenes = examples().filter(({ page }) => page === 'README.md');
    expect(new Set(scenes.map(({ line }) => line.split(' ')[1]))).toContain('mount');
    expect(scenes.length).toBeGreaterThan(8);
  });

  it.each(examples())('$page: $line', async ({ line, output }) => {
    const shell = `stratafs() { "$NODE" "$STRATAFS" "$@"; }\n${line.replaceAll('/mnt', mountPoint)}`;
    const env = { ...process.env, NODE: process.execPath, STRATAFS: BUILT_COMMAND, STRATAFS_ROOT: root };
    const { stdout, stderr, code } = await run('sh', ['-c', shell], { env });
    expect({ stderr, code }).toEqual({ stderr: '', code: line.startsWith('stratafs diff') ? 1 : 0 });
    const text = Buffer.from(stdout, 'latin1').toString('utf8');
    expect(text.replaceAll(mountPoint, '/mnt')).toMatch(patternOf(output));
  });
});
