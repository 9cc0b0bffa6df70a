import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { manPages } from '../../scripts/man-pages.ts';
import { EXIT_TABLE } from '../../src/cli/exit.ts';
import { wholeProgram } from '../../src/cli/program.ts';
import { memoryTerminal } from './cli/memory.ts';

let program: Command;
let pages: Map<string, string>;
beforeAll(async () => {
  program = await wholeProgram(memoryTerminal().terminal);
  pages = manPages(program, '1.2.3');
});

/** The terms that a page explains, as they are typed. */
function terms(page: string | undefined): string[] {
  const found = [...(page ?? '').matchAll(/^\.TP\n\.[BI] (.*)$/gm)].map(([, term = '']) => term);
  return found.map((term) => term.replaceAll('\\:', '').replaceAll('\\-', '-').replaceAll('\\e', '\\'));
}

describe('manPages()', () => {
  it('has a page for each command, which package.json names', () => {
    const names = program.commands.map((command) => `stratafs-${command.name()}.1`);
    expect([...pages.keys()]).toEqual(['stratafs.1', ...names]);
    const { man } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(man).toEqual([...pages.keys()].map((name) => `dist/man/${name}`).toSorted());
  });

  it('explains every option of every command', () => {
    const missing = [program, ...program.commands].flatMap((command) => {
      const name = command === program ? 'stratafs' : `stratafs-${command.name()}`;
      const told = terms(pages.get(`${name}.1`));
      return command.options.map(({ flags }) => flags).filter((flags) => !told.includes(flags));
    });
    expect(missing).toEqual([]);
  });

  it('explains every argument, command and exit code', () => {
    const all = terms(pages.get('stratafs.1'));
    for (const command of program.commands) {
      expect(all.some((term) => term.split(' ')[0] === command.name())).toBe(true);
      const own = terms(pages.get(`stratafs-${command.name()}.1`));
      expect(own).toEqual(expect.arrayContaining(command.registeredArguments.map((each) => each.name())));
    }
    expect(all).toEqual(expect.arrayContaining(EXIT_TABLE.map(([code]) => String(code))));
  });

  it('is ASCII, and begins no line of text with a macro', () => {
    for (const [name, page] of pages) {
      expect([name, page.match(/[^\n\x20-\x7e]/g)]).toEqual([name, null]);
      const macros = new Set(page.match(/^[.'].\S*/gm)?.map((line) => line.slice(0, 4).trim()));
      const known = ['.TH', '.SH', '.SS', '.TP', '.B', '.BR', '.I', '.PP', '.br', '.nh', '.ad'];
      expect([...macros].filter((macro) => !known.includes(macro))).toEqual([]);
    }
  });
});
