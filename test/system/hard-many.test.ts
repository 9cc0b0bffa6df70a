// `mount --all` of a store of many images and layers, with few descriptors and memory for a small part of it. IMAGES=500 LAYERS=12
// makes the large one.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { expectBelow } from '../support/bounds.ts';
import { succeed } from '../support/command.ts';
import { FakeStore } from '../support/fake-store.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const IMAGES = Number(process.env.IMAGES ?? 24);
const LAYERS = Number(process.env.LAYERS ?? 5);
/** The lowest layers of each image are those of every tenth before it. */
const SHARED = 2;
const FILES = 5;
const SMALL = { memory: '50kB', descriptors: 64 } as const;
/** Bytes, of the server: what one image takes, and some. */
const MOST_RESIDENT = 200e6;

describeSystem(`mount --all of ${IMAGES} images of ${LAYERS} layers`, ['root', 'fuse', 'build'], () => {
  const temporary = temporaryForSuite();
  const store = new FakeStore(temporary.path('root'));

  beforeAll(() => {
    for (let image = 0; image < IMAGES; image++) {
      const layers = Array.from({ length: LAYERS }, (_, n) =>
        n < SHARED ? `base ${image % 10} ${n}` : `own ${image} ${n}`,
      );
      store.image({ names: [`team${image % 7}/app${image}:1`], layers });
      layers.forEach((_, n) => {
        const directory = store.path(`overlay2/${FakeStore.cacheId(layers.slice(0, n + 1))}/diff`);
        mkdirSync(`${directory}/usr/lib/d${n}`, { recursive: true });
        if (n > 0) mkdirSync(`${directory}/../work`, { recursive: true });
        for (let f = 0; f < FILES; f++) writeFileSync(`${directory}/usr/lib/d${n}/f${f}`, `${n} ${f}`);
        writeFileSync(`${directory}/top`, n < SHARED ? `base ${n}` : `${image} ${n}`);
      });
    }
  }, 600_000);

  it('shows all of it, round after round', async () => {
    const mounted = await mountStratafs(temporary, '--all', {
      root: store.root,
      args: ['--memory', SMALL.memory],
      by: ['prlimit', `--nofile=${SMALL.descriptors}`],
    });
    const counted = async (path: string) =>
      (await succeed('find', [`${mounted.directory}/${path}`, '-type', 'f'])).trimEnd().split('\n').length;
    const ofImages = IMAGES * (LAYERS * FILES + 1);
    // Each layer beside its image, with the step that made it.
    const ofLayers = IMAGES * LAYERS * (FILES + 2);
    const own = IMAGES * (LAYERS - SHARED) + Math.min(IMAGES, 10) * SHARED;
    for (let round = 0; round < 2; round++) {
      expect([await counted('images'), await counted('layers')]).toEqual([
        ofImages + ofLayers,
        own * (FILES + 1),
      ]);
      expect(readdirSync(`/proc/${mounted.pid}/fd`).length).toBeLessThanOrEqual(SMALL.descriptors);
    }
    for (const image of [0, IMAGES - 1]) {
      const path = `${mounted.directory}/images/team${image % 7}/app${image}/1/top`;
      expect(readFileSync(path, 'utf8')).toBe(`${image} ${LAYERS - 1}`);
    }
    const status = readFileSync(`/proc/${mounted.pid}/status`, 'latin1');
    expectBelow(MOST_RESIDENT, Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024);
    expect(await mounted.umount()).toBe(0);
  }, 3_600_000);
});
