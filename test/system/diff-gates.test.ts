// `stratafs diff` as a gate: what it does not look at must not pass for the same, and a gate that can never close is refused.

import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { DiffPair } from '../support/diff-pair.ts';
import { jsonRecords } from '../support/json-lines.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const TIME = { mtime: 1_000_000_000_000_000_000n };
const SETUID = { ...TIME, mode: 0o4755 };

describeSystem('stratafs diff as a gate', ['root', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const pair = new DiffPair(temporary, stratafs);
  const path = (name: string) => temporary.path(name);
  const [low, top, other] = [path('low'), path('top'), path('other')];
  const [old, now] = [`lowerdir=${low}`, `lowerdir=${top}:${low}`];
  const diff = (...words: string[]) =>
    stratafs(['diff', ...words]).then(({ code, stdout, stderr }) => ({ code, stdout, stderr }));

  beforeAll(async () => {
    await pair.write(oracle);
    await oracle.write([
      {
        directory: low,
        steps: [layer.file('gone/deep/file', 'x', TIME), layer.file('tree/bin/su', 'su', SETUID)],
      },
      {
        directory: top,
        steps: [
          layer.whiteout('gone'),
          layer.file('new/bin/su', 'su', SETUID),
          layer.file('tree2/x', '', TIME),
        ],
      },
      { directory: other, steps: [layer.file('moved/bin/su', 'su', { ...SETUID, owner: [7, 0] })] },
    ]);
  });

  it.each([[[]], [['--name-status']], [['--tree']], [['-M']], [['--json']]])(
    'looks for a set-user-ID file in a directory that is not expanded, with %j',
    async (words) => {
      const { code, stdout } = await diff(...words, '--no-expand', '--fail-on', 'setuid', old, now);
      expect(code).toBe(1);
      expect(stdout).toMatch(/su\b/);
      expect((await diff(...words, '--no-expand', '--fail-on', 'setuid', now, now)).code).toBe(0);
    },
  );

  it.each([
    [['--only', 'content', '--fail-on', 'setuid'], 'Cannot fail on "setuid": this does not compare mode'],
    [
      ['--ignore', 'caps', '--fail-on', 'privilege'],
      'Cannot fail on "privilege": this does not compare caps',
    ],
    [['--fail-on', 'mtime'], 'Cannot fail on "mtime": this does not compare times; --mtime does'],
    [['--fail-on', 'links'], 'Cannot fail on "links": this does not compare links; --hardlinks does'],
    [['--fail-on', 'renamed'], 'Cannot fail on "renamed": renames are looked for with --renames only'],
    [
      ['--content', 'none', '--fail-on', 'content'],
      'Cannot fail on "content": this does not compare content',
    ],
  ])('refuses %j, a gate that never closes', async (words, message) => {
    expect(await diff(...words, old, now)).toEqual({ code: 2, stdout: '', stderr: `stratafs: ${message}\n` });
  });

  it('does not take a directory for moved where the owner of what is in it changed', async () => {
    const { stdout } = await diff('-M', '--name-status', `lowerdir=${low}`, `lowerdir=${other}`);
    expect(stdout).not.toContain('R100\t/tree\t/moved');
    expect((await diff('-M', `lowerdir=${low}`, `lowerdir=${other}`)).stdout).toMatch(
      /from \/tree\/bin\/su +uid 0 \S+ 7/,
    );
  });

  it('tells what removed a name that is looked at alone', async () => {
    const { stdout } = await diff('--json', '--path', '/gone/deep/file', old, now);
    expect(stdout).toContain('"path":"/gone/deep/file","op":"remove","by":{"layer":2,"how":"whiteout"}');
  });

  it('tells the time of the root where times are asked for', async () => {
    const lines = (await diff('--name-status', '--mtime', ...pair.sides)).stdout.split('\n');
    expect(lines).toContain('M\t/');
  });

  describe('beside a manifest', () => {
    const [whole, bare] = [path('whole.mtree'), path('bare.mtree')];
    beforeAll(async () => {
      const manifest = async (...words: string[]) => (await stratafs(['manifest', ...words, old])).stdout;
      writeFileSync(whole, await manifest(), 'latin1');
      writeFileSync(bare, (await manifest('--no-digest')).replace('# xattrs: all\n', ''), 'latin1');
    });

    it('finds no difference where all was compared', async () => {
      const { code, stdout } = await diff(whole, old);
      expect([code, stdout.split('\n').at(-2)]).toEqual([0, 'no difference']);
    });

    it('says what was not compared, and does not call it the same', async () => {
      const { code, stdout } = await diff(bare, old);
      expect(code).toBe(2);
      expect(stdout.split('\n').at(-2)).toBe(
        'no difference in what was compared (the manifest tells no contents of 2 files, xattr of 7, caps of 7, acl of 7)',
      );
      const [summary] = jsonRecords((await diff('--json', bare, old)).stdout, 'summary');
      expect(summary).toMatchObject({ equal: false, notCompared: { content: 2, xattr: 7 } });
      expect((await diff('--content', 'none', bare, old)).code).toBe(0);
      expect((await diff('--fail-on', 'caps', bare, old)).code).toBe(2);
      expect((await diff('--fail-on', 'setuid', bare, old)).code).toBe(0);
    });

    it.each([['--packages'], ['--unexplained'], ['--patch'], ['--content crc']])(
      'refuses %s',
      async (words) => {
        expect(await diff(...words.split(' '), whole, old)).toEqual({
          code: 2,
          stdout: '',
          stderr: `stratafs: Cannot use "${words}" with "${whole}": an mtree file has no contents to read\n`,
        });
      },
    );
  });
});
