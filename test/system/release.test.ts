// scripts/release.sh in a clone of its own: what it refuses, and that nothing has changed then.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

describeSystem('a release', ['git'], () => {
  const temporary = temporaryForSuite();
  let count = 0;
  let unchanged: ReturnType<typeof newRepository> | undefined;

  /** A repository with what the script looks at, all of it committed. */
  async function newRepository(): Promise<{ path: string; git: (...words: string[]) => Promise<string> }> {
    count += 1;
    const path = temporary.path(`${count}/repository`);
    mkdirSync(`${path}/scripts`, { recursive: true });
    writeFileSync(`${path}/scripts/release.sh`, readFileSync(`${repository}scripts/release.sh`));
    writeFileSync(`${path}/package.json`, '{ "name": "stratafs", "version": "0.9.3" }\n');
    const changes =
      '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- One.\n\n## [0.9.3] - 2026-01-01\n\n- All.\n';
    writeFileSync(`${path}/CHANGELOG.md`, changes);
    const git = (...words: string[]) =>
      succeed('git', ['-C', path, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words]);
    await git('init', '--quiet', '--initial-branch', 'main');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'all');
    return { path, git };
  }
  const release = (path: string, ...words: string[]) => run('sh', [`${path}/scripts/release.sh`, ...words]);

  it.each([
    ['0.9.3', '"0.9.3" is no version'],
    ['0.9.2', '"0.9.2" is no version'],
    ['0.9.3-rc.1', '"0.9.3-rc.1" is no version'],
    ['0.10', '"0.10" is no version'],
    ['v1.0.0', '"v1.0.0" is no version'],
    ['1.0.0; touch x', 'is no version'],
  ])('is refused for the version %s', async (version, told) => {
    // None changes it.
    unchanged ??= newRepository();
    const { path, git } = await unchanged;
    const { code, stdout, stderr } = await release(path, version);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(told);
    expect(await git('status', '--porcelain')).toBe('');
  });

  it.each([
    [
      'with changes that are not committed',
      'not committed',
      async (path: string) => appendFileSync(`${path}/CHANGELOG.md`, '\n'),
    ],
    [
      'where the changelog has nothing new',
      'nothing under [Unreleased]',
      async (path: string, git: (...words: string[]) => Promise<string>) => {
        writeFileSync(`${path}/CHANGELOG.md`, '## [Unreleased]\n\n## [0.9.3] - 2026-01-01\n\n- All.\n');
        await git('commit', '--quiet', '--all', '--message', 'empty');
      },
    ],
    [
      'of a version that has its tag',
      'there is a tag v0.10.0',
      async (_: string, git: (...words: string[]) => Promise<string>) => {
        await git('tag', 'v0.10.0');
      },
    ],
    [
      'where no branch is checked out',
      'no branch',
      async (_: string, git: (...words: string[]) => Promise<string>) => {
        await git('checkout', '--quiet', '--detach');
      },
    ],
    [
      'into a directory that exists',
      'exists',
      async (path: string) => {
        mkdirSync(`${path}/../stratafs-0.10.0`, { recursive: true });
      },
    ],
  ])('is refused %s', async (_, told, spoil) => {
    const { path, git } = await newRepository();
    await spoil(path, git);
    const before = [await git('rev-parse', 'HEAD'), await git('status', '--porcelain'), await git('tag')];
    const { code, stderr } = await release(path, '--skip-tests', '0.10.0');
    expect(code).toBe(2);
    expect(stderr).toContain(told);
    expect([await git('rev-parse', 'HEAD'), await git('status', '--porcelain'), await git('tag')]).toEqual(
      before,
    );
  });
});
