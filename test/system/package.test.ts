// What `npm pack` puts into the package: the program, which must have been built for it, and the licence.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { jsonSchemas } from '../../src/cli/json/schemas.ts';
import { succeed } from '../support/command.ts';
import { describeSystem } from '../support/system.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** All that is in the package: modules, the few files that are made of them, what shells and man read, and what is told. */
const NEEDED =
  /^(?:dist\/[^.]*\.js|dist\/report-page\.css|dist\/compiled-by|dist\/(?:stratafs|stores|records|many|compared|commands|seldom)\.(?:cjs|cache)|dist\/cli\/stratafs\.sh|dist\/cli\/completion\/stratafs\.(?:bash|zsh|fish)|dist\/man\/stratafs[a-z-]*\.1|dist\/schemas\/[a-z-]+\.json|dist\/(?:index|library\/[a-z-]+)\.d\.ts|native-notes\/report-store\.png|native-notes\/(?:[a-z]+-command|[a-z]+-as-files|commands|evidence|json|library|security|stability)\.md|package\.json|LICENSE|README\.md|CHANGELOG\.md)$/;

const PROGRAM_PARTS = ['stratafs', 'stores', 'records', 'many', 'compared', 'commands', 'seldom'];

/** What a page sends its readers to: links, by their place in the repository, and pages that it names by their file. */
function sentTo(page: string): { readonly links: readonly string[]; readonly names: readonly string[] } {
  const text = readFileSync(`${repository}${page}`, 'utf8');
  const all = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, found = '']) => found))];
  const links = all(/\]\(([^)#]+)(?:#[^)]*)?\)/g).filter((link) => !link.startsWith('https://'));
  return { links: links.map((link) => join(dirname(page), link)), names: all(/`([\w/.-]+\.md)`/g) };
}

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

describeSystem('the package', ['build', 'npm'], () => {
  it('holds the program, its licence and its changes', async () => {
    const told = await succeed('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: repository,
    });
    const packed = Object.values(JSON.parse(told) as Record<string, Packed>);
    const paths = packed.flatMap(({ files }) => files.map(({ path }) => path));
    const wanted = ['dist/cli/stratafs.sh', 'dist/cli/main.js', 'dist/compiled-by'];
    for (const part of PROGRAM_PARTS) wanted.push(`dist/${part}.cjs`, `dist/${part}.cache`);
    wanted.push('dist/index.js', 'dist/index.d.ts');
    for (const command of jsonSchemas().keys()) wanted.push(`dist/schemas/${command}.json`);
    for (const path of [...wanted, 'LICENSE', 'README.md', 'CHANGELOG.md']) expect(paths).toContain(path);
    expect(paths.filter((path) => !NEEDED.test(path))).toEqual([]);
    // A page that is not packed is named by its path in the repository; one beside it by its file.
    const pages = paths.filter((path) => path.endsWith('.md'));
    const dangling = pages.flatMap((page) => {
      const { links, names } = sentTo(page);
      const isNamed = (name: string) =>
        paths.includes(`native-notes/${name}`) || (name.includes('/') && existsSync(`${repository}${name}`));
      const lost = [
        ...links.filter((link) => !paths.includes(link)),
        ...names.filter((name) => !isNamed(name)),
      ];
      return lost.map((link) => `${page}: ${link}`);
    });
    expect(dangling).toEqual([]);
    expect(sentTo('README.md').links).toContain('native-notes/commands.md');
    const { bin, man } = JSON.parse(readFileSync(`${repository}package.json`, 'utf8'));
    for (const path of [...Object.values<string>(bin), ...man]) expect(paths).toContain(path);
  });

  it('is built before it is packed, whatever npm is set to here', () => {
    const { scripts } = JSON.parse(readFileSync(`${repository}package.json`, 'utf8'));
    expect(scripts.prepack).toBe('sh scripts/setup.sh');
    // `ignore-scripts` there would keep `npm pack` from it without a word.
    expect(existsSync(`${repository}.npmrc`)).toBe(false);
  });
});
