// What the bench's layer stacks hold: values that say which layer gets which directories, files and marks. Writes
// nothing.

/** Directories with files, all alike, in one layer. The same directory in two layers is merged. */
export interface Part {
  /** 0 is the lowest. */
  readonly layer: number;
  readonly below: string;
  /** Directories `NAME-FROM` to `NAME-(TO - 1)`; the files lie in `below` itself where absent. */
  readonly directories?: { readonly name: string; readonly from: number; readonly to: number };
  /** How many directories deep each is, one in the other, each with files; 1 unless told. */
  readonly depth?: number;
  /** In each directory, numbered from `filesFrom`. */
  readonly files: number;
  readonly filesFrom?: number;
  readonly suffix: string;
  /** The greatest size; most files are much smaller. 0 for empty ones. */
  readonly bytes: number;
}

/** Marks every `every`th of some directories (without `file`), or a file in each, as deleted or opaque. */
export interface Mark {
  readonly layer: number;
  readonly kind: 'whiteout' | 'opaque';
  readonly below: string;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly every: number;
  readonly file?: string;
}

export interface Plan {
  /** Names the folder, so that each has its own. */
  readonly name: string;
  readonly layers: number;
  readonly parts: readonly Part[];
  readonly marks: readonly Mark[];
  readonly bigFile?: { readonly layer: number; readonly path: string; readonly bytes: number };
}

export const HEADERS = 'usr/include';
export const PACKAGES = 'app/node_modules';
export const BIG_FILE = 'srv/data/big.bin';
/** A word that few of the files hold, for `rg` to look for. */
export const NEEDLE = 'stratum';

/** About 155,000 names in nine layers; divided by `divisor` for a try. */
export function fullPlan(divisor: number): Plan {
  const some = (number: number) => Math.ceil(number / divisor);
  const range = (name: string, from: number, to: number) => ({ name, from: some(from), to: some(to) });
  const documents = 'usr/share/doc';
  const wide = { below: 'var/lib/dpkg/info', suffix: '.list', bytes: 900 };
  return {
    name: divisor === 1 ? 'full' : `full-${divisor}`,
    layers: 9,
    parts: [
      {
        layer: 0,
        below: documents,
        directories: range('package', 0, 5000),
        files: 5,
        suffix: '.txt',
        bytes: 3000,
      },
      {
        layer: 0,
        below: HEADERS,
        directories: range('headers', 0, 500),
        files: 25,
        suffix: '.h',
        bytes: 9000,
      },
      {
        layer: 0,
        below: 'usr/lib/locale',
        directories: range('language', 0, 800),
        files: 12,
        suffix: '.mo',
        bytes: 6000,
      },
      { layer: 0, files: some(8000), ...wide },
      { layer: 1, files: some(2000), filesFrom: some(8000), ...wide },
      { layer: 2, files: some(2000), filesFrom: some(9800), ...wide },
      {
        layer: 1,
        below: documents,
        directories: range('package', 4500, 5500),
        files: 5,
        filesFrom: 3,
        suffix: '.txt',
        bytes: 3000,
      },
      {
        layer: 2,
        below: 'usr/lib/python3/dist-packages',
        directories: range('module', 0, 1500),
        files: 16,
        suffix: '.py',
        bytes: 8000,
      },
      {
        layer: 3,
        below: PACKAGES,
        directories: range('package', 0, 1000),
        files: 15,
        suffix: '.js',
        bytes: 9000,
      },
      {
        layer: 4,
        below: PACKAGES,
        directories: range('package', 800, 1100),
        files: 10,
        filesFrom: 8,
        suffix: '.js',
        bytes: 9000,
      },
      {
        layer: 4,
        below: 'opt/deep',
        directories: range('chain', 0, 40),
        depth: 50,
        files: 2,
        suffix: '.dat',
        bytes: 500,
      },
      {
        layer: 5,
        below: 'usr/share/zoneinfo',
        directories: range('region', 0, 2500),
        files: 10,
        suffix: '',
        bytes: 1500,
      },
      {
        layer: 6,
        below: 'srv/data',
        directories: range('batch', 0, 100),
        files: 100,
        suffix: '.csv',
        bytes: 2000,
      },
      {
        layer: 7,
        below: documents,
        directories: range('package', 2000, 2100),
        files: 3,
        filesFrom: 40,
        suffix: '.txt',
        bytes: 3000,
      },
      {
        layer: 8,
        below: HEADERS,
        directories: range('headers', 0, 100),
        files: 3,
        suffix: '.h',
        bytes: 9000,
      },
      { layer: 8, below: 'app/config', files: 20, suffix: '.json', bytes: 2000 },
    ],
    marks: [
      { layer: 7, kind: 'whiteout', below: documents, ...range('package', 0, 2000), every: 20 },
      { layer: 7, kind: 'opaque', below: documents, ...range('package', 2000, 2100), every: 1 },
      {
        layer: 7,
        kind: 'whiteout',
        below: HEADERS,
        ...range('headers', 200, 300),
        every: 1,
        file: 'file-9.h',
      },
      { layer: 8, kind: 'whiteout', below: PACKAGES, ...range('package', 0, 200), every: 10 },
    ],
    bigFile: { layer: 6, path: BIG_FILE, bytes: Math.ceil(512 / divisor) * 1024 * 1024 },
  };
}

/** `names` names in four layers, 40 in a directory, the layers overlapping by half of one: for how time and memory grow. */
export function growthPlan(names: number): Plan {
  const filled = Math.max(2, Math.floor(names / 41));
  const half = Math.floor(filled / 2);
  const part = { below: 'tree', files: 20, suffix: '', bytes: 0 };
  return {
    name: `growth-${names}`,
    layers: 4,
    parts: [
      { layer: 0, directories: { name: 'directory', from: 0, to: filled }, ...part },
      { layer: 1, directories: { name: 'directory', from: 0, to: half }, filesFrom: 20, ...part },
      { layer: 2, directories: { name: 'directory', from: half, to: filled }, filesFrom: 20, ...part },
      { layer: 3, directories: { name: 'directory', from: 0, to: 1 }, ...part },
    ],
    marks: [],
  };
}
