import { describe, expect, it } from 'vitest';
import { DiffProgress } from '../../../src/cli/diff/progress.ts';
import { Terminal } from '../../../src/cli/print/terminal.ts';
import { MemoryOutput } from './memory.ts';

/** A progress line at a time that the test sets. */
function progressOn(columns: number | undefined) {
  const [out, err] = [new MemoryOutput(), new MemoryOutput(columns)];
  const clock = { now: 0 };
  return { progress: new DiffProgress(new Terminal(out, err, { now: () => clock.now })), clock, err };
}

describe('Progress', () => {
  it('waits a second, then shows a line five times a second, and takes it away', () => {
    const { progress, clock, err } = progressOn(40);
    for (const [now, path] of [
      [999, '/early'],
      [1000, '/first'],
      [1199, '/too soon'],
      [1200, '/second'],
    ] as const) {
      clock.now = now;
      progress.show(path, now);
    }
    progress.end();
    clock.now = 9999;
    progress.show('/late', 1);
    expect(err.text).toBe('\r\x1b[K1000 names  /first\r\x1b[K\r\x1b[K1200 names  /second\r\x1b[K');
  });

  it('stays on one line and lets no name hurt the terminal', () => {
    const { progress, clock, err } = progressOn(20);
    clock.now = 1000;
    progress.show('/\x1b[31m\xff', 7);
    clock.now = 2000;
    progress.show(`/${Buffer.from('日本語日本語').toString('latin1')}`, 7);
    expect(err.text.split('\r\x1b[K').filter(Boolean)).toEqual([
      '7 names  /\\033[31m\\',
      '7 names  /日本語日',
    ]);
  });

  it('is for terminals only', () => {
    const { progress, clock, err } = progressOn(undefined);
    clock.now = 5000;
    progress.show('/x', 7);
    progress.end();
    expect(err.text).toBe('');
  });
});
