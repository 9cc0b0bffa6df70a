// An image of three layers whose second has lost its directory: what goes on, and what is refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonRecords } from '../../support/json-lines.ts';
import { type SampleRoot, writeSampleRoot } from '../../support/sample-root.ts';
import { Temporary } from '../../support/temporary.ts';
import { type Outcome, stratafs } from './memory.ts';

const IMAGE = 'sample/web:1.1';

const temporary = new Temporary();
let sample: SampleRoot;
beforeAll(() => {
  sample = writeSampleRoot(temporary.path('root'));
  rmSync(sample.layers[1].directory, { recursive: true });
});
afterAll(() => temporary.end());

async function answer(...words: readonly string[]): Promise<Outcome> {
  const outcome = await stratafs(['--root', sample.root, ...words]);
  return { ...outcome, err: outcome.err.replaceAll(sample.layers[1].directory, 'GONE') };
}

const REFUSED = `stratafs: Cannot use "GONE": no such directory; it is layer 2 of "${IMAGE}"; what is left of it: "${IMAGE}#1", "${IMAGE}#3"\n`;
const INCOMPLETE = `stratafs: Cannot tell all of "${IMAGE}": layer 2 is missing: Cannot use "GONE": no such directory\n`;

describe('an image with a missing layer', () => {
  it.each([
    ['ls', IMAGE],
    ['ls', `${IMAGE}#1-2`],
    ['ls', `${IMAGE}^`],
    ['cat', IMAGE, '/etc/motd'],
    ['diff', 'sample/web:1.0', IMAGE],
  ])('is refused as a whole, with word of the rest: %s %s', async (...words) => {
    const { out, err, code } = await answer(...words);
    const [, name] = words;
    expect([out, code]).toEqual(['', words[0] === 'diff' ? 2 : 4]);
    if (words[0] !== 'diff' && name !== undefined) expect(err).toBe(REFUSED);
    else expect(err).toContain('Cannot use "GONE": no such directory; it is layer 2 of');
  });

  it.each([
    [['ls', `${IMAGE}#1`, '/etc'], 'motd\nmtab\nos-release\npasswd\n'],
    [['ls', `${IMAGE}^^`, '/etc'], 'motd\nmtab\nos-release\npasswd\n'],
    [['cat', '--layer', '1', IMAGE, '/etc/motd'], 'a sample image\n'],
  ])('has its other layers: %j', async (words, out) => {
    expect(await answer(...words)).toMatchObject({ out, err: '', code: 0 });
  });

  it('gives files and the tar of another layer', async () => {
    const to = mkdtempSync(temporary.path('to-'));
    for (const words of [
      ['extract', '--layer', '1', '-o', to, IMAGE, '/etc/motd'],
      ['export', '--layer', '1', '-o', join(to, 'tar'), IMAGE],
    ]) {
      expect(await answer(...words)).toMatchObject({ err: '', code: 0 });
    }
  });

  it('has no file of the missing layer', async () => {
    for (const words of [
      ['cat', '--layer', '2', IMAGE, '/etc/motd'],
      ['export', '--layer', '2', IMAGE, '-o', temporary.path('none')],
    ]) {
      const err = 'stratafs: Cannot use "GONE": no such directory\n';
      expect(await answer(...words)).toMatchObject({ err, code: 4 });
    }
  });

  it('inspect and history: mark it and go on', async () => {
    const shown = await answer('inspect', IMAGE);
    expect([shown.err, shown.code]).toEqual([INCOMPLETE, 4]);
    expect(shown.out.match(/^Layer .*$/gm)).toEqual([
      'Layer 3, image',
      'Layer 2, image, missing',
      'Layer 1, image',
    ]);
    const steps = await answer('history', IMAGE);
    expect([steps.err, steps.code]).toEqual([INCOMPLETE, 4]);
    expect(steps.out.split('\n').map((line) => line.split(/ {2,}/)[0])).toEqual([
      'LAYER',
      '3',
      '2 (missing)',
      '1',
      'total',
      '',
    ]);
    expect(steps.out).toMatch(/\n3 .* \? {2,}\? {2,}\?/);
    expect(steps.out).toMatch(/\n1 .* \d {2,}0 {2,}0/);
  });

  it('which, deleted and timeline: go on without it, and say so', async () => {
    const which = await answer('which', IMAGE, '/etc/motd');
    expect([which.err, which.code]).toEqual([INCOMPLETE, 4]);
    expect(which.out).toMatch(
      /^\/etc\/motd: not in the merged view\n {2}layer 3 .*whiteout[\s\S]*layer 1 .*hidden/,
    );
    const deleted = await answer('deleted', IMAGE);
    expect([deleted.err, deleted.code]).toEqual([INCOMPLETE, 4]);
    expect(deleted.out).toMatch(/\n1 +3 +whiteout.*\/etc\/motd\n/);
    const timeline = await answer('timeline', IMAGE);
    expect([timeline.err, timeline.code]).toEqual([INCOMPLETE, 4]);
    expect(timeline.out).toContain('/etc/motd (deleted)');
  });

  it('which: does not tell what the missing layer may have said', async () => {
    const shown = await answer('which', IMAGE, '/etc/passwd');
    expect([shown.err, shown.code]).toEqual([INCOMPLETE, 4]);
    expect(shown.out).toMatch(
      /^\/etc\/passwd: unknown, for want of a layer that is missing\n {2}layer 1 +image +unknown file /,
    );
    const { out } = await answer('which', '--json', IMAGE, '/etc/passwd', '/etc/motd');
    const [unknown, hidden] = jsonRecords<Record<string, unknown>>(out);
    expect(unknown).toMatchObject({ layers: [{ layer: 1, statements: [{ state: 'unknown' }] }] });
    expect(Object.keys(unknown ?? {})).not.toContain('visible');
    expect(Object.keys(unknown ?? {})).not.toContain('layer');
    expect(hidden).toMatchObject({ visible: false, layers: [{ layer: 3 }, { layer: 1 }] });
  });

  it('verify: nothing was changed, and the layers above lead a daemon nowhere', async () => {
    const { out, code } = await answer('verify', IMAGE);
    expect(code).toBe(4);
    expect(out).not.toContain('tampered');
    expect(out).toMatch(
      /^unverifiable {2}.* layer 2 {2}stack: .*\/link" leads a daemon nowhere: its short link ".*" leads to its "diff", which is not there$/m,
    );
    expect(out).toMatch(
      /^unverifiable {2}.* layer 3 {2}stack: .*\/lower" leads a daemon nowhere: .* leads to layer 1 below it, "[0-9a-f]{64}", which is not there$/m,
    );
  });

  it('is refused where no layer is left', async () => {
    const { err, code } = await answer('which', `${IMAGE}#2`, '/etc/motd');
    expect([err, code]).toEqual(['stratafs: Cannot use "GONE": no such directory\n', 4]);
  });
});
