// containerd's and Podman's stores with one file altered or another thing in its place: an answer or a sentence that says what is
// wrong, soon, never from outside of the root, and nothing is written there. FUZZ says how many times the usual number of tries
// is made, and of all stores and paths; SEED begins other ones.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXIT_TABLE } from '../../src/cli/exit.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { alteredFile, tries } from '../support/altered.ts';
import { succeed } from '../support/command.ts';
import {
  ASKED_STORES,
  type AskedStore,
  askStore,
  onePerShape,
  pathsAsked,
  pathsOf,
} from '../support/hostile-store.ts';
import { KeptStore } from '../support/kept-store.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const { 'docker-28-overlay2': _, ...STORES } = ASKED_STORES;

/** Of each engine the one that has most of its own; the others with FUZZ. */
const USUAL = ['docker-28-containerd', 'podman-5.8-composefs'];

const CODES = EXIT_TABLE.map(([code]) => code).filter((code) => code !== 70);
describeSystem('hostile stores', ['root', 'stores', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const stratafs = stratafsForSuite();
  const oracle = new Oracle(temporary);
  const kept = new KeptStore(oracle);

  const chosen = Object.entries<AskedStore>(STORES).filter(
    ([name]) => process.env.FUZZ !== undefined || USUAL.includes(name),
  );
  describe.each(chosen)('%s', (name, { root: inner, references, namespace }) => {
    const [image, container] = references;
    let root = '';
    let files: readonly string[] = [];
    let paths: readonly string[] = [];
    /** What undamaged ones answer. */
    let whole: readonly string[] = [];
    const ask = () =>
      askStore(root, references, namespace === undefined ? {} : { namespace: asBytes(namespace) });

    beforeAll(async () => {
      root = join(unpackStore(temporary, name), inner);
      const all = pathsOf(root);
      const asked = await pathsAsked(root, async () => {
        whole = await ask();
      });
      files = all.files.filter((path) => asked.has(path) && readFileSync(join(root, path)).length > 0);
      paths = onePerShape([...all.directories, ...all.files].filter((path) => asked.has(path)));
    });

    /** `act` on what lies at a path, moved out of the root meanwhile; the path is left as it was. */
    async function away(path: string, act: (moved: string) => Promise<void>): Promise<void> {
      const [place, moved] = [join(root, path), join(temporary.directory, `${name}-moved`)];
      renameSync(place, moved);
      try {
        await act(moved);
      } finally {
        rmSync(place, { recursive: true, force: true });
        renameSync(moved, place);
      }
    }

    function samples(count: number): readonly { readonly path: string; readonly altered: Buffer }[] {
      const altered = fc
        .constantFrom(...files)
        .chain((path) =>
          alteredFile(readFileSync(join(root, path))).map((bytes) => ({ path, altered: bytes })),
        );
      const { SEED } = process.env;
      return fc.sample(altered, { numRuns: count, ...(SEED === undefined ? {} : { seed: Number(SEED) }) });
    }

    it('answers or says why, whatever a file of it holds', async () => {
      let changed = 0;
      for (const { path, altered } of samples(tries(6))) {
        await away(path, async () => {
          writeFileSync(join(root, path), altered);
          const answer = await ask().catch((cause: unknown) => {
            throw new Error(`with "${path}" altered to ${altered.toString('base64').slice(0, 100_000)}`, {
              cause,
            });
          });
          if (answer.join('\n') !== whole.join('\n')) changed++;
        });
      }
      expect(changed).toBeGreaterThan(0);
    });

    it('answers or says why, wherever a file of it ends', async () => {
      for (const [number, path] of onePerShape(files).entries()) {
        const bytes = readFileSync(join(root, path));
        for (const end of boundaries(bytes, number)) {
          await away(path, async () => {
            writeFileSync(join(root, path), bytes.subarray(0, end));
            await ask();
          });
        }
      }
    });

    it('follows no link, whatever file or directory one lies in place of', async () => {
      const needed: string[] = [];
      for (const path of paths) {
        await away(path, async (moved) => {
          symlinkSync(moved, join(root, path));
          const linked = await ask();
          if (linked.join('\n') !== whole.join('\n')) return void needed.push(path);
          // What changes nothing where it is not there tells nothing of links either.
          rmSync(join(root, path));
          const without = await ask();
          expect({ path, isAsWhole: without.join('\n') === whole.join('\n') }).toEqual({
            path,
            isAsWhole: true,
          });
        });
      }
      expect(needed.length).toBeGreaterThan(10);
    });

    it('says what lies there, where a directory takes the place of a file and a file that of a directory', async () => {
      // Links have been at every path, and `special-files` has more that is neither.
      for (const path of process.env.FUZZ === undefined
        ? paths.filter((_, index) => index % 6 === 0)
        : paths) {
        await away(path, async () => {
          if (files.includes(path)) mkdirSync(join(root, path));
          else writeFileSync(join(root, path), '');
          await ask();
        });
      }
    });

    it('ends each command with a code that is documented, and leaves all as it was', async () => {
      const strict = temporary.path(`${name}-strict`);
      mkdirSync(strict);
      await succeed('mount', ['--bind', root, strict]);
      await succeed('mount', ['-o', 'remount,bind,ro,strictatime', strict]);
      const words = ['--root', strict, ...(namespace === undefined ? [] : ['--namespace', namespace])];
      const commands = [
        ['images'],
        ['containers', '-a'],
        ['inspect', image],
        ['inspect', container],
        ['ls', '-R', image, '/'],
        ['ls', '-R', container, '/'],
        ['verify', image],
        ['history', image],
        ['df'],
        ['doctor'],
      ];
      const commandsFail = async (what: string) => {
        await kept.remember([root]);
        const wrong: string[] = [];
        for (const command of commands) {
          const { code, stderr } = await stratafs([...words, ...command]);
          const isSound = code !== null && CODES.includes(code) && !/fault of stratafs/.test(stderr);
          if (!isSound) wrong.push(`${command.join(' ')}: ${code} ${stderr}`);
        }
        await kept.mustBeAsBefore(root);
        kept.forget(root);
        expect([what, ...wrong]).toEqual([what]);
      };
      for (const { path, altered } of samples(tries(1))) {
        await away(path, async () => {
          writeFileSync(join(root, path), altered);
          await commandsFail(`${path}: ${altered.toString('base64').slice(0, 100_000)}`);
        });
      }
      const special = fc.sample(fc.tuple(fc.constantFrom(...paths), fc.constantFrom(...SPECIAL)), tries(1));
      for (const [path, words] of special) {
        await away(path, async () => {
          expect(spawnSync('mknod', [join(root, path), ...words]).status).toBe(0);
          await commandsFail(`${path}: mknod ${words.join(' ')}`);
        });
      }
    });
  });
});

/** A FIFO that nobody writes to, and a device that never ends. */
const SPECIAL = [['p'], ['c', '1', '5']] as const;

/** Where pages, headers and values of JSON end: some of them, in each file other ones. */
function boundaries(bytes: Buffer, number: number): number[] {
  const all = [0, 1, 16, 100, bytes.length - 1];
  for (let at = 4096; at < bytes.length; at += 4096) all.push(at);
  if (bytes.length < 65_536)
    for (const [at, byte] of bytes.entries()) if ('{}[],:"'.includes(String.fromCharCode(byte))) all.push(at);
  const inside = [...new Set(all)].filter((at) => at >= 0 && at < bytes.length).sort((a, b) => a - b);
  const step = Math.max(1, Math.floor(inside.length / tries(1)));
  return inside.filter((_, index) => index % step === number % step);
}
