// Paths and names that comments, READMEs and notes speak of are there: what was renamed is renamed in them too.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');
const FOLDERS = ['src', 'test', 'scripts', 'native-notes', '.ci'];
/** Made by the build. */
const BUILT = /^dist\/|^\.\/NAME/;
/** Of programs that are spoken of. */
const FOREIGN = ['normalizePlatform', 'maxLayerDepth'];

const below = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
);
const files = [...below, ...readdirSync(ROOT)];
const texts = [...below.filter((path) => /^src\/.*\.ts$|\.md$/.test(path)), 'README.md'];

/** Words in backticks with where they stand; of a source file those of its comments. */
function quotedWords(path: string): { readonly where: string; readonly word: string }[] {
  const lines = readFileSync(join(ROOT, path), 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const said = path.endsWith('.md') ? line : (/(?:^\s*\*|\/\*|\/\/)(.*)/.exec(line)?.[1] ?? '');
    return [...said.matchAll(/`([^`\s]+)`/g)].map(([, word = '']) => ({
      where: `${path}:${index + 1}`,
      word,
    }));
  });
}

it('every file that is named is there', () => {
  const missing = texts.flatMap(quotedWords).filter(({ word }) => {
    if (!/^[\w./-]+\.(?:ts|mjs|cjs|sh|py)$/.test(word) || BUILT.test(word)) return false;
    return !files.some((path) => path === word || path.endsWith(`/${word}`));
  });
  expect(missing.map(({ where, word }) => `${where} ${word}`)).toEqual([]);
});

it('every name that a comment or the walk through the source has in camel case is in the source', () => {
  const source = files
    .filter((path) => /\.ts$|\.mjs$/.test(path) && !path.includes('/source/'))
    .map((path) => readFileSync(join(ROOT, path), 'utf8').replaceAll(/^\s*(?:\*|\/\*|\/\/).*$/gm, ''))
    .join('\n');
  const names = new Set(source.match(/[A-Za-z_]\w*/g));
  const ours = texts.filter((path) => path.startsWith('src/'));
  const missing = ours.flatMap(quotedWords).filter(({ word }) => {
    const name = /^([a-z]+(?:[A-Z][a-z0-9]+)+)(?:\(\))?$/.exec(word)?.[1];
    return name !== undefined && !names.has(name) && !FOREIGN.includes(name);
  });
  expect(missing.map(({ where, word }) => `${where} ${word}`)).toEqual([]);
});
