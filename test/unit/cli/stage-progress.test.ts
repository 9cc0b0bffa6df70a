import { describe, expect, it } from 'vitest';
import { Terminal } from '../../../src/cli/print/terminal.ts';
import { StageProgress } from '../../../src/cli/report/store/progress.ts';
import { MemoryOutput } from './memory.ts';

/** At a time that the test sets. */
function progressOn(columns: number | undefined) {
  const [out, err] = [new MemoryOutput(), new MemoryOutput(columns)];
  const clock = { now: 0 };
  return { progress: new StageProgress(new Terminal(out, err, { now: () => clock.now })), clock, err };
}

describe('StageProgress', () => {
  it('waits a second, then says five times a second how far the stage is, and goes', () => {
    const { progress, clock, err } = progressOn(40);
    progress.begin('manifests', 40);
    for (const [now, label] of [
      [999, 'early'],
      [1000, 'app:1'],
      [1199, 'too soon'],
      [1200, 'app:2'],
    ] as const) {
      clock.now = now;
      progress.step(label);
    }
    progress.clear();
    expect(err.text).toBe('\r\x1b[Kmanifests: 2 of 40  app:1\r\x1b[Kmanifests: 4 of 40  app:2\r\x1b[K');
  });

  it('stays on one line and lets no name hurt the terminal', () => {
    const { progress, clock, err } = progressOn(24);
    clock.now = 1000;
    progress.begin('x', 9);
    progress.step('\x1b[31m日本語日本語');
    expect(err.text).toBe('\r\x1b[Kx: 1 of 9  \\033[31m日本');
  });

  it('is for terminals only', () => {
    const { progress, clock, err } = progressOn(undefined);
    clock.now = 5000;
    progress.begin('x', 9);
    progress.step('app:1');
    progress.clear();
    expect(err.text).toBe('');
  });
});
