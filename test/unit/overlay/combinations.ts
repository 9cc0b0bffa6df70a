// All ways in which seven kinds of entry can lie over one another in three layers, as steps and as lines of text.
import { directory, file, opaque, type Step, special, symlink, whiteout } from '../../support/layers.ts';

export const KINDS = ['absent', 'file', 'directory', 'opaque', 'symlink', 'whiteout', 'fifo'] as const;
export type Kind = (typeof KINDS)[number];

/** Top first. */
export type Combination = readonly [Kind, Kind, Kind];

export const COMBINATIONS: readonly Combination[] = KINDS.flatMap((top) =>
  KINDS.flatMap((middle) => KINDS.map((lowest): Combination => [top, middle, lowest])),
);

/** The name a combination has in `combinationLayers`. */
export function nameOf(combination: Combination): string {
  return combination.join('-');
}

/** Three layers that hold every combination side by side; each directory holds one file, named by its layer. */
export function combinationLayers(): Step[][] {
  return [0, 1, 2].map((layer) =>
    COMBINATIONS.flatMap((combination) => steps(nameOf(combination), combination[layer] ?? 'absent', layer)),
  );
}

function steps(path: string, kind: Kind, layer: number): Step[] {
  const owner = { owner: [layer, layer] } as const;
  switch (kind) {
    case 'absent':
      return [];
    case 'file':
      return [file(path, 'x', owner)];
    case 'directory':
      return [directory(path, owner), file(`${path}/${layer}`)];
    case 'opaque':
      return [directory(path, owner), opaque(path), file(`${path}/${layer}`)];
    case 'symlink':
      return [symlink(path, 'x', owner)];
    case 'whiteout':
      return [whiteout(path)];
    case 'fifo':
      return [special(path, 'fifo', owner)];
  }
}

/** `top middle lowest: ` and what is seen: nothing, a type and the layer it is of, or a directory's files. */
export function combinationLine(combination: Combination, seen: string): string {
  return `${combination.map((kind) => kind.padEnd(9)).join(' ')} : ${seen}`;
}

/** What is seen of one name, from lines `/name type layer` and `/name/child …`. */
export function seenOf(name: string, lines: readonly string[]): string {
  const own = lines.find((line) => line.startsWith(`/${name} `));
  if (own === undefined) return 'nothing';
  const [, type, layer] = own.split(' ');
  if (type !== 'dir') return `${type} ${layer}`;
  const files = lines.flatMap((line) =>
    line.startsWith(`/${name}/`) ? [line.slice(name.length + 2).split(' ')[0]] : [],
  );
  return `directory ${layer} with ${files.join(' ')}`;
}
