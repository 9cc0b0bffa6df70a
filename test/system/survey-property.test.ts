// The survey of random layer stacks of every mark, against the kernel's own mount of the stack and `lstat` of every layer:
// what is shown is what the kernel shows, and shown, hidden and the rest are together what the layers store.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { Survey } from '../../src/layers/survey/survey.ts';
import { STATE, SurveyedStack } from '../../src/layers/survey/survey-stack.ts';
import { isShown, type Sum, sumLayers } from '../../src/layers/survey/survey-sums.ts';
import { mergeOptions } from '../../src/overlay/options.ts';
import type { Layer, LayerStack } from '../../src/store/layer-stack.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { mountKernel } from '../support/kernel.ts';
import { Oracle } from '../support/oracle.ts';
import { type RandomStack, randomStack, stackText, VARIANTS, writable } from '../support/stacks.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const STACKS = Number(process.env.SURVEY_STACKS ?? 60);
const SEED = Number(process.env.SURVEY_SEED ?? 20_261_127);

/** One name as a dump tells it. */
interface Name {
  readonly path: string;
  readonly kind: string;
  readonly fields: ReadonlyMap<string, string>;
}

function namesOf(lines: readonly string[]): Name[] {
  return lines.map((line) => {
    const [path = '', kind = '', ...rest] = line.split(' ');
    const fields = rest.map((word) => word.split('=') as [string, string]);
    return { path, kind, fields: new Map(fields) };
  });
}

describeSystem('the survey of random layer stacks', ['root', 'overlay', 'python'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const tally = { stacks: 0, refused: 0, shown: 0, hidden: 0, lost: 0, marks: 0 };
  afterAll(() => console.info(`survey: ${JSON.stringify(tally)}`));

  async function mustAgree(stack: RandomStack): Promise<void> {
    const folder = temporary.path('stack');
    const directories = stack.layers.map((_, layer) => join(folder, String(layer)));
    const written = stack.layers.map((steps, layer) => ({
      directory: directories[layer] ?? '',
      steps: writable(steps, layer, directories),
    }));
    try {
      await oracle.write(written.toReversed(), { lenient: true });
      await compare(stack, directories);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async function compare(stack: RandomStack, directories: readonly string[]): Promise<void> {
    const text = stackText(stack);
    const options = VARIANTS[stack.variant];
    const count = directories.length - (stack.variant === 'data-only' ? 1 : 0);
    const layersOf = (paths: readonly string[]) =>
      paths.map((path): Layer => ({ source: { kind: 'directory', path: asBytes(path) }, role: 'plain' }));
    const layerStack: LayerStack = {
      label: 'random',
      kind: 'lowerdir',
      layers: layersOf(directories.slice(0, count)),
      dataLayers: layersOf(directories.slice(count)),
      dialect: stack.variant === 'userxattr' ? 'user' : 'trusted',
      redirect: stack.variant === 'redirect_dir=nofollow' ? 'nofollow' : 'follow',
      metacopy: 'metacopy' in options,
    };
    const survey = new Survey(layerStack);
    try {
      for (const _ of survey.walk());
      const view = new SurveyedStack(survey, [...survey.layers.keys()], mergeOptions(layerStack));
      tally.stacks += 1;

      const kernel = await mountKernel(oracle, temporary, directories.slice(0, count), {
        dataLayers: directories.slice(count),
        options,
      });
      const names = namesOf(await kernel.dump({ fields: ['ino'] }));
      await kernel.umount();
      const inodes = new Map<string, string>();
      for (const [layer, path] of directories.slice(0, count).entries()) {
        for (const name of namesOf(await oracle.dump(path, { fields: ['ino'] })))
          inodes.set(`${layer} ${name.path}`, name.fields.get('ino') ?? '');
      }
      // The same object may be shown under several names, where redirects lead to it: here it has one.
      const isShownByKernel = ({ path, kind }: Name) => path !== '/' && kind !== '!';
      const seen = names.filter(isShownByKernel);
      const places = new Map(seen.map(({ path, fields }) => [path, fields.get('ino')]));
      const shown = new Set<string | undefined>();
      for (let row = 1; row < survey.table.end; row++) {
        if (view.state[row] !== STATE.shown || view.under[row] === 0) continue;
        const inode = inodes.get(`${view.layerOf(row)} ${escaped(survey.table.pathOf(row))}`);
        expect(places.get(escaped(view.pathOf(row))), `${view.pathOf(row)}\n${text}`).toBe(inode);
        shown.add(inode);
      }
      expect([...shown].sort(), text).toEqual([...new Set(places.values())].sort());

      // Everything that is stored, each object once.
      const stored = new Map<string, { readonly bytes: number; readonly blocks: number }>();
      for (const path of directories.slice(0, count)) {
        const fields = ['size', 'ino', 'blocks'] as const;
        for (const { kind, fields: said } of namesOf(await oracle.dump(path, { fields }))) {
          const isDirectory = kind === 'dir';
          const bytes = isDirectory ? 0 : Number(said.get('size') ?? 0);
          stored.set(said.get('ino') ?? '', { bytes, blocks: Number(said.get('blocks')) });
        }
      }
      const sums = sumLayers(view);
      const all = (pick: (sum: Sum) => number, of: readonly Sum[]) =>
        of.reduce((sum, one) => sum + pick(one), 0);
      const total = [...stored.values()];
      const metacopies = metacopyBytes(survey);
      expect(
        all(
          (sum) => sum.allocated,
          sums.map((sum) => sum.stored),
        ),
        text,
      ).toBe(total.reduce((sum, { blocks }) => sum + blocks * 512, 0));
      expect(
        all(
          (sum) => sum.bytes,
          sums.map((sum) => sum.stored),
        ) + metacopies,
        text,
      ).toBe(total.reduce((sum, { bytes }) => sum + bytes, 0));
      for (const { stored: whole, shown: a, hidden: b, rest: c, hiddenBy } of sums) {
        for (const key of ['objects', 'bytes', 'allocated'] as const) {
          expect(a[key] + b[key] + c[key], text).toBe(whole[key]);
          expect(
            hiddenBy.reduce((sum, one) => sum + one[key], 0),
            text,
          ).toBe(b[key]);
        }
      }
      for (let row = 1; row < survey.table.end; row++) {
        const state = view.state[row] as number;
        if (isShown(state)) tally.shown += 1;
        else if (state === STATE.hidden) tally.hidden += 1;
        else if (state === STATE.mark) tally.marks += 1;
        else tally.lost += 1;
      }
    } finally {
      survey.close();
    }
  }

  it(
    `shows what the kernel shows and loses nothing, ${STACKS} times`,
    async () => {
      const property = fc.asyncProperty(fc.noBias(randomStack), mustAgree);
      await fc.assert(property, { numRuns: STACKS, seed: SEED });
      expect(Math.min(tally.shown, tally.hidden, tally.marks)).toBeGreaterThan(STACKS);
    },
    STACKS * 2000 + 60_000,
  );
});

/** A metacopy file's own bytes are none, whatever size it tells. */
function metacopyBytes({ table }: Survey): number {
  let bytes = 0;
  const met = new Set<number>();
  for (let row = 1; row < table.end; row++) {
    const first = table.columns.first[row] as number;
    if (!table.isMetacopy(row) || (first !== 0 && met.has(first))) continue;
    met.add(first);
    bytes += table.columns.size[row] as number;
  }
  return bytes;
}

/** As a dump writes bytes. */
function escaped(path: string): string {
  return path.replace(/[^!-[\]-~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
