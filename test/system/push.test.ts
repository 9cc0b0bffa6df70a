// Files that are read in order: the kernel has most of them before they are asked for, with the right contents.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectBelow } from '../support/bounds.ts';
import { lowerdirReference, mountStratafs } from '../support/stratafs.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const DIRECTORIES = 6;
const FILES = 60;

/** A few pages, other bytes in each file. */
function contentsOf(directory: number, file: number): string {
  return `${directory} ${file} `.repeat(1 + ((directory * FILES + file) % 1500));
}

describeSystem('files read in order', ['root', 'fuse', 'build'], () => {
  const temporary = temporaryForSuite();
  const low = temporary.path('low');
  const reference = lowerdirReference([temporary.path('top'), low]);

  beforeAll(() => {
    mkdirSync(temporary.path('top'));
    for (let directory = 0; directory < DIRECTORIES; directory++) {
      mkdirSync(`${low}/${directory}`, { recursive: true });
      for (let file = 0; file < FILES; file++)
        writeFileSync(`${low}/${directory}/${file}`, contentsOf(directory, file));
    }
  });

  describe.each([
    { way: 'forwards', order: (names: string[]) => names },
    { way: 'backwards', order: (names: string[]) => names.reverse() },
  ])('$way', ({ order }) => {
    let reads = 0;
    const wrong: string[] = [];

    beforeAll(async () => {
      const mounted = await mountStratafs(temporary, reference, { args: ['--data', 'cached', '--debug'] });
      for (let directory = 0; directory < DIRECTORIES; directory++) {
        for (const name of order(readdirSync(`${mounted.directory}/${directory}`))) {
          const path = `${mounted.directory}/${directory}/${name}`;
          if (readFileSync(path, 'utf8') !== contentsOf(directory, Number(name))) wrong.push(path);
          // A moment for the server, also on a busy machine.
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      }
      await mounted.umount();
      reads = mounted
        .log()
        .split('\n')
        .filter((line) => line.startsWith('READ ')).length;
    });

    it('have their own contents', () => expect(wrong).toEqual([]));

    itSystem('mostly need no request', ['io_uring'], () => {
      expect(reads).toBeGreaterThan(0);
      expect(reads).toBeLessThanOrEqual(DIRECTORIES * FILES);
      // How many are ahead of the reader is a matter of who gets the processor.
      expectBelow((DIRECTORIES * FILES) / 2, reads);
    });
  });
});
