// Random tars, loaded by a real engine: what lies on its disk is what the model of unpacking says, so that verify finds
// nothing and the record shows what the disk shows; and what is altered there afterwards is found. UNPACK_TARS says how
// many tars, UNPACK_SEED which.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { type Random, randomOf } from './diff-random.ts';
import { archiveOf, type Image, type RandomTar, randomTar, sha256 } from './unpacking-images.ts';

const stratafs = stratafsForSuite();

const TARS = Number(process.env.UNPACK_TARS ?? 18);
const SEED = Number(process.env.UNPACK_SEED ?? 1);
/** Tars that are stacked, those that can be. */
const LAYERS = 12;

describeSystem('unpacking', ['root', 'docker', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const engine = new Engine(temporary);
  const counts = {
    tars: 0,
    loaded: 0,
    refused: 0,
    proven: 0,
    unprovable: 0,
    images: 0,
    unsaved: 0,
    altered: 0,
  };

  beforeAll(() => engine.start());

  /** Answers the images the engine has taken; where it refuses one of several tars, each half becomes an image. */
  async function load(image: Image): Promise<Image[]> {
    const archive = temporary.path('load.tar');
    writeFileSync(archive, archiveOf(image));
    const { code, stderr } = await engine.tryDocker(['load', '-q', '-i', archive]);
    const [first] = image.tars;
    if (code === 0) return [image];
    if (first !== undefined && image.tars.length === 1) {
      counts.refused += 1;
      mustBeRefused(first, stderr);
      return [];
    }
    const half = Math.ceil(image.tars.length / 2);
    return [
      ...(await load({ tag: `${image.tag}-a`, tars: image.tars.slice(0, half) })),
      ...(await load({ tag: `${image.tag}-b`, tars: image.tars.slice(half) })),
    ];
  }

  /** What the engine refuses, the model must refuse, but for what newer versions make. */
  function mustBeRefused({ unpacked, told }: RandomTar, stderr: string): void {
    if (unpacked.refused > 0 || /mkdir .*: (?:file exists|not a directory)/.test(stderr)) return;
    throw new Error(`the engine refuses what the model unpacks: ${stderr}\n${told}`);
  }

  const stratafsHere = (...args: readonly string[]) => stratafs(['--root', engine.dataRoot, ...args]);

  /** A manifest without what no record has: how many directories are in a directory. */
  async function manifest(reference: string, ...more: readonly string[]): Promise<string[]> {
    const { code, stdout, stderr } = await stratafsHere('manifest', ...more, reference);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line) => (line.includes(' type=dir ') ? line.replace(/ nlink=\d+/, '') : line));
  }

  async function check(image: Image): Promise<void> {
    const { tag, tars } = image;
    const where = `UNPACK_SEED=${SEED}, ${tag}\n${tars.map(({ told }) => told).join('\n--\n')}`;
    expect(
      tars.flatMap(({ unpacked }) => unpacked.refusals),
      where,
    ).toEqual([]);
    const { stdout } = await stratafsHere('verify', '-v', tag);
    // Findings have their layer before the class, the lines of layers and images do not.
    const findings = stdout.split('\n').filter((line) => /^\w+ +\S+ layer \d+ {2}[a-z-]+ {2}/.test(line));
    expect(
      findings.filter((line) => !line.endsWith('keeps nowhere: no hash can be made')),
      where,
    ).toEqual([]);
    const verdicts = tars.map(({ isLost }, index) => {
      counts[isLost ? 'unprovable' : 'proven'] += 1;
      return `${isLost ? 'unverifiable' : 'verified'} ${index + 1}`;
    });
    expect(verdictsOf(stdout), `${where}\n${stdout}`).toEqual(verdicts);
    for (const reference of [tag, `${tag}#${tars.length}`]) {
      expect(await manifest(reference, '--metadata', 'tar-split'), where).toEqual(await manifest(reference));
    }
    await checkExport(image, where);
    await checkSave(image, where);
  }

  async function checkExport({ tag, tars }: Image, where: string): Promise<void> {
    for (const [index, { tar, isLost }] of tars.slice(0, 2).entries()) {
      const to = temporary.path('layer.tar');
      rmSync(to, { force: true });
      const { code } = await stratafsHere('export', '--layer', String(index + 1), '-o', to, tag);
      if (isLost) expect(code, where).not.toBe(0);
      else expect(readFileSync(to).equals(tar), where).toBe(true);
    }
  }

  /** `docker save` gives the layers back, unless contents are lost or a link from the root leads its reader to the host. */
  async function checkSave({ tag, tars }: Image, where: string): Promise<void> {
    const saved = temporary.path('saved.tar');
    const { code } = await engine.tryDocker(['save', '-o', saved, tag]);
    if (code !== 0) {
      counts.unsaved += 1;
      return;
    }
    expect(
      tars.some(({ isLost }) => isLost),
      `${where}\nsaved all the same`,
    ).toBe(false);
    const out = temporary.path('saved');
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out);
    expect((await run('tar', ['-xf', saved, '-C', out])).code).toBe(0);
    const found = readdirSync(out, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('layer.tar'))
      .map((name) => sha256(readFileSync(join(out, name))));
    for (const { tar } of tars) expect(found, where).toContain(sha256(tar));
  }

  /** Something that no unpacking does, done to each layer: it is found. */
  async function checkAltered({ tag, tars }: Image, random: Random): Promise<void> {
    const directories = (await engine.layersOf(tag, 'image')).reverse();
    const done = directories.map((directory) => {
      const { stdout, stderr, status } = spawnSync(
        'python3',
        ['-c', ALTER, directory, String(random(1 << 30))],
        {
          encoding: 'latin1',
        },
      );
      expect(status, stderr).toBe(0);
      return stdout;
    });
    const { stdout } = await stratafsHere('verify', tag);
    const verdicts = verdictsOf(stdout);
    for (const [index, deed] of done.entries()) {
      if (deed.startsWith('nothing')) continue;
      counts.altered += 1;
      const where = `UNPACK_SEED=${SEED}, ${tag}, layer ${index + 1}: ${deed}\n${tars[index]?.told}\n${stdout}`;
      expect(verdicts[index], where).toBe(`tampered ${index + 1}`);
    }
  }

  it(`leaves what the model says, and what is altered is found (${TARS} tars, UNPACK_SEED=${SEED})`, {
    timeout: 7_200_000,
  }, async () => {
    const random = randomOf(SEED);
    while (counts.tars < TARS) {
      const tars = Array.from({ length: LAYERS }, () => randomTar(random));
      counts.tars += tars.length;
      // What lies below is hidden or not: the marks are seen at work in the merged view.
      const whole = tars.filter(({ unpacked, isLost }) => unpacked.refused === 0 && !isLost);
      const others = tars.filter((tar) => !whole.includes(tar));
      const images = [whole, ...others.map((tar) => [tar])].filter(({ length }) => length > 0);
      const loaded: Image[] = [];
      for (const [index, each] of images.entries()) {
        loaded.push(...(await load({ tag: `random:${counts.tars}-${index}`, tars: each })));
      }
      for (const image of loaded) {
        counts.images += 1;
        counts.loaded += image.tars.length;
        await check(image);
      }
      for (const image of loaded) await checkAltered(image, random);
      // A tar of the next images must not find its layer here, altered.
      if (loaded.length > 0) await engine.docker(['rmi', '-f', ...loaded.map(({ tag }) => tag)]);
    }
    console.log(`unpacking: ${JSON.stringify(counts)}`);
    expect(counts.proven).toBeGreaterThan(TARS / 2);
    expect(counts.altered).toBeGreaterThan(TARS / 4);
  });
});

