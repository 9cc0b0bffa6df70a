// overlayfs's own options on the command line: for a mount and for the commands that need none, with the kernel's outcome.
import { createHash } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { directory, file, metacopy, opaque, redirect, whiteout, xattrWhiteout } from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { lowerdirReference } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

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

  it.each([
    ['trusted', 'low'],
    ['trusted', 'mid:low'],
    ['trusted', 'low:mid'],
    ['user', 'low'],
    ['user', 'mid:low'],
    ['user', 'low:mid'],
  ] as const)('a data-only layer is followed as by the kernel: %s, %s', async (dialect, names) => {
    const place = (name: string) => temporary.path(`${dialect}-${names.replace(':', '-')}-${name}`);
    const key = (name: string): [string, string] => [
      `${dialect}.overlay.${name}`,
      name === 'redirect' ? '/obj' : '',
    ];
    await oracle.write([
      { directory: place('data'), steps: [file('obj', 'object')] },
      { directory: place('mid'), steps: [file('own')] },
      {
        directory: place('low'),
        steps: [file('f', 'holes!', { xattrs: Object.fromEntries(['metacopy', 'redirect'].map(key)) })],
      },
    ]);
    const stack = names.split(':').map(place);
    const target = place('kernel');
    await oracle.mount({
      target,
      layers: stack,
      dataLayers: [place('data')],
      options: dialect === 'user' ? { userxattr: true } : {},
    });
    const [kernel] = (await oracle.dump(target, { fields: ['sha256'] })).filter((line) =>
      line.startsWith('/f '),
    );
    await oracle.umount(target);
    const words = dialect === 'user' ? ['--overlay', 'userxattr'] : [];
    const ours = await stratafs([
      ...words,
      'cat',
      `lowerdir=${names.split(':').map(place).join(':')}::${place('data')}`,
      '/f',
    ]);
    expect(kernel).toContain(
      names === 'low:mid' ? 'EPERM' : createHash('sha256').update('object').digest('hex'),
    );
    expect([ours.code, ours.stdout]).toEqual(names === 'low:mid' ? [5, ''] : [0, 'object']);
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
