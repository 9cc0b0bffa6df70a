// Many readers at once, by every way there is to read, with the kernel's own mount of the same layers as the truth; and
// what that costs the server. SOAK_SECONDS sets how long, SEED what is read.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectBelow } from '../support/bounds.ts';
import { succeed } from '../support/command.ts';
import { KeptStore } from '../support/kept-store.ts';
import { type KernelView, mountKernel } from '../support/kernel.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { lowerdirReference, mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { usageOf } from '../support/usage.ts';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 0);
/** What each reader does at least. */
const STEPS = 4;
const SEED = process.env.SEED ?? '20260727';
const READERS = 64;
const HAMMER = fileURLToPath(new URL('../support/oracle/hammer.py', import.meta.url));

interface Hammered {
  readonly done: Readonly<Record<'operations' | 'bytes' | 'names' | 'interrupted', number>>;
  readonly wrong: readonly string[];
}

interface Peak {
  descriptors: number;
  /** Anonymous memory, MiB. */
  megabytes: number;
  threads: number;
}

describeSystem('64 readers', ['root', 'fuse', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const layers = ['top', 'middle', 'lowest'].map((name) => temporary.path(name));
  const figures: string[] = [];
  let kernel: KernelView;
  const kept = new KeptStore(oracle);

  beforeAll(async () => {
    await oracle.write(
      layers.map((directory, at) => ({
        directory,
        steps: [
          ...Array.from({ length: 600 }, (_, i) =>
            layer.file(`d${i % 20}/e${i % 7}/${at}-${i}`, noise(`${at}-${i}`, (i * i) % 9000)),
          ),
          ...Array.from({ length: 40 }, (_, i) =>
            layer.file(`d${i % 20}/both-${i}`, noise(`${at}b${i}`, i * 100)),
          ),
          layer.link('linked', `d0/e0/${at}-0`),
          layer.file(`sparse-${at}`, { size: 5_000_000, data: [[3_000_000 + at, 'data']] }),
          ...(at === 0 ? [layer.whiteout('d1/e1/1-1'), layer.whiteout('d2/e2')] : []),
        ].filter((step) => at !== 0 || !step.path.startsWith('d2/e2/')),
      })),
    );
    for (const [at, directory] of layers.entries()) writeFileSync(`${directory}/large-${at}`, large(`${at}`));
    await kept.remember(layers);
    kernel = await mountKernel(oracle, temporary, layers);
  });
  afterAll(async () => {
    console.info(figures.join('\n'));
    await kernel.umount();
  });

  it.each([
    ['passed through', ['--data', 'passthrough'], []],
    ['by the server', ['--data', 'cached'], []],
    ['with 64 descriptors', ['--data', 'auto'], ['prlimit', '--nofile=64']],
  ])(
    `find no wrong byte in ${STEPS} steps each and ${SECONDS} s, %s`,
    async (name, args, by) => {
      const mount = await mountStratafs(temporary, lowerdirReference(layers), { args, by });
      const peak: Peak = { descriptors: 0, megabytes: 0, threads: 0 };
      const timer = setInterval(() => measure(mount.pid, peak), 100);
      const words = ['-B', HAMMER, kernel.directory, mount.directory, READERS, STEPS, SECONDS, SEED].map(
        String,
      );
      const text = await succeed('python3', words);
      clearInterval(timer);
      const { done, wrong } = JSON.parse(text) as Hammered;
      figures.push(`${name}: ${JSON.stringify({ ...done, ...peak })}`);
      expect(wrong).toEqual([]);
      expect(done.operations).toBeGreaterThanOrEqual(READERS * STEPS);
      expect(peak.descriptors).toBeLessThan(by.length > 0 ? 64 : 2300);
      expect(peak.threads).toBeLessThan(20);
      expectBelow(250, peak.megabytes);
      expect(await mount.umount()).toBe(0);
      expect(mount.log()).toBe('');
    },
    SECONDS * 4000 + 90_000,
  );

  it('that are a thousand at once are all served', async () => {
    const mount = await mountStratafs(temporary, lowerdirReference(layers));
    const script =
      'for i in $(seq 250); do cmp -n 200000 "$1/large-0" "$2/large-0" & done; wait; find "$2" | wc -l';
    const shells = Array.from({ length: 4 }, () =>
      succeed('sh', ['-c', script, 'sh', kernel.directory, mount.directory]),
    );
    const count = await succeed('sh', ['-c', 'find "$1" | wc -l', 'sh', kernel.directory]);
    expect(new Set(await Promise.all(shells))).toEqual(new Set([count]));
    expect(await mount.umount()).toBe(0);
  });
});

/** Bytes that are nobody else's. */
function noise(seed: string, length: number): string {
  let text = '';
  for (let i = 0; text.length < length; i += 1) {
    text += createHash('sha256').update(`${seed} ${i}`).digest().toString('latin1');
  }
  return text.slice(0, length);
}

function large(seed: string): Buffer {
  return Buffer.concat(
    Array.from({ length: 16 }, (_, i) => Buffer.from(noise(`${seed}.${i}`, 65_537), 'latin1')),
  );
}

function measure(pid: number, peak: Peak): void {
  const { descriptors, threads, kilobytes } = usageOf(pid);
  peak.descriptors = Math.max(peak.descriptors, descriptors);
  peak.megabytes = Math.max(peak.megabytes, Math.round(kilobytes / 1024));
  peak.threads = Math.max(peak.threads, threads);
}
