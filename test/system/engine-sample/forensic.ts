// The forensic commands on a real engine's data root, through the built command: against what the engine says, what the
// kernel's mounts show and what lies in the layers' directories.

import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addTo } from '../../../src/sys/groups.ts';
import { jsonRecords, jsonRecordsOfBytes } from '../../support/json-lines.ts';
import { mountKernel } from '../../support/kernel.ts';
import { directory, file, redirect, whiteout } from '../../support/layers.ts';
import { SAMPLE } from '../../support/sample.ts';
import { lowerdirReference } from '../../support/stratafs.ts';
import { differences } from '../../support/tree.ts';
import { EMPTY_STEPS, type Sampled } from './sampled.ts';

interface Row {
  readonly layer?: number;
  readonly emptyLayer?: boolean;
  readonly createdBy?: string;
  readonly added?: number;
  readonly deleted?: number;
  readonly stored?: { readonly bytes: number };
  readonly shown?: { readonly bytes: number };
  readonly hidden?: { readonly bytes: number };
}

/** Of `EMPTY_STEPS`. */
export const DOCKERFILE = `FROM ${SAMPLE.base}
ENV A=b
RUN echo secret > /password
RUN rm /password
CMD ["/bin/sh", "-c", "true"]`;

export function testForensicCommands(sampled: Sampled): void {
  const { temporary, oracle, engine, stratafs, root, layers, steps, ids } = sampled;

  async function answer(...words: readonly string[]): Promise<string> {
    const outcome = await stratafs(['--root', root, ...words]);
    expect(`${outcome.stderr}${outcome.code}`).toBe('0');
    return outcome.stdout;
  }

  async function rows<T>(...words: readonly string[]): Promise<T[]> {
    return jsonRecordsOfBytes(await answer(...words, '--json'));
  }

  /** Names below the root that the kernel shows of a stack; the oracle's spelling. */
  async function kernelNames(directories: readonly string[]): Promise<Set<string>> {
    if (directories.length === 0) return new Set();
    const kernel = await mountKernel(oracle, temporary, directories);
    const lines = await kernel.dump({ fields: [] });
    await kernel.umount();
    return new Set(lines.map((line) => line.slice(0, line.indexOf(' '))).filter((path) => path !== '/'));
  }

  it.each([SAMPLE.image, EMPTY_STEPS])('history: has the steps of docker history, of %s', async (name) => {
    const history = await rows<Row>('history', name);
    expect(history.map(({ createdBy = '' }) => createdBy)).toEqual(steps.get(name));
    const made = history.flatMap(({ layer }) => layer ?? []);
    expect(made).toEqual((layers.get(name) ?? []).map((_, i, all) => all.length - i));
  });

  it.each([SAMPLE.image, SAMPLE.changed])(
    'history: counts what the kernel shows more and less of %s',
    async (name) => {
      const directories = layers.get(name) ?? [];
      const history = (await rows<Row>('history', name)).filter(({ layer }) => layer !== undefined);
      expect(history.length).toBe(directories.length);
      for (const [index, { added, deleted }] of history.entries()) {
        const [after, before] = [
          await kernelNames(directories.slice(index)),
          await kernelNames(directories.slice(index + 1)),
        ];
        expect({ index, added, deleted }).toEqual({
          index,
          added: [...after].filter((path) => !before.has(path)).length,
          deleted: [...before].filter((path) => !after.has(path)).length,
        });
      }
    },
  );

  it.each([SAMPLE.image, SAMPLE.changed])(
    'history: tells what of each layer the kernel shows and does not, in bytes, of %s',
    async (name) => {
      const directories = layers.get(name) ?? [];
      const bytesOf = async (path: string) => {
        const lines = await oracle.dump(path, {
          fields: ['ino', 'size'],
          omitUnlookable: true,
          noatime: true,
        });
        const field = (line: string, name: string) => new RegExp(` ${name}=(\\d+)`).exec(line)?.[1];
        return new Map(lines.map((line) => [field(line, 'ino'), Number(field(line, 'size') ?? 0)]));
      };
      const kernel = await mountKernel(oracle, temporary, directories);
      const seen = await bytesOf(kernel.directory);
      await kernel.umount();
      const history = (await rows<Row>('history', name)).filter(({ layer }) => layer !== undefined);
      const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
      for (const [index, { stored, shown, hidden }] of history.entries()) {
        const own = [...(await bytesOf(directories[index] ?? ''))];
        const visible = own.filter(([ino]) => seen.has(ino));
        expect([index, stored?.bytes, shown?.bytes, hidden?.bytes]).toEqual([
          index,
          sum(own.map(([, size]) => size)),
          sum(visible.map(([, size]) => size)),
          sum(own.filter(([ino]) => !seen.has(ino)).map(([, size]) => size)),
        ]);
      }
      expect(sum(history.map(({ hidden }) => hidden?.bytes ?? 0))).toBeGreaterThan(0);
    },
  );

  it('history --dockerfile: gives the instructions back', async () => {
    const text = await answer('history', '--dockerfile', EMPTY_STEPS);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines).toEqual(['FROM scratch', 'ADD layer1.tar /', ...DOCKERFILE.split('\n').slice(1)]);
  });

  it('which: names the layer whose object the kernel shows, of every name', async () => {
    const directories = layers.get(SAMPLE.changed) ?? [];
    const kernel = await mountKernel(oracle, temporary, directories);
    const names = (await oracle.dump(kernel.directory, { fields: ['ino'], omitUnlookable: true }))
      .map((line) => line.split(' ')[0] ?? '')
      .filter((path) => path !== '/' && !path.includes('\\'));
    const answers = await rows<{ path: string; layer: number }>('which', SAMPLE.changed, ...names);
    expect(answers.length).toBe(names.length);
    expect(names.length).toBeGreaterThan(60);
    for (const { path, layer } of answers) {
      const supplier = directories[directories.length - layer] ?? '';
      expect(`${path} ${lstatSync(join(supplier, path)).ino}`).toBe(
        `${path} ${lstatSync(join(kernel.directory, path)).ino}`,
      );
    }
    await kernel.umount();
  });

  it('which: tells what hides a deleted file', async () => {
    const [gone] = await rows<{
      visible: boolean;
      layers: { layer: number; statements: { kind: string }[] }[];
    }>('which', EMPTY_STEPS, '/password');
    expect(gone?.visible).toBe(false);
    expect(
      gone?.layers.map(({ layer, statements }) => `${layer} ${statements.map(({ kind }) => kind)}`),
    ).toEqual(['3 whiteout', '2 version']);
  });

  it('deleted, cat --layer and extract: find a secret and get it back', async () => {
    const found = await rows<{ path: string; layer: number; removedBy: object }>('deleted', EMPTY_STEPS);
    expect(found.map(({ path, layer, removedBy }) => ({ path, layer, removedBy }))).toEqual([
      {
        path: '/password',
        layer: 2,
        removedBy: {
          ...{ layer: 3, how: 'whiteout', path: '/password', createdBy: '/bin/sh -c rm /password' },
          ...{ created: expect.any(String), notBefore: expect.any(String), notAfter: expect.any(String) },
        },
      },
    ]);
    expect(await answer('cat', '--layer', '2', EMPTY_STEPS, '/password')).toBe('secret\n');
    const to = temporary.path('recovered');
    await answer('extract', '--layer', '2', '-o', to, EMPTY_STEPS, '/password');
    expect(readFileSync(join(to, 'password'), 'utf8')).toBe('secret\n');
  });

  it("extract: copies all of a view but devices, as it is in the kernel's mount", async () => {
    const to = temporary.path('whole');
    const outcome = await stratafs(['--root', root, 'extract', '-p', '-o', to, SAMPLE.image, '/']);
    expect(outcome.code).toBe(0);
    expect(
      outcome.stderr
        .split('\n')
        .filter(Boolean)
        .map((line) => line.replace(/.*"(.*)".*skipped, a /, '$1 ')),
    ).toEqual(['/base-fifo fifo', '/disk block special file', '/fifo fifo', '/null character special file']);
    const kernel = await mountKernel(oracle, temporary, layers.get(SAMPLE.image) ?? []);
    const fields = ['mode', 'owner', 'size', 'mtime_seconds', 'target', 'sha256'] as const;
    const expected = (await oracle.dump(kernel.directory, { fields, omitUnlookable: true })).filter(
      (line) => !/^\/(?:base-fifo|disk|fifo|null) /.test(line) && !line.startsWith('/ '),
    );
    const actual = (await oracle.dump(to, { fields })).filter((line) => !line.startsWith('/ '));
    expect(differences(expected, actual)).toBe('');
    await kernel.umount();
  });

  it('extract: overwrites nothing and follows no link in the destination', async () => {
    const to = temporary.path('trap');
    const outside = temporary.path('outside');
    for (const path of [to, outside]) mkdirSync(path);
    symlinkSync(outside, join(to, 'etc'));
    symlinkSync(join(outside, 'made'), join(to, 'suid'));
    writeFileSync(join(to, 'cap'), 'mine');
    const outcome = await stratafs([
      '--root',
      root,
      'extract',
      '-o',
      to,
      SAMPLE.image,
      '/etc',
      '/suid',
      '/cap',
      '/etc/kept',
    ]);
    expect(outcome.code).toBe(2);
    expect(
      outcome.stderr
        .split('\n')
        .filter(Boolean)
        .map((line) => /"(.*?)"/.exec(line)?.[1]),
    ).toEqual(['/etc', '/suid', '/cap', '/etc']);
    expect(readdirSync(outside)).toEqual([]);
    expect(readFileSync(join(to, 'cap'), 'utf8')).toBe('mine');
    const inStore = await stratafs([
      '--root',
      root,
      'extract',
      '-o',
      join(root, 'new/x'),
      SAMPLE.image,
      '/etc',
    ]);
    expect(`${inStore.code} ${inStore.stderr}`).toMatch(/^2 .*it lies inside the store/);
  });

  it('timeline: has a line of eleven fields for every name, with what stat says', async () => {
    const directories = layers.get(SAMPLE.changed) ?? [];
    const body = (await answer('timeline', SAMPLE.changed)).split('\n').filter(Boolean);
    const visible = await kernelNames(directories);
    const shown = body.filter((line) => !/ \((?:deleted|whiteout|removed)\)$/.test(line.split('|')[1] ?? ''));
    expect(shown.length).toBe(visible.size + 1);
    expect(body.length).toBeGreaterThan(shown.length);
    for (const line of body) {
      const fields = line.split('|');
      expect(fields.length).toBe(11);
      const [, name = '', inode = '', modes, uid, gid, size, , mtime] = fields;
      // What a step removed has the layer that removed it.
      if (name.endsWith(' (removed)')) continue;
      const path = name.replace(/ \((?:deleted|whiteout)\)$/, '').replace(/ -> .*/, '');
      if (path.includes('\\')) continue;
      const [number, layer] = inode.split('-').map(Number);
      const status = lstatSync(join(directories[directories.length - (layer ?? 0)] ?? '', path));
      expect([path, status.ino, String(status.uid), String(status.gid), String(status.size)]).toEqual([
        path,
        number,
        uid,
        gid,
        size,
      ]);
      expect(Math.floor(status.mtimeMs / 1000)).toBe(Number(mtime));
      expect(modes).toMatch(/^([rdlcbph])\/\1[-r][-w][-xsS][-r][-w][-xsS][-r][-w][-xtT]$/);
    }
  });

  it('timeline: puts the events of the whole store in the order of time', async () => {
    const events = (await answer('timeline', '--all', '--format', 'csv')).split('\n').slice(1, -1);
    const times = events.map((line) => line.slice(0, line.indexOf(',')));
    expect(times.length).toBeGreaterThan(400);
    expect(times[0]).toBe('1930-01-01T00:00:00.000000000Z');
    expect(times).toEqual(times.toSorted());
  });

  it('timeline --all: tells each object once, as those that have its layer show it', async () => {
    interface Event {
      readonly state: string;
      readonly layer: number;
      readonly ino: string;
      readonly path: string;
      readonly type: string;
      readonly macb: string;
      readonly ref?: string;
      readonly refs?: readonly string[];
    }
    const told = async (...words: readonly string[]) => {
      const lines = await answer('timeline', '--all', '--shadowed', '--format', 'jsonl', ...words);
      const all = jsonRecords<Event>(lines);
      const isObject = ({ state }: Event) => ['visible', 'deleted', 'shadowed'].includes(state);
      // What is merged below a directory is told of each layer here, and of none there.
      return all.filter((one) => isObject(one) && one.macb.startsWith('m') && one.type !== 'dir');
    };
    const each = new Map<string, Event[]>();
    const shared = await told();
    // Images of which others were built, and that have no name, are left out: they have no layers of their own.
    const users = new Set(shared.flatMap(({ refs = [] }) => refs));
    const perImage = await told('--per-image');
    for (const event of perImage) {
      if (users.has(event.ref ?? '')) addTo(each, `${event.ino} ${event.path}`, event);
    }
    expect(new Set(shared.map(({ ino }) => ino))).toEqual(new Set(perImage.map(({ ino }) => ino)));
    const expected = [...each].map(([key, events]) => {
      const states = new Set(events.map(({ state }) => state));
      const state = states.has('visible') ? 'visible' : states.has('shadowed') ? 'shadowed' : 'deleted';
      return `${key} ${state} of ${events.map(({ ref }) => ref).sort()}`;
    });
    const once = shared.map(
      ({ ino, path, state, refs = [] }) => `${ino} ${path} ${state} of ${[...refs].sort()}`,
    );
    expect(once.sort()).toEqual(expected.sort());
    expect(shared.map(({ state }) => state)).toEqual(expect.arrayContaining(['visible', 'deleted']));
    expect(Math.max(...shared.map(({ refs = [] }) => refs.length))).toBeGreaterThan(2);
  });

  it('whose: names the images and containers of every layer directory', async () => {
    const wanted = [...layers].flatMap(([name, directories]) =>
      directories.map((path, index) => {
        const isOwn = (name === SAMPLE.changed || name === SAMPLE.untouched) && index < 2;
        const asked = join(root, path.slice(engine.dataRoot.length));
        return { name, asked, layer: isOwn ? undefined : directories.length - index };
      }),
    );
    const owners = await rows<{ asked: string; users: { id: string; layer?: number }[] }>(
      'whose',
      ...wanted.map(({ asked }) => asked),
    );
    expect(owners.length).toBe(wanted.length);
    for (const [index, { name, asked, layer }] of wanted.entries()) {
      const user = owners[index]?.users.find(({ id }) => id === ids.get(name));
      expect([owners[index]?.asked, user?.id, user?.layer]).toEqual([asked, ids.get(name), layer]);
    }
  });

  it('doctor: finds nothing wrong with what the engine wrote', async () => {
    const told = await rows<{ t: string; errors?: number; warnings?: number }>('doctor', '--quiet');
    expect(told.map(({ t }) => t)).toEqual(['store', 'total']);
    expect(told.at(-1)).toMatchObject({ errors: 0, warnings: 0 });
  });

  it('follows redirects: what was renamed is not deleted', async () => {
    const [top, low] = [temporary.path('redirect/top'), temporary.path('redirect/low')];
    await oracle.write([
      { directory: low, steps: [directory('a'), directory('a/sub'), file('a/sub/x', 'x'), file('a/y', 'y')] },
      { directory: top, steps: [whiteout('a'), directory('b'), redirect('b', '/a/sub'), whiteout('b/none')] },
    ]);
    const outcome = await stratafs(['deleted', '--expand', '--json', lowerdirReference([top, low])]);
    const paths = jsonRecords<{ path: string }>(outcome.stdout).map(({ path }) => path);
    expect(paths).toEqual(['/a', '/a/y']);
    const which = await stratafs(['which', '--json', lowerdirReference([top, low]), '/b/x']);
    const [told] = jsonRecords<{ layers: { layer: number; pathInLayer?: string }[] }>(which.stdout);
    expect(told?.layers.map(({ layer, pathInLayer }) => [layer, pathInLayer])).toEqual([
      [2, undefined],
      [1, '/a/sub/x'],
    ]);
  });
}
