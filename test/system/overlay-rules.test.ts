// The tables of test/unit/overlay, asked of the running kernel and of the mounted command: what the unit tests expect of
// the rules is what the kernel does. `npx vitest run -u --project system test/system/overlay-rules.test.ts` records anew.
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { mountKernel } from '../support/kernel.ts';
import { directory, file, opaque, whiteout, xattrWhiteout } from '../support/layers.ts';
import { type DumpOptions, Oracle } from '../support/oracle.ts';
import { Server } from '../support/server.ts';
import { lowerdirReference, mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import {
  COMBINATIONS,
  combinationLayers,
  combinationLine,
  nameOf,
  seenOf,
} from '../unit/overlay/combinations.ts';
import type { Rule } from '../unit/overlay/rule.ts';
import { RULES, stamped } from '../unit/overlay/rules.ts';

describeSystem('the union rules', ['root', 'overlay', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const server = new Server(temporary, oracle);

  async function written(name: string, layers: readonly (readonly object[])[]): Promise<string[]> {
    const directories = layers.map((_, layer) => temporary.path(name, String(layer)));
    await oracle.write(directories.map((directory, i) => ({ directory, steps: (layers[i] ?? []) as never })));
    return directories;
  }

  /** Lines of a dump in the words of the tables. */
  async function told(directory: string, options: DumpOptions = {}): Promise<string[]> {
    const lines = await oracle.dump(directory, { fields: ['owner', 'size', 'sha256'], ...options });
    return lines.slice(1).map(inWords);
  }

  it('are what the kernel does in all 343 combinations of seven kinds in three layers', async () => {
    const layers = await written('combinations', combinationLayers());
    const kernel = await mountKernel(oracle, temporary, layers);
    const expected = await told(kernel.directory, { omitUnlookable: true });
    const text = (lines: string[]) =>
      COMBINATIONS.map((each) => `${combinationLine(each, seenOf(nameOf(each), lines))}\n`).join('');
    await expect(text(expected)).toMatchFileSnapshot('../unit/overlay/merge-343.txt');
    const mount = await mountStratafs(temporary, lowerdirReference(layers));
    expect(await told(mount.directory)).toEqual(expected);
    await mount.umount();
  });

  it('are kept but for names that the kernel lists and says are not there', async () => {
    const layers = await written('listed', [
      [whiteout('pure/w'), file('pure/f'), directory('merged'), whiteout('merged/w')],
      [
        directory('opaque'),
        opaque('opaque'),
        whiteout('opaque/w'),
        xattrWhiteout('merged/x'),
        file('merged/f'),
      ],
      [file('opaque/w'), file('merged/w')],
    ]);
    const kernel = await mountKernel(oracle, temporary, layers);
    const seen = { target: temporary.path('unlisted'), layers, dataLayers: [], dialect: 'trusted' } as const;
    const ours = await server.during({ ...seen, options: {} }, () =>
      oracle.dump(seen.target, { fields: [] }),
    );
    const notThere = ['/merged/x ! ENOENT', '/opaque/w ! ENOENT', '/pure/w ! ENOENT'];
    const expected = await oracle.dump(kernel.directory, { fields: [] });
    expect(expected.filter((line) => line.includes('!'))).toEqual(notThere);
    expect(ours).toEqual(expected.filter((line) => !notThere.includes(line)));
  });

  it.each(RULES.map((rule, i) => ({ ...rule, i })))('hold for the kernel: $rule', async (rule) => {
    const directories = await written(`rule-${rule.i}`, stamped(rule.layers));
    const count = directories.length - (rule.dataOnly ?? 0);
    const [layers, dataLayers] = [directories.slice(0, count), directories.slice(count)];
    const mounted = mountKernel(oracle, temporary, layers, { dataLayers, options: kernelOptions(rule) });
    // Before Linux 6.16 there was no view of data-only layers without `metacopy=on`.
    const needsNewer = rule.dataOnly !== undefined && rule.options?.metacopy !== true;
    const kernel = await mounted.catch((error: { readonly errno?: string }) => {
      if (needsNewer && error.errno === 'EINVAL') return undefined;
      throw error;
    });
    if (kernel === undefined) {
      console.warn(`Skipped "${rule.rule}": this kernel refuses such a stack`);
      return;
    }
    const expected = rule.expected.map((line) => line.replace(/data \/.*/, (path) => dataOf(rule, path)));
    expect(await told(kernel.directory, { omitUnlookable: true })).toEqual(expected);
    const served = { target: temporary.path('served'), layers, dataLayers, dialect: 'trusted' } as const;
    const ours = await server.during({ ...served, options: rule.options ?? {} }, () => told(served.target));
    expect(ours).toEqual(expected);
  });
});

function kernelOptions({ options }: Rule): Record<string, string> {
  return {
    ...(options?.metacopy === true ? { metacopy: 'on' } : {}),
    ...(options?.redirect === 'nofollow' ? { redirect_dir: 'nofollow' } : {}),
  };
}

/** Where the data of a path into the data-only layers turn out to be once they are read. */
function dataOf({ layers, dataOnly = 0 }: Rule, words: string): string {
  const path = words.slice('data /'.length);
  const layer = layers.findIndex(
    (steps, i) => i >= layers.length - dataOnly && steps.some((s) => s.path === path),
  );
  return layer < 0 ? '!ENOENT' : `data ${layer}`;
}

const LAYER_OF_CONTENTS = new Map(
  Array.from({ length: 16 }, (_, layer) => [createHash('sha256').update(String(layer)).digest('hex'), layer]),
);

function inWords(line: string): string {
  const [path, type, owner, ...rest] = line.split(' ');
  if (type === '!') return line;
  const layer = Number(owner?.split(':')[0]);
  const sha256 = rest.find((word) => word.startsWith('sha256='));
  const failure = rest.find((word) => word.startsWith('!'));
  if (failure !== undefined) return `${path} ${type} ${layer} ${failure}`;
  const data = sha256 === undefined ? layer : LAYER_OF_CONTENTS.get(sha256.slice('sha256='.length));
  return `${path} ${type} ${layer}${data === layer ? '' : ` data ${data}`}`;
}
