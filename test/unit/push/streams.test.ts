// Which files are guessed to be read next.
import { describe, expect, it } from 'vitest';
import { Streams } from '../../../src/push/streams.ts';

/** Directory 1 holds entries 100 to 199, directory 2 entries 200 to 299, and so on. */
const tree = {
  parentOf: (node: number) => Math.floor(node / 100),
  firstOf: (directory: number) => directory * 100,
  endOf: (directory: number) => directory * 100 + 100,
};

/** Reads these files, then takes every guess. */
function guesses(streams: Streams, ...reads: number[]): string {
  for (const node of reads) streams.read(node);
  const taken: number[] = [];
  for (let entry = streams.take(); entry !== 0; entry = streams.take()) taken.push(entry);
  return taken.join(' ');
}

describe('Streams', () => {
  it('guesses nothing after one read', () => {
    expect(guesses(new Streams(tree), 100)).toBe('');
  });

  it('guesses what follows the second read in order', () => {
    expect(guesses(new Streams(tree), 100, 101)).toBe('102 103 104 105 106 107 108 109');
  });

  it('guesses twice as many each time the reader catches up, each entry once', () => {
    const streams = new Streams(tree);
    guesses(streams, 100, 101);
    expect(guesses(streams, 110)).toBe(Array.from({ length: 16 }, (_, i) => 111 + i).join(' '));
  });

  it('ends with the directory', () => {
    expect(guesses(new Streams(tree), 195, 196)).toBe('197 198 199');
  });

  it('starts again without a guess after a step back', () => {
    const streams = new Streams(tree);
    guesses(streams, 150, 151);
    expect(guesses(streams, 120)).toBe('');
    expect(guesses(streams, 121)).toBe('122 123 124 125 126 127 128 129');
  });

  it('takes a far jump for the end of the order', () => {
    expect(guesses(new Streams(tree), 100, 180)).toBe('');
  });

  it('guesses from the first read of the next directory on', () => {
    const streams = new Streams(tree);
    guesses(streams, 100, 101);
    expect(guesses(streams, 200)).toBe('201 202 203 204 205 206 207 208');
  });

  it('follows readers of several directories side by side', () => {
    const streams = new Streams(tree);
    expect(guesses(streams, 100, 300, 101, 301)).toBe(
      '302 303 304 305 306 307 308 309 102 103 104 105 106 107 108 109',
    );
  });

  it('keeps its window for the next directory', () => {
    const streams = new Streams(tree);
    guesses(streams, 100, 101);
    guesses(streams, 110);
    guesses(streams, 127);
    expect(guesses(streams, 200).split(' ')).toHaveLength(32);
  });

  it('follows a reader who goes backwards, to the beginning of the directory', () => {
    const streams = new Streams(tree);
    expect(guesses(streams, 150, 149)).toBe('148 147 146 145 144 143 142 141');
    expect(guesses(streams, 105, 104)).toBe('103 102 101 100');
  });

  it('is not put off by several readers who overtake each other', () => {
    const streams = new Streams(tree);
    guesses(streams, 100, 102);
    expect(guesses(streams, 101)).toBe('');
    expect(guesses(streams, 113).split(' ').slice(0, 2)).toEqual(['114', '115']);
  });

  it('does not guess again what a reader overtook', () => {
    const streams = new Streams(tree);
    for (const node of [100, 101]) streams.read(node);
    streams.take();
    expect(guesses(streams, 105)).toBe(Array.from({ length: 16 }, (_, i) => 106 + i).join(' '));
  });
});
