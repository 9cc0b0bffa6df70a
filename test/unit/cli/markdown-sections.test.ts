// Literal text in Markdown, read back by a CommonMark parser that passes HTML on: nothing a name holds may become markup.
import fc from 'fast-check';
import MarkdownIt from 'markdown-it';
import { describe, expect, it } from 'vitest';
import { codeSpan, fitSections, fittedLine } from '../../../src/cli/diff/markdown/sections.ts';

const reader = new MarkdownIt({ html: true, linkify: true, typographer: true });

const HOSTILE = [
  '</details></summary><script>alert(1)</script>',
  '`',
  '``',
  '```',
  '~~~',
  '````diff',
  ' `a',
  'a` ',
  ' a ',
  '  ',
  '`` ` ``',
  '| a | b |',
  '# head',
  '- [ ] task',
  '> quote',
  '![x](https://a.example/x.png)',
  '[x](javascript:alert(1))',
  'https://a.example www.a.example a@a.example',
  '@everyone #1 !2 :smile:',
  '/close',
  '<!-- x',
  '&lt;b&gt;',
  '\\`',
  '*a*_b_',
  'RUN echo "$(x)" && \\\\',
  '</code></pre>',
  '<a href=x>',
  '-->',
  ']]>',
  '<?php',
  '<![CDATA[',
]; // prettier-ignore

/** The words of code spans; what else the parser found is thrown. */
function spans(markdown: string): string[] {
  return reader.parseInline(markdown, {}).flatMap(({ children }) =>
    (children ?? []).map(({ type, content }) => {
      if (type !== 'code_inline') throw new Error(`${type}: ${content}`);
      return content;
    }),
  );
}

/** What the blocks of code hold, and all else that the parser found. */
function blocks(markdown: string): { readonly code: string[]; readonly rest: string[] } {
  const tokens = reader.parse(markdown, {});
  const code = tokens.filter(({ type }) => type === 'fence').map(({ content }) => content);
  const rest = tokens
    .filter(({ type }) => type !== 'fence')
    .map(({ type, content }) => `${type} ${content.trim()}`);
  return { code, rest };
}

describe('codeSpan()', () => {
  it.each(HOSTILE)('keeps %j as it is', (text) => {
    expect(spans(codeSpan(text))).toEqual([text]);
  });

  it('keeps any line as it is', () => {
    const line = fc.string({
      unit: fc.constantFrom(...'`` <>&*_[]()!|\\~#-a:/'),
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(line, (text) => {
        expect(spans(codeSpan(text))).toEqual([text]);
      }),
    );
  });
});

describe('fitSections()', () => {
  const section = { title: 'Changes', unit: 'changes', share: 1 };
  const around = ['html_block <details><summary>Changes</summary>', 'html_block </details>'];

  it('keeps hostile lines in their block', () => {
    const { text, cut } = fitSections([{ ...section, lines: HOSTILE, count: HOSTILE.length }], 10_000);
    expect(blocks(text)).toEqual({ code: [HOSTILE.map((line) => `${line}\n`).join('')], rest: around });
    expect(cut).toEqual([]);
  });

  it('is never longer than the limit, and counts each line that it leaves out', () => {
    const line = fc.string({ unit: fc.constantFrom(...'`a<|😀'), maxLength: 60 });
    const lines = fc.array(line, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(lines, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 700, max: 3000 }),
        (all, limit) => {
          const plans = all.map((each, i) => ({
            title: `T${i}`,
            unit: `u${i}`,
            share: 1 / 2,
            lines: each,
            count: each.length + i,
          }));
          const { text, cut } = fitSections(plans, limit);
          expect(text.length).toBeLessThanOrEqual(limit);
          const told = blocks(text).code.flatMap((block) => block.slice(0, -1).split('\n'));
          const missing = cut.reduce((sum, words) => sum + Number(words.split(' ')[0]), 0);
          const whole = plans.reduce((sum, { count }) => sum + count, 0);
          expect(told.length + missing).toBe(whole);
        },
      ),
    );
  });

  it('names what it cut, in the section and for the last line', () => {
    const lines = ['one', 'two', 'x'.repeat(300)];
    const { text, cut } = fitSections([{ ...section, lines, count: 5 }], 300);
    expect(cut).toEqual(['3 of 5 changes']);
    expect(blocks(text)).toEqual({
      code: ['one\ntwo\n'],
      rest: [around[0], 'paragraph_open ', 'inline … and 3 more changes', 'paragraph_close ', around[1]],
    });
  });
});

describe('fittedLine()', () => {
  it('cuts between characters and says how much', () => {
    const long = `${'a'.repeat(999)}😀${'b'.repeat(65_000)}`;
    expect(fittedLine(long)).toBe(`${'a'.repeat(999)}… (65002 more characters)`);
  });
});
