// One pair of small stacks in which each kind of difference is, for the tests of what `stratafs diff` prints.
import * as layer from './layers.ts';
import type { Oracle } from './oracle.ts';
import { stratafs } from './stratafs.ts';
import type { Temporary } from './temporary.ts';

export const [OLD, NEW] = [{ mtime: 1_000_000_000_000_000_001n }, { mtime: 2_000_000_000_000_000_002n }];
const CAP_NET_RAW = '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0';

export const BASE = [
  layer.file('bin/tool', 'tool', { ...OLD, mode: 0o755 }),
  layer.file('bin/ping', 'ping', { ...OLD, mode: 0o755 }),
  layer.file('doc/a/one', '1\n', OLD),
  layer.file('doc/a/two', '22\n', OLD),
  layer.directory('doc/a', OLD),
  layer.directory('doc', OLD),
  layer.directory('bin', OLD),
  layer.symlink('link', 'old', OLD),
  layer.device('dev', 'char', [1, 3], OLD),
  layer.file('kind', 'a file', OLD),
  layer.file('touched', 'same', OLD),
  layer.file('shared/deep/file', 'same', OLD),
];
export const A = [
  layer.file('src/app.js', 'one\ntwo\nthree\n', OLD),
  layer.file('src/data.bin', 'x\0y', OLD),
  layer.file('src/moved/from/here', 'moved away\n', OLD),
  layer.file('src/silent', 'before', OLD),
  layer.directory('src/moved', OLD),
  layer.directory('src', OLD),
];
const B = [
  layer.file('bin/tool', 'tool', { ...OLD, mode: 0o4755 }),
  layer.file('bin/ping', 'ping', { ...OLD, mode: 0o755, xattrs: { 'security.capability': CAP_NET_RAW } }),
  layer.whiteout('doc'),
  layer.symlink('link', 'new', OLD),
  layer.device('dev', 'char', [1, 5], OLD),
  layer.directory('kind', NEW),
  layer.file('touched', 'same', NEW),
  layer.file('added/x', 'x', NEW),
  layer.file('added/suid', 's', { ...NEW, mode: 0o4755 }),
  layer.file('odd\x1b[31m\xff', '', { ...NEW, owner: [5, 6], xattrs: { 'user.note': 'hi' } }),
  layer.file('src/app.js', 'one\n2\nthree\n', NEW),
  layer.file('src/data.bin', 'x\0z', NEW),
  layer.file('src/moved/to/here', 'moved away\n', OLD),
  layer.file('src/silent', 'behind', OLD),
  layer.directory('added', NEW),
  layer.directory('src/moved', OLD),
  layer.directory('src', OLD),
  layer.directory('bin', OLD),
];

/** The stacks A and B over one base, on disk. */
export class DiffPair {
  readonly #temporary: Temporary;
  readonly #command: typeof stratafs;
  readonly base: string;
  readonly a: string;
  readonly b: string;

  /** `command` runs what is asked. */
  constructor(temporary: Temporary, command = stratafs) {
    this.#temporary = temporary;
    this.#command = command;
    [this.base, this.a, this.b] = [temporary.path('base'), temporary.path('a'), temporary.path('b')];
  }

  async write(oracle: Oracle): Promise<void> {
    await oracle.write([
      { directory: this.base, steps: BASE },
      { directory: this.a, steps: A },
      { directory: this.b, steps: B },
    ]);
  }

  /** References of both. */
  get sides(): readonly [string, string] {
    return [`lowerdir=${this.a}:${this.base}`, `lowerdir=${this.b}:${this.base}`];
  }

  /** What diff prints of them, as text, with `TMP` for the folder. Throws where it complains. */
  async diff(...words: readonly string[]): Promise<string> {
    const { stdout, stderr } = await this.#command(['diff', ...words, ...this.sides]);
    if (stderr !== '') throw new Error(stderr);
    return Buffer.from(stdout, 'latin1').toString('utf8').replaceAll(this.#temporary.directory, 'TMP');
  }
}
