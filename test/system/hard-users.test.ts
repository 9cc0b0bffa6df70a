// Ordinary users: mounting without privilege in the ways there are, one clear line where there is none, and nothing that
// a user may not read gets out. Who may use /dev/fuse is settled in a private mount namespace: the machine's stays as it is.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../support/command.ts';
import { FakeStore } from '../support/fake-store.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { runInOwnMounts } from '../support/own-mounts.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const UID = 1000;
/** Run as root in a mount namespace of its own: $1 is a device node, $2 its mode, the rest what to run as the user. */
const OPENED = `
mknod -m "$2" "$1" c 10 229 2>/dev/null; mount --bind "$1" /dev/fuse && shift 2 || exit 99
exec setpriv --reuid=${UID} --regid=${UID} --clear-groups "$@"`;
/** Waits until the mount point is free, for a minute. */
const FREED =
  'held() { grep -q " $M " /proc/self/mounts; }; i=0; while held && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done; held && echo DEAD; ls -A "$M"';
/** What is said of layers whose marks only root can read is another test's. */
const WARNING = /^stratafs: Warning: the view of .*\n/gm;

describeSystem('an ordinary user', ['root', 'fuse', 'fusermount3', 'unshare', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const [top, lowest, point] = [temporary.path('top'), temporary.path('lowest'), temporary.path('point')];
  const locked = new FakeStore(temporary.path('locked'));

  beforeAll(async () => {
    locked.image({ names: ['secret:1'], layers: ['a'] });
    const owner = layer.change('.', { owner: [UID, UID], mode: 0o755 });
    await oracle.write([
      { directory: temporary.directory, steps: [layer.change('.', { mode: 0o755 })] },
      { directory: locked.root, steps: [layer.change('.', { mode: 0o700 })] },
      { directory: point, steps: [owner] },
      {
        directory: top,
        steps: [
          layer.file('open', 'open', { mode: 0o644 }),
          layer.file('secret', 'SECRET', { mode: 0o600 }),
          layer.file('of-group', 'SECRET', { mode: 0o640, owner: [0, 42] }),
          layer.file('closed/inside', 'SECRET', { mode: 0o644 }),
          layer.change('closed', { mode: 0o700 }),
          layer.file('searched/known', 'known', { mode: 0o644 }),
          layer.file('searched/secret', 'SECRET', { mode: 0o600 }),
          layer.symlink('searched/link', 'known'),
          layer.file('searched/down/file', 'down', { mode: 0o644 }),
          layer.whiteout('searched/gone'),
          layer.change('searched', { mode: 0o711 }),
        ],
      },
      {
        directory: lowest,
        steps: [
          layer.file('low', 'low', { mode: 0o644 }),
          layer.file('closed/low', 'SECRET'),
          layer.file('searched/below', 'below', { mode: 0o644 }),
          layer.file('searched/gone', 'SECRET'),
        ],
      },
    ]);
  });

  /** A shell script with $S for the command, $M for the mount point, $L for the layers. */
  async function script(text: string, how: 'opened' | 'closed' = 'opened'): Promise<Outcome> {
    const words = [
      'sh',
      '-c',
      `S="${process.execPath} ${BUILT_COMMAND}"; M=${point}; L=lowerdir=${top}:${lowest}; ${text}`,
    ];
    const mode = how === 'opened' ? '666' : '600';
    const opened = ['sh', '-c', OPENED, 'sh', temporary.path(`fuse-${mode}`), mode, ...words];
    const outcome = await runInOwnMounts(temporary, opened, {
      env: { LC_ALL: 'C' },
      cwd: '/',
    });
    return { ...outcome, stderr: outcome.stderr.replace(WARNING, '') };
  }

  const LOOK =
    'cat "$M"/open "$M"/low; cat "$M"/secret "$M"/of-group "$M"/closed/inside; ls "$M" "$M"/closed';
  const SEEN = {
    stdout: ['openlow', 'closed', 'low', 'of-group', 'open', 'searched', 'secret'],
    denied: ['secret', 'of-group', 'closed/inside', 'closed'],
  };

  function told({ stdout, stderr, code }: Outcome) {
    const denied = [
      ...stderr.matchAll(/^(?:cat|ls): (?:cannot open directory )?'?([^':]+)'?: Permission denied$/gm),
    ];
    return {
      code,
      stdout: stdout.replace(`${point}:\n`, '\n').split('\n').filter(Boolean),
      denied: denied.map(([, path]) => path?.replace(`${point}/`, '')),
      others: stderr.split('\n').filter((line) => line !== '' && !line.endsWith(': Permission denied')),
    };
  }

  it('mounts by fusermount3, reads what is readable, and unmounts', async () => {
    const outcome = await script(`$S mount $L "$M" && { ${LOOK}; $S umount "$M"; ls -A "$M"; }`);
    expect(told(outcome)).toEqual({ ...SEEN, code: 0, others: [] });
  });

  it('looks up by name what he may search and not list', async () => {
    const names = ['known', 'link', 'down/file', 'below', 'known'].map((name) => `"$M"/searched/${name}`);
    const outcome = await script(
      `$S mount $L "$M" && { cat ${names.join(' ')}; cat "$M"/searched/secret; ls "$M"/searched/down "$M"/searched; cat "$M"/searched/gone; stat -c %A "$M"/searched/known; $S cat $L /searched/known /searched/below; $S umount "$M"; }`,
    );
    expect(told(outcome)).toEqual({
      code: 0,
      stdout: [`knownknowndownbelowknown${point}/searched/down:`, 'file', '-rw-r--r--', 'knownbelow'],
      denied: ['searched/secret', 'searched'],
      others: [`cat: ${point}/searched/gone: No such file or directory`],
    });
  });

  it('is refused what becomes unreadable while it is mounted, and served all else', async () => {
    const own = temporary.path('own');
    const owner = [UID, UID] as const;
    await oracle.write([
      {
        directory: own,
        steps: [
          ...['a', 'b', 'e/f'].map((path) => layer.file(path, path, { owner })),
          ...['.', 'e'].map((path) => layer.change(path, { owner })),
        ],
      },
    ]);
    const outcome = await script(
      `$S mount lowerdir=${own} "$M" && { ls "$M" "$M"/e >/dev/null; chmod 000 ${own}/a ${own}/e; cat "$M"/a; cat "$M"/e/f; cat "$M"/b; chmod 755 ${own}/e; cat "$M"/e/f; $S umount "$M"; }`,
    );
    expect(told(outcome)).toEqual({ code: 0, stdout: ['be/f'], denied: ['a', 'e/f'], others: [] });
  });

  it('keeps everybody else out, root too', async () => {
    const outcome = await runInOwnMounts(
      temporary,
      [
        ...['sh', '-c', ROOT_LOOKS, 'sh', OPENED, temporary.path('fuse-666'), point],
        ...[`${process.execPath} ${BUILT_COMMAND}`, `lowerdir=${top}:${lowest}`],
      ],
      { env: { LC_ALL: 'C' } },
    );
    expect(outcome).toMatchObject({ stdout: '', code: 0 });
    expect(outcome.stderr.replace(WARNING, '')).toMatch(/^ls: .*Permission denied\n$/);
  });

  it('finds the mount point free again after kill -9', async () => {
    const text = `$S mount $L "$M" && pid=$(pgrep -u ${UID} -f "main.js mount $L") && kill -9 $pid && { ${FREED}; }`;
    expect(await script(text)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  describe('in a user namespace of his own', () => {
    it.each([
      ['an ordinary user', 'opened'],
      ['without a device that all may open', 'closed'],
    ] as const)('mounts as root of it: %s', async (_name, how) => {
      const outcome = await script(
        `export S M L; unshare -Urm sh -c '$S mount $L "$M" && { cat "$M"/open "$M"/low; cat "$M"/secret; $S umount "$M"; }'`,
        how,
      );
      if (how === 'opened') {
        expect(told(outcome)).toEqual({ code: 0, stdout: ['openlow'], denied: ['secret'], others: [] });
      } else {
        const advice = 'run as root, or let root "chmod 0666 /dev/fuse"';
        expect(outcome.stderr).toBe(`stratafs: Cannot open "/dev/fuse": permission denied; ${advice}\n`);
        expect(outcome.code).toBe(6);
      }
    });
  });

  it.each([
    [
      'set-user-ID bits and devices, which fusermount3 leaves out without a failure',
      `$S mount -o suid,dev $L "$M"`,
      'opened',
      6,
      /^stratafs: Cannot use mount option "suid,dev": for root only; the mount of any other user is nosuid,nodev\n$/,
    ],
    [
      'allow_other that root has not granted',
      `$S mount --allow-other $L "$M"`,
      'opened',
      6,
      /^stratafs: Cannot mount on ".*": "allow_other" is for root only here; let root put "user_allow_other" in \/etc\/fuse.conf\n$/,
    ],
    [
      'a device that is not his',
      `$S mount $L "$M"`,
      'closed',
      6,
      /^stratafs: Cannot mount on ".*": permission denied on \/dev\/fuse; run as root, or let root "chmod 0666 \/dev\/fuse"\n$/,
    ],
    [
      'fusermount3 that is not there',
      `PATH=/nowhere; $S mount $L "$M"`,
      'opened',
      6,
      /^stratafs: Cannot mount on ".*": not root, and fusermount3 is not there; install it .*\n$/,
    ],
    [
      'a store that is not his',
      `$S --root ${temporary.path('locked')} mount secret:1 "$M"`,
      'opened',
      4,
      /^stratafs: Cannot .* ".*\/locked.*": permission denied.*; run as root, or as the user who owns it\n$/,
    ],
    [
      'a layer that is not his',
      `$S mount lowerdir=${temporary.path('locked')} "$M"`,
      'opened',
      5,
      /^stratafs: Cannot .*: permission denied.*\n$/,
    ],
    [
      'a mount point that is not his',
      `$S mount $L /mnt`,
      'opened',
      6,
      /^stratafs: Cannot mount on "\/mnt": .*\n$/,
    ],
  ] as const)('gets one clear line about %s', async (_name, text, how, code, message) => {
    const outcome = await script(text, how);
    expect(outcome.stderr).toMatch(message);
    expect(outcome).toMatchObject({ code, stdout: '' });
  });
});

/** $1 OPENED, $2 the device node, $3 the mount point, $4 the command, $5 the reference. */
const ROOT_LOOKS = `
sh -c "$1" sh "$2" 666 $4 mount "$5" "$3" || exit 1
ls "$3"
sh -c "$1" sh "$2" 666 $4 umount "$3"`;
