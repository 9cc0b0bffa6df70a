// What random trees take by directory: name by name what du(1) tells of the kernel's mount (which lists some whiteouts that du
// cannot examine), and of each the layers that lstat finds it in.
import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Survey } from '../../src/layers/survey/survey.ts';
import { SurveyedStack } from '../../src/layers/survey/survey-stack.ts';
import { ShownTree } from '../../src/layers/survey/usage.ts';
import { mergeOptions } from '../../src/overlay/options.ts';
import { parseLowerdir } from '../../src/store/reference/lowerdir.ts';
import { run } from '../support/command.ts';
import { mountKernel } from '../support/kernel.ts';
import { directory, file, opaque, type Step, symlink, whiteout } from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const STACKS = Number(process.env.DU_STACKS ?? 10);
const SEED = Number(process.env.DU_SEED ?? 20_261_128);

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const size = fc.integer({ min: 0, max: 40_000 });
const step = fc.oneof(
  path.map((at): Step[] => [directory(at)]),
  path.map((at): Step[] => [directory(at), opaque(at)]),
  fc.tuple(path, size).map(([at, bytes]): Step[] => [file(at, 'x'.repeat(bytes))]),
  fc.tuple(path, size).map(([at, hole]): Step[] => [file(at, { size: hole + 70_000, data: [[hole, 'x']] })]),
  path.map((at): Step[] => [symlink(at, 'x'.repeat(at.length))]),
  path.map((at): Step[] => [whiteout(at)]),
);
const layer = fc.array(step, { maxLength: 14 }).map((steps) => steps.flat());
const stack = fc.array(layer, { minLength: 2, maxLength: 4 });

describeSystem('what random stacks take', ['root', 'overlay', 'python'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);

  async function mustAgree(layers: readonly (readonly Step[])[]): Promise<void> {
    const folder = temporary.path('stack');
    mkdirSync(folder);
    const paths = layers.map((_, i) => join(folder, String(i)));
    try {
      const written = layers.map((steps, i) => ({ directory: paths[i] ?? '', steps }));
      await oracle.write(written.toReversed(), { lenient: true });
      const kernel = await mountKernel(oracle, temporary, paths);
      const byDu = async (form: string) => {
        const lines = (await run('du', ['-a', form, kernel.directory])).stdout.split('\n').filter(Boolean);
        return new Map(
          lines.map((line) => [
            line.replace(/^.*\t/, '').slice(kernel.directory.length),
            Number.parseInt(line, 10),
          ]),
        );
      };
      const [allocated, apparent] = [await byDu('-B1'), await byDu('-b')];
      await kernel.umount();
      const told = usageOf(paths);
      const expected = [...allocated].map(([at, bytes]) => `${at} ${bytes} ${apparent.get(at)}`);
      expect(told.map((one) => `${one.path} ${one.allocated} ${one.apparent}`).sort()).toEqual(
        expected.sort(),
      );
      const layersOf = (at: string) => {
        const below = [...allocated.keys()].filter((one) => one === at || one.startsWith(`${at}/`));
        return [...new Set(below.map((one) => paths.findIndex((root) => isIn(root, one))))].sort();
      };
      expect(told.map((one) => `${one.path} ${one.layers}`)).toEqual(
        told.map((one) => `${one.path} ${layersOf(one.path)}`),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  function isIn(root: string, at: string): boolean {
    return lstatSync(`${root}${at}`, { throwIfNoEntry: false }) !== undefined;
  }

  function usageOf(paths: readonly string[]) {
    const lowerdir = parseLowerdir(`lowerdir=${paths.join(':')}`);
    const survey = new Survey(lowerdir);
    try {
      for (const _ of survey.walk());
      const view = new SurveyedStack(survey, [...lowerdir.layers.keys()], mergeOptions(lowerdir));
      const told: { path: string; allocated: number; apparent: number; layers: readonly number[] }[] = [];
      new ShownTree(view).usage(view.roots[0] ?? 0, (one) =>
        told.push({ ...one, path: one.path === '' ? '' : `/${one.path}` }),
      );
      return told;
    } finally {
      survey.close();
    }
  }

  it(
    `is what du tells of the kernel's mount, ${STACKS} times`,
    async () => {
      await fc.assert(fc.asyncProperty(stack, mustAgree), { numRuns: STACKS, seed: SEED });
    },
    STACKS * 2000 + 60_000,
  );
});
