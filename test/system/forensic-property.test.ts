// What the forensic commands say of random layer stacks, against the kernel's own mounts of the stack and of each part of
// it: a file is removed by the lowest layer with which the kernel no longer shows it.
import { afterAll, expect, it } from 'vitest';
import { countChanges } from '../../src/layers/changes.ts';
import { deleted } from '../../src/layers/deleted.ts';
import { componentsOf, Layers } from '../../src/layers/layers.ts';
import { provenance } from '../../src/layers/provenance.ts';
import { Survey } from '../../src/layers/survey/survey.ts';
import { STATE, SurveyedStack } from '../../src/layers/survey/survey-stack.ts';
import { timeline } from '../../src/layers/timeline.ts';
import { mergeOptions } from '../../src/overlay/options.ts';
import { parseLowerdir } from '../../src/store/reference/lowerdir.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { mountKernel } from '../support/kernel.ts';
import { directory, file, opaque, type Step, symlink, whiteout } from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { type Random, randomOf } from './diff-random.ts';

const STACKS = Number(process.env.FORENSIC_STACKS ?? 15);
const SEED = Number(process.env.FORENSIC_SEED ?? 6);
const LAYERS = 5;
const NAMES = ['a', 'b', 'c'];

/** One name of a view or of a layer. */
interface Seen {
  readonly isDirectory: boolean;
  readonly ino: string;
  readonly attributes: string;
}
type View = ReadonlyMap<string, Seen>;

function randomSteps(random: Random): Step[] {
  const path = () => Array.from({ length: 1 + random(3) }, () => NAMES[random(3)]).join('/');
  return Array.from({ length: random(14) }, () => {
    const at = path();
    switch (random(8)) {
      case 0:
        return [whiteout(at)];
      case 1:
        return [directory(at), opaque(at)];
      case 2:
        return [symlink(at, '/a')];
      case 3:
      case 4:
        return [directory(at, { mode: random(4) === 0 ? 0o700 : 0o755 })];
      default:
        return [file(at, 'x'.repeat(random(9)))];
    }
  }).flat();
}

function viewOf(lines: readonly string[]): View {
  const view = new Map<string, Seen>();
  for (const line of lines) {
    const [path = '', kind = '', mode, owner, ...rest] = line.split(' ');
    if (path === '/' || (kind === 'char' && rest.includes('rdev=0:0'))) continue;
    const ino = rest.find((word) => word.startsWith('ino=')) ?? '';
    view.set(path, { isDirectory: kind === 'dir', ino, attributes: `${mode} ${owner}` });
  }
  return view;
}

const FIELDS = ['mode', 'owner', 'rdev', 'ino'] as const;

