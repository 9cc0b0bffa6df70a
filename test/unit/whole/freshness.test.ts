// When somebody who asks has to wait until what there is was looked at, by a clock that the test sets.
import { describe, expect, it } from 'vitest';
import { NotYet } from '../../../src/fuse/filesystem.ts';
import { Freshness } from '../../../src/whole/freshness.ts';

/** A store whose looks end when they are told to; `told` has each look that was begun. */
function followed(cost: number) {
  const state = { now: 0, hasNews: false, asked: 0, told: [] as string[], end: () => {}, fail: () => {} };
  const source = {
    cost,
    hasNews: () => {
      state.asked++;
      return state.hasNews;
    },
    look: () => Promise.reject(new Error('asked by what makes it')),
  };
  const log = (message: string) => state.told.push(message.split('\n')[0] ?? '');
  const look = ({ more }: { readonly more: boolean }) => {
    state.told.push(more ? 'all' : 'news');
    return new Promise<void>((resolve, reject) => {
      state.end = resolve;
      state.fail = () => reject(new Error('a fault'));
    });
  };
  return { state, freshness: new Freshness(source, log, look, () => state.now) };
}

/** What is waited for; undefined where nothing is. */
function waitedFor(ask: () => void): Promise<void> | undefined {
  try {
    ask();
    return undefined;
  } catch (error) {
    if (error instanceof NotYet) return error.ready;
    throw error;
  }
}

describe('Freshness', () => {
  it('asks once a second whether there is news, and lets nobody wait where there is none', () => {
    const { state, freshness } = followed(300);
    for (state.now = 0; state.now < 3000; state.now += 100) freshness.mustBeFresh();
    expect([state.asked, state.told]).toEqual([2, []]);
  });

  it('has who asks wait where there is news, and not before twice the time that a look takes', async () => {
    const { state, freshness } = followed(1000);
    state.hasNews = true;
    state.now = 1999;
    freshness.mustBeFresh();
    state.now = 2999;
    const waiting = waitedFor(() => freshness.mustBeFresh());
    expect([waitedFor(() => freshness.mustBeFresh()) === waiting, state.told]).toEqual([true, ['news']]);
    state.end();
    await waiting;
    freshness.mustBeFresh();
  });

  it('looks at all after ten times as long, without that anybody waits', async () => {
    const { state, freshness } = followed(1000);
    state.now = 9999;
    freshness.mustBeFresh();
    expect(state.told).toEqual([]);
    state.now = 10_999;
    freshness.mustBeFresh();
    freshness.shouldBeFresh();
    expect(state.told).toEqual(['all']);
  });

  it('looks at all each second where that takes no time, which is waited for', () => {
    const { state, freshness } = followed(1);
    state.now = 1000;
    expect(waitedFor(() => freshness.shouldBeFresh())).toBeInstanceOf(Promise);
    expect(state.told).toEqual(['all']);
  });

  it('answers who can do with what is known though a look goes on', async () => {
    const { state, freshness } = followed(300);
    state.hasNews = true;
    state.now = 1000;
    await waitedFor(() => freshness.shouldBeFresh());
    expect(waitedFor(() => freshness.shouldBeFresh())).toBeUndefined();
    expect(waitedFor(() => freshness.mustBeFresh())).toBeInstanceOf(Promise);
  });

  it('tells of a fault in a look, answers who waited by what is known, and looks again', async () => {
    const { state, freshness } = followed(1);
    state.now = 1000;
    const waiting = waitedFor(() => freshness.mustBeFresh());
    state.fail();
    await waiting;
    freshness.mustBeFresh();
    state.now = 2000;
    expect(waitedFor(() => freshness.mustBeFresh())).toBeInstanceOf(Promise);
    expect(state.told).toEqual(['all', 'a fault of stratafs itself: Error: a fault', 'all']);
  });
});
