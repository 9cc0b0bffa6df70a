// The rules of scripts/check-source.ts, each on sources that keep it and that break it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryForTest } from '../../support/temporary.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** What the script says of files with these texts, a line each. */
function faultsOf(files: Readonly<Record<string, string>>): string[] {
  const { directory } = temporaryForTest();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  const words = ['--import', join(ROOT, 'scripts/typescript.mjs'), join(ROOT, 'scripts/check-source.ts')];
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: directory, encoding: 'utf8' });
  const faults = stderr.split('\n').slice(0, -1);
  expect(status).toBe(faults.length > 0 ? 1 : 0);
  return faults;
}

const OPENING = "import { openBeneath } from '../sys/beneath.ts';\n";
const NAMED = 'export function told(): void {}\n';

function folderOf(name: string, count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`src/${name}/part${i}.ts`, '\n']));
}

describe('the check of the source', () => {
  it('tells names that two files export, files that open what lies in a layer, what holds too many files or lines', () => {
    const faults = faultsOf({
      'src/diff/a.ts': NAMED,
      'src/copy/b.ts': NAMED,
      'src/layers/opens.ts': OPENING,
      'src/diff/long.ts': '\n'.repeat(321),
      ...folderOf('tar', 27),
    });
    expect(faults.sort()).toEqual([
      'The name "told" is exported by src/copy/b.ts and src/diff/a.ts',
      'src/diff/long.ts has 321 lines, more than 320: it has parts to be named',
      'src/layers/opens.ts takes "openBeneath" from "../sys/beneath.ts": it is to be given what was opened',
      'src/tar holds 27 files, more than 26: it has parts to be named',
    ]);
  });

  it('tells nothing of what just keeps the rules: kinds of store may export one name', () => {
    const faults = faultsOf({
      'src/store/docker/kind.ts': NAMED,
      'src/store/podman/kind.ts': NAMED,
      'src/store/files.ts': OPENING,
      'src/cli/opens.ts': OPENING,
      'src/diff/full.ts': '\n'.repeat(320),
      ...folderOf('tar', 26),
    });
    expect(faults).toEqual([]);
  });
});
