// overlayfs's own options on the command line: for a mount and for the commands that need none, with the kernel's outcome.
import { beforeAll, expect, it } from 'vitest';
import { directory, file, metacopy, opaque, redirect, whiteout, xattrWhiteout } from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { lowerdirReference, stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

describeSystem('the options of overlayfs', ['root', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const layers = ['top', 'lowest'].map((name) => temporary.path(name));
  const reference = lowerdirReference(layers);

  beforeAll(() =>
    oracle.write([
      {
        directory: layers[0] ?? '',
        steps: [
          file('stub', 'x', { mode: 0o600 }),
          metacopy('stub'),
          directory('moved'),
          redirect('moved', 'old'),
          whiteout('gone'),
          directory('user'),
          opaque('user', 'y', 'user'),
          xattrWhiteout('white', 'user'),
        ],
      },
      {
        directory: layers[1] ?? '',
        steps: [file('stub', '1'), file('old/f'), file('gone'), file('user/low'), file('white')],
      },
    ]),
  );

  it.each<[words: readonly string[], seen: readonly string[]]>([
    [[], ['moved: f', 'old: f', 'stub: Operation not permitted', 'user: low', 'white: file']],
    [['metacopy=on'], ['moved: f', 'old: f', 'stub: 1', 'user: low', 'white: file']],
    [
      ['redirect_dir=nofollow'],
      [
        'moved: Operation not permitted',
        'old: f',
        'stub: Operation not permitted',
        'user: low',
        'white: file',
      ],
    ],
    // Marks in the other namespace are ordinary attributes.
    [['userxattr'], ['moved: ', 'old: f', 'stub: x', 'user: ']],
  ])('%j decide what ls and cat see', async (words, seen) => {
    const options = words.flatMap((word) => ['--overlay', word]);
    const lines: string[] = [];
    for (const name of ['moved', 'old', 'stub', 'user', 'white']) {
      const isFile = name === 'stub' || name === 'white';
      const { code, stdout, stderr } = await stratafs([
        ...options,
        isFile ? 'cat' : 'ls',
        reference,
        `/${name}`,
      ]);
      const failure = /: ([^:]*)\n$/.exec(stderr)?.[1];
      if (failure?.startsWith('no such file or directory')) continue;
      lines.push(`${name}: ${code === 0 ? (name === 'white' ? 'file' : stdout.trim()) : failure}`);
    }
    expect(lines.map((line) => line.toLowerCase())).toEqual(seen.map((line) => line.toLowerCase()));
  });

  it.each(['userxattr,metacopy=on', 'userxattr,redirect_dir=on', 'metacopy=on,redirect_dir=nofollow'])(
    '%s are refused together, as the kernel refuses them',
    async (words) => {
      const options = Object.fromEntries(
        words.split(',').map((word) => [word.split('=')[0], word.split('=')[1] ?? true]),
      );
      const kernel = oracle.mount({ target: temporary.path('refused'), layers, options });
      await expect(kernel).rejects.toMatchObject({ errno: 'EINVAL' });
      const place = temporary.path('refused');
      const outcomes = [
        await stratafs(['--overlay', words, 'ls', reference]),
        await stratafs(['mount', '-o', words, reference, place]),
      ];
      for (const { code, stderr } of outcomes) {
        expect(stderr).toMatch(
          /^stratafs: Cannot use overlay option "[a-z_=]+": it conflicts with "[a-z_=]+"\n$/,
        );
        expect(code).toBe(2);
      }
    },
  );
});