/** `verdict number` of each layer, as verify prints them. */
function verdictsOf(stdout: string): string[] {
  return stdout.split('\n').flatMap((line) => {
    const match = /^(\w+) +\S+ layer (\d+) {2}sha256:/.exec(line);
    return match === null ? [] : [`${match[1]} ${match[2]}`];
  });
}

/** Picks a file of a directory by a number, and what is done to it. Prints that. */
const ALTER = `
import os, random, shutil, stat, sys
os.chdir(sys.argv[1]); r = random.Random(int(sys.argv[2]))
names = sorted(os.path.join(d, n) for d, ds, fs in os.walk(b'.') for n in ds + fs)
def plant(directory):
    p = directory + b'/planted'
    k = r.randrange(4)
    if k == 0: open(p, 'wb').write(b'x')
    elif k == 1: os.mknod(p, stat.S_IFCHR, 0)
    elif k == 2: os.symlink(b'/etc', p)
    else: os.mkdir(p)
    return 'plant %d' % k
def alter(p, s, k):
    kind = stat.S_IFMT(s.st_mode)
    if kind == stat.S_IFCHR and s.st_rdev == 0 and k in (0, 1, 5): return
    if k == 0: os.lchown(p, s.st_uid + 1, s.st_gid)
    elif k == 1 and kind != stat.S_IFLNK: os.chmod(p, (s.st_mode & 0o7777) ^ 1)
    elif k == 2 and kind == stat.S_IFREG and s.st_size > 0:
        with open(p, 'r+b') as f:
            b = f.read(); i = r.randrange(len(b)); f.seek(i); f.write(bytes([b[i] ^ 1]))
        os.utime(p, ns=(s.st_atime_ns, s.st_mtime_ns))
    elif k == 3: shutil.rmtree(p) if kind == stat.S_IFDIR else os.unlink(p)
    elif k == 4: return plant(os.path.dirname(p))
    elif k == 5: os.setxattr(p, b'trusted.planted', b'x', follow_symlinks=False)
    elif k == 6 and kind == stat.S_IFLNK: os.unlink(p); os.symlink(b'elsewhere', p)
    elif k == 7 and kind == stat.S_IFDIR: return plant(p)
    elif k == 7: os.unlink(p); os.mkdir(p)
    else: return
    return 'done %d' % k
if not names: print(plant(b'.'))
else:
    p = r.choice(names); s = os.lstat(p)
    print(alter(p, s, r.randrange(8)) or 'nothing', p, oct(s.st_mode))
`;
