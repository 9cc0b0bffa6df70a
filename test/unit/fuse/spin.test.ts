import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Spin } from '../../../src/fuse/spin.ts';

describe('Spin', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function sleep(spin: Spin, milliseconds: number): void {
    spin.sleeps();
    vi.advanceTimersByTime(milliseconds);
    spin.woke();
  }

  /** Sleeps until spinning is tried; how many it took. */
  function sleepsUntilTried(spin: Spin): number {
    for (let sleeps = 1; sleeps < 10_000; sleeps++) {
      sleep(spin, 0.1);
      if (spin.budget > 0) return sleeps;
    }
    return Number.POSITIVE_INFINITY;
  }

  it('does not spin between requests that are far apart', () => {
    const spin = new Spin();
    for (let i = 0; i < 1000; i++) sleep(spin, 1);
    expect(spin.budget).toBe(0);
  });

  it('is tried after some short sleeps in a row', () => {
    const spin = new Spin();
    for (let i = 0; i < 7; i++) sleep(spin, 0.1);
    sleep(spin, 5);
    expect([spin.budget, sleepsUntilTried(spin)]).toEqual([0, 8]);
  });

  it('goes on while it wins, and past a single loss', () => {
    const spin = new Spin();
    sleepsUntilTried(spin);
    for (const step of ['won', 'lost', 'won', 'lost'] as const) spin[step]();
    expect(spin.budget).toBeGreaterThan(0);
  });

  it('is given up where it loses, for longer each time', () => {
    const spin = new Spin();
    const tries: number[] = [];
    for (let i = 0; i < 12; i++) {
      tries.push(sleepsUntilTried(spin));
      spin.lost();
      spin.lost();
    }
    expect(tries).toEqual([8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4096, 4096]);
  });

  it('is tried early again once it has won', () => {
    const spin = new Spin();
    sleepsUntilTried(spin);
    spin.lost();
    spin.lost();
    sleepsUntilTried(spin);
    spin.won();
    spin.lost();
    spin.lost();
    expect(sleepsUntilTried(spin)).toBe(16);
  });
});
