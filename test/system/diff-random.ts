// Random layers and pairs of stacks for the property test of diff: few names, so that layers meet, and every mark there is.
import * as layer from '../support/layers.ts';

export type Random = (below: number) => number;

/** Deterministic: the same seed gives the same numbers on every machine (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const NAMES = ['a', 'b', 'c', '\xff'];

function path(random: Random): string {
  return Array.from({ length: 1 + random(3) }, () => NAMES[random(NAMES.length)]).join('/');
}

function attributes(random: Random): layer.Attributes {
  return {
    mode: [0o644, 0o644, 0o600, 0o4755][random(4)] ?? 0,
    mtime: random(2) === 0 ? 1n : 1_000_000_002n,
    ...(random(4) === 0 ? { owner: [random(2), random(2)] as const } : {}),
    ...(random(6) === 0 ? { xattrs: { 'user.x': String(random(2)) } } : {}),
  };
}

function steps(random: Random): layer.Step[] {
  const at = path(random);
  const mtime = random(2) === 0 ? 1n : 2n;
  switch (random(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return [layer.file(at, ['', 'one', 'two', 'long'][random(4)] ?? '', attributes(random))];
    case 4:
    case 5:
      return [layer.directory(at, { mode: random(3) === 0 ? 0o700 : 0o755, mtime })];
    case 6:
    case 7:
    case 8:
      return [layer.whiteout(at)];
    case 9:
    case 10:
      return [layer.directory(at, { mtime }), layer.opaque(at, random(8) === 0 ? 'n' : 'y')];
    case 11: {
      const to = random(2) === 0 ? (NAMES[random(3)] ?? 'a') : `/${path(random)}`;
      return [layer.directory(at, { mtime }), layer.redirect(at, to)];
    }
    case 12:
      return [layer.symlink(at, NAMES[random(3)] ?? 'a', { mtime })];
    case 13:
      return random(2) === 0
        ? [layer.special(at, 'fifo', { mtime })]
        : [layer.device(at, 'char', [1, random(3) + 1], { mtime })];
    case 14:
      return [layer.file(at, '', attributes(random)), layer.metacopy(at)];
    default: {
      const holder = NAMES[random(3)] ?? 'a';
      return [
        layer.directory(holder, { mtime }),
        layer.opaque(holder, 'x'),
        layer.xattrWhiteout(`${holder}/${NAMES[random(3)]}`),
      ];
    }
  }
}

export function randomLayer(random: Random): layer.Step[] {
  return Array.from({ length: 2 + random(10) }, () => steps(random)).flat();
}

/** Indices of layers, top first. Half of the pairs share the lower end, as images do; the others share what they will. */
export function randomPair(random: Random, layers: number): readonly [number[], number[]] {
  const a = choose(random, layers);
  if (random(2) === 0) return [a, choose(random, layers)];
  const shared = a.slice(random(a.length));
  const tops = choose(random, layers).filter((index) => !shared.includes(index));
  const b = [...tops.slice(0, random(3)), ...shared];
  return b.length >= 2 ? [a, b] : [a, choose(random, layers)];
}

function choose(random: Random, layers: number): number[] {
  const left = Array.from({ length: layers }, (_, index) => index);
  const count = 2 + random(Math.min(4, layers - 1));
  return Array.from({ length: count }, () => left.splice(random(left.length), 1)[0] ?? 0);
}
