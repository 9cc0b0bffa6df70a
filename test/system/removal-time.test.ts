// When a thing was deleted, told by the kernel's own whiteouts: the times that `deleted`, `which` and `timeline` tell are those
// that stat tells of the mark, and the kernel's shared inode is told as the two times that it stands for.

import { lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { deleted } from '../../src/layers/deleted.ts';
import { Layers } from '../../src/layers/layers.ts';
import { removalTime } from '../../src/layers/removal-time.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { succeed } from '../support/command.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { file, whiteout } from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const SECOND = 1_000_000_000n;
const MADE = 1_700_000_000n * SECOND + 123_456_789n;

describeSystem('when a thing was deleted', ['root', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const [low, upper] = [temporary.path('low'), temporary.path('upper')];
  const kernel = `lowerdir=${upper}:${low}`;

  beforeAll(async () => {
    const [work, merged] = [temporary.path('work'), temporary.path('merged')];
    for (const path of [low, upper, work, merged]) mkdirSync(path);
    for (const name of ['first', 'last']) writeFileSync(join(low, name), name);
    await succeed('mount', [
      '-t',
      'overlay',
      'none',
      '-o',
      `lowerdir=${low},upperdir=${upper},workdir=${work}`,
      merged,
    ]);
    temporary.undo(async () => {
      await succeed('umount', [merged]);
    });
    rmSync(join(merged, 'first'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    rmSync(join(merged, 'last'));
  });

  async function lines<T>(...words: readonly string[]): Promise<T[]> {
    const { code, stdout, stderr } = await stratafs(words);
    expect([code, stderr]).toEqual([0, '']);
    return jsonRecords(stdout);
  }

  function text(nanoseconds: bigint): string {
    return `${nanoseconds / SECOND}.${String(nanoseconds % SECOND).padStart(9, '0')}`;
  }

  /** What stat tells of the kernel's whiteouts. */
  function marks() {
    return ['first', 'last'].map((name) => {
      const { mtimeNs, ctimeNs } = lstatSync(join(upper, name), { bigint: true });
      return { path: `/${name}`, notBefore: text(mtimeNs), notAfter: text(ctimeNs) };
    });
  }

  it('is between the first and the last deletion, where the kernel made one inode of all', async () => {
    const told = await lines<{ path: string; removedBy: object }>('deleted', '--json', kernel);
    const how = { layer: 2, how: 'whiteout' };
    expect(told.map(({ removedBy }) => removedBy)).toEqual(marks().map((mark) => ({ ...how, ...mark })));
    expect(marks()[0]?.notBefore).not.toBe(marks()[0]?.notAfter);
  });

  it('is told by which, in JSON and in words', async () => {
    const [told] = await lines<{ layers: { statements: object[] }[] }>('which', '--json', kernel, '/first');
    expect(told?.layers[0]?.statements).toEqual([{ kind: 'whiteout', ...marks()[0] }]);
    const { stdout } = await stratafs(['which', kernel, '/first']);
    expect(stdout).toMatch(/hides {3}a whiteout of \/first, made \S+ \S+ \S+ to \S+ \S+ \S+\n/);
  });

  it('is an event of the timeline for each whiteout', async () => {
    type Event = { state: string; path: string; timestamp: string; macb: string };
    const events = await lines<Event>('timeline', '--format', 'jsonl', kernel);
    const modified = events.filter(({ state, macb }) => state === 'whiteout' && macb.startsWith('m'));
    expect(modified.map(({ path, timestamp }) => [path, timestamp])).toEqual(
      marks().map(({ path, notBefore }) => [path, notBefore]),
    );
  });

  it.each([
    ['a device', 'trusted', whiteout('gone')],
    ['an AUFS mark', 'aufs', file('.wh.gone', '')],
  ] as const)('is one time where the mark is an inode of its own: %s', async (name, dialect, mark) => {
    const paths = ['top', 'low'].map((layer) => temporary.path(`${name}-${layer}`));
    const [top = '', below = ''] = paths;
    await oracle.write([
      { directory: below, steps: [file('gone', 'x')] },
      { directory: top, steps: [mark] },
    ]);
    await succeed('touch', ['-h', '-d', `@${text(MADE)}`, join(top, mark.path)]);
    const layers = new Layers({
      ...{ label: name, kind: 'lowerdir', dataLayers: [], dialect },
      layers: paths.map((path) => ({ source: { kind: 'directory', path: asBytes(path) }, role: 'plain' })),
    });
    const told: object[] = [];
    deleted(layers, {}, ({ removal }) => told.push(removalTime(removal)));
    layers.close();
    const time = { seconds: Number(MADE / SECOND), nanoseconds: Number(MADE % SECOND) };
    expect(told).toEqual([{ whiteout: { from: time, to: time } }]);
  });
});
