// What an installed command brings for the shell and for man: each asked through the real program.
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { writeSampleStore } from '../../scripts/sample-store.ts';
import { run, succeed } from '../support/command.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

/** Of all pages, or of those that have the most of each kind: what does not fit is seen where there is least room. */
const WIDE: readonly string[] | 'all' =
  process.env.WIDE_PAGES === 'all' ? 'all' : ['stratafs.1', 'stratafs-diff.1', 'stratafs-mount.1'];

const manual = fileURLToPath(new URL('../../dist/man/', import.meta.url));

describeSystem('completion', ['root', 'build'], () => {
  const temporary = temporaryForSuite();
  const store = temporary.path('docker');
  writeSampleStore(store);
  const bin = temporary.path('bin');
  mkdirSync(bin);
  symlinkSync(join(dirname(BUILT_COMMAND), 'stratafs.sh'), join(bin, 'stratafs'));
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: bin, TERM: 'dumb' };

  /** What bash hands over, at the end of a line whose parts it tells apart. */
  async function byBash(line: string, ...parts: string[]): Promise<string[]> {
    const script = temporary.path('complete.bash');
    writeFileSync(
      script,
      `source <(stratafs completion bash); compopt() { :; }
COMP_LINE=$1 COMP_POINT=\${#1}; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_stratafs; printf '%s\\n' "\${COMPREPLY[@]}"
`,
    );
    const printed = await succeed('bash', [script, line, ...parts], { env });
    return printed.split('\n').filter((each) => each !== '');
  }

  itSystem('in bash replaces only what stands behind the last : or =', ['bash'], async () => {
    const root = ['stratafs', '--root', '=', store];
    const typed = `stratafs --root=${store}`;
    expect(await byBash(`${typed} ls sample/web:1.`, ...root, 'ls', 'sample/web', ':', '1.')).toEqual([
      '1.1',
      '1.0',
    ]);
    expect(await byBash(`${typed} ls sample/web:`, ...root, 'ls', 'sample/web', ':')).toEqual(['1.1', '1.0']);
    const inside = [...root, 'ls', 'sample/web', ':', '1.0', '/srv/s'];
    expect(await byBash(`${typed} ls sample/web:1.0 /srv/s`, ...inside)).toEqual(['/srv/server.conf']);
    const behind = [...root, 'cp', 'sample/web', ':', '1.0', ':', '/srv/s'];
    expect(await byBash(`${typed} cp sample/web:1.0:/srv/s`, ...behind)).toEqual(['/srv/server.conf']);
    expect(await byBash('stratafs diff --color=a', 'stratafs', 'diff', '--color', '=', 'a')).toEqual([
      'auto',
      'always',
    ]);
    expect(await byBash(`stratafs umount ${bin}`, 'stratafs', 'umount', bin)).toEqual([bin]);
    const archives = temporary.path('archives');
    mkdirSync(join(archives, 'layout'), { recursive: true });
    writeFileSync(join(archives, 'app.tar'), '');
    const words = (transport: string) =>
      byBash(`stratafs ls ${transport}:${archives}/`, 'stratafs', 'ls', transport, ':', `${archives}/`);
    expect(await words('docker-archive')).toEqual([`${archives}/app.tar`, `${archives}/layout/`]);
    expect(await words('oci')).toEqual([`${archives}/layout/`]);
  });

  itSystem('in fish has words, references, paths inside an image and directories', ['fish'], async () => {
    const byFish = async (line: string) => {
      const words = `stratafs completion fish | source; complete -C '${line}'`;
      return (await succeed('fish', ['--no-config', '-c', words], { env })).split('\n').slice(0, -1);
    };
    expect(await byFish('stratafs umou')).toEqual(['umount\tunmount what "mount" has mounted']);
    const references = await byFish(`stratafs --root ${store} ls sam`);
    expect(references.toSorted()).toEqual(['sample/web:1.0\timage', 'sample/web:1.1\timage']);
    expect(await byFish(`stratafs --root ${store} cat sample/web:1.0 /srv/s`)).toEqual(['/srv/server.conf']);
    expect(await byFish(`stratafs --root ${store} cp sample/web:1.0:/srv/s`)).toEqual([
      'sample/web:1.0:/srv/server.conf',
    ]);
    expect(await byFish(`stratafs mount x ${bin.slice(0, -1)}`)).toEqual([`${bin}/`]);
  });

  itSystem('in zsh completes at Tab', ['zsh'], async () => {
    const script = temporary.path('complete.zsh');
    const lines = [' ', ':'].map((between) => `stratafs --root ${store} cat sample/web:1.0${between}/srv/se`);
    for (const line of lines) {
      writeFileSync(
        script,
        `zmodload zsh/zpty; zpty z zsh -f -i
       zpty -w z "PS1=; autoload -U compinit; compinit -u -D; source <(stratafs completion zsh); bindkey '^I' complete-word"
       zpty -w z 'print re''ady'; zpty -r z out '*ready*'
       zpty -n -w z $'${line}\\t'; zpty -r z out '*server.conf*'; print -r -- "$out"; zpty -d z\n`,
      );
      const { stdout } = await run('zsh', ['-f', script], { env, seconds: 120 });
      expect(stdout).toContain('/srv/server.conf');
    }
  });
});

describeSystem('the man pages', ['build', 'man'], () => {
  it('are set without a warning, at both usual widths', async () => {
    const pages = readdirSync(manual);
    expect(pages.length).toBeGreaterThan(20);
    for (const page of pages) {
      for (const columns of WIDE === 'all' || WIDE.includes(page) ? ['80', '132'] : ['80']) {
        const env = { MANWIDTH: columns, MANPAGER: 'cat', LC_ALL: 'C' };
        const { code, stdout, stderr } = await run('man', ['--warnings', '-l', join(manual, page)], { env });
        expect({ page, code, stderr }).toEqual({ page, code: 0, stderr: '' });
        expect(stdout).toContain('SYNOPSIS');
      }
    }
  });
});
