// Numbers handed from thread to thread.
import { describe, expect, it } from 'vitest';
import { newRingMemory, RingReader, RingWriter } from '../../../src/push/ring.ts';

function all(reader: RingReader): number[] {
  const values: number[] = [];
  for (let value = reader.take(); value !== undefined; value = reader.take()) values.push(value);
  return values;
}

describe('RingReader', () => {
  it('takes what was put since it began, in order, once', () => {
    const memory = newRingMemory();
    const writer = new RingWriter(memory);
    writer.put(1);
    const reader = new RingReader(memory);
    expect(all(reader)).toEqual([]);
    writer.put(2);
    writer.put(3);
    expect(all(reader)).toEqual([2, 3]);
    expect(all(reader)).toEqual([]);
  });

  it('loses the oldest where it is too slow, and nothing else', () => {
    const memory = newRingMemory();
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
    for (let value = 1; value <= 3000; value++) writer.put(value);
    expect(all(reader)).toEqual(Array.from({ length: 1024 }, (_, i) => 3000 - 1023 + i));
  });

  it('does not sleep when something was put before it waits', () => {
    const memory = newRingMemory();
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
    writer.put(7);
    reader.wait();
    expect(all(reader)).toEqual([7]);
  });
});