describeSystem('what is told of random layer stacks', ['root', 'overlay', 'python'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const tally = { deleted: 0, shadowed: 0, changes: 0 };
  afterAll(() => console.info(`forensic: ${JSON.stringify(tally)} in ${STACKS} stacks`));

  /** The kernel's view of the layers from `index` down, for each index. */
  async function kernelViews(directories: readonly string[]): Promise<View[]> {
    const views: View[] = [];
    for (let index = 0; index < directories.length; index++) {
      const kernel = await mountKernel(oracle, temporary, directories.slice(index));
      views.push(viewOf(await kernel.dump({ fields: [...FIELDS] })));
      await kernel.umount();
    }
    return views;
  }

  function isIn(view: View | undefined, path: string, { isDirectory, ino }: Seen): boolean {
    const seen = view?.get(path);
    return seen !== undefined && seen.isDirectory === isDirectory && (isDirectory || seen.ino === ino);
  }

  /** `path layer state remover`, of everything that the whole stack does not show. */
  function expectedHidden(raw: readonly View[], views: readonly View[]): string[] {
    const lines: string[] = [];
    for (const [index, layer] of raw.entries()) {
      for (const [path, seen] of layer) {
        if (isIn(views[0], path, seen)) continue;
        const now = views[0]?.get(path);
        const state = now !== undefined && !now.isDirectory && !seen.isDirectory ? 'shadowed' : 'deleted';
        let remover = index;
        while (remover >= 0 && isIn(views[remover], path, seen)) remover--;
        // A directory may come back under its name; only of files the inode tells when that one went.
        lines.push(`${path} ${index} ${state}${seen.isDirectory ? '' : ` ${remover}`}`);
      }
    }
    return lines.sort();
  }

  function foundHidden(layers: Layers): string[] {
    const lines: string[] = [];
    for (const shadowed of [false, true]) {
      deleted(layers, { expand: true, shadowed }, ({ path, layer, state, removal, entry }) => {
        tally[state] += 1;
        const isDirectory = entry.kind === 'directory';
        lines.push(`${path} ${layer} ${state}${isDirectory ? '' : ` ${removal.layer}`}`);
      });
    }
    return lines.sort();
  }

  /** `path layer remover`; nothing that is no mark may be neither shown nor hidden. */
  function surveyedHidden(stack: SurveyedStack, view: View | undefined): string[] {
    const { table } = stack.survey;
    const lines: string[] = [];
    for (let row = 1; row < table.end; row++) {
      const path = table.pathOf(row);
      const at = `${path} ${stack.layerOf(row)}`;
      if (stack.state[row] === STATE.lost) lines.push(`${at} lost`);
      // Of a directory whose name still shows one the kernel's view does not tell whether it is merged.
      const isCut = table.isDirectory(row) && view?.get(path)?.isDirectory === true;
      if (stack.state[row] !== STATE.hidden || isCut) continue;
      lines.push(`${at}${table.isDirectory(row) ? '' : ` ${stack.by[row]}`}`);
    }
    return lines.sort();
  }

  function expectedChanges(views: readonly View[], index: number) {
    const [after, before] = [views[index] ?? new Map(), views[index + 1] ?? new Map<string, Seen>()];
    const count = { added: 0, changed: 0, deleted: 0, unreadable: 0 };
    for (const path of before.keys()) if (!after.has(path)) count.deleted += 1;
    for (const [path, seen] of after) {
      const old = before.get(path);
      const areDirectories = old?.isDirectory && seen.isDirectory;
      if (old === undefined) count.added += 1;
      else if (areDirectories ? old.attributes !== seen.attributes : old.ino !== seen.ino) count.changed += 1;
    }
    return count;
  }

  it(
    `is what the kernel shows and does not show, ${STACKS} times`,
    async () => {
      const random = randomOf(SEED);
      for (let round = 0; round < STACKS; round++) {
        const folder = temporary.path(`stack-${round}`);
        const directories = Array.from({ length: LAYERS }, (_, index) => `${folder}/${index}`);
        const written = directories.map((path) => ({ directory: path, steps: randomSteps(random) }));
        await oracle.write(written, { lenient: true });
        const text = written
          .map(({ steps }) => steps.map((step) => JSON.stringify(step)).join('\n'))
          .join('\n--\n');
        const raw: View[] = [];
        for (const path of directories) raw.push(viewOf(await oracle.dump(path, { fields: [...FIELDS] })));
        const views = await kernelViews(directories);
        const stack = parseLowerdir(`lowerdir=${directories.join(':')}`);
        const layers = new Layers(stack);
        const survey = new Survey(stack);
        try {
          for (const _ of survey.walk());
          const surveyed = new SurveyedStack(survey, [...directories.keys()], mergeOptions(stack));
          const hidden = expectedHidden(raw, views);
          expect(foundHidden(layers), `stack ${round}\n${text}`).toEqual(hidden);
          expect(surveyedHidden(surveyed, views[0]), `stack ${round}, surveyed\n${text}`).toEqual(
            hidden.map((line) => line.replace(/ (?:deleted|shadowed)/, '')),
          );
          for (const index of directories.keys()) {
            const counted = countChanges(surveyed, index);
            tally.changes += counted.added + counted.changed + counted.deleted;
            expect(counted, `layer ${index} of stack ${round}\n${text}`).toEqual(
              expectedChanges(views, index),
            );
          }
          const shown = new Map<string, string>();
          const damage = ({ error }: { readonly error: Error }) => {
            throw error;
          };
          timeline(layers, { shadowed: false, damage }, ({ path, state, attributes }) => {
            if (state === 'visible' && path !== '/') shown.set(path, `ino=${attributes.ino}`);
          });
          const expected = [...(views[0] ?? new Map())].map(([path, { ino }]) => `${path} ${ino}`);
          expect([...shown].map((pair) => pair.join(' ')).sort()).toEqual(expected.sort());
          for (const [path, { ino }] of views[0] ?? new Map<string, Seen>()) {
            const { supplier = -1 } = provenance(layers, componentsOf(asBytes(path)));
            expect(raw[supplier]?.get(path)?.ino, `${path} of stack ${round}\n${text}`).toBe(ino);
          }
        } finally {
          layers.close();
          survey.close();
        }
      }
      expect(Math.min(...Object.values(tally))).toBeGreaterThan(STACKS / 2);
    },
    STACKS * 2000 + 60_000,
  );
});
