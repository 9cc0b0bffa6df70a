import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DescriptorOutput, type Output, OutputClosed } from '../../../src/cli/print/output.ts';
import { Terminal } from '../../../src/cli/print/terminal.ts';
import { asBytes, shownBytes } from '../../../src/sys/bytes.ts';
import { E, Errno, Trouble } from '../../../src/sys/errors.ts';
import { MemoryOutput, memoryTerminal } from './memory.ts';

const directory = mkdtempSync(join(tmpdir(), 'sf-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('DescriptorOutput', () => {
  it('keeps text and bytes in order, however large', () => {
    const file = join(directory, 'ordered');
    const fd = openSync(file, 'w');
    const output = new DescriptorOutput(fd);
    output.write('é1\n');
    output.writeBytes(Buffer.from([0xff, 0x0a]));
    output.write('x'.repeat(200_000));
    output.write('end');
    output.flush();
    closeSync(fd);
    const expected = Buffer.concat([
      Buffer.from('é1\n'),
      Buffer.from([0xff, 0x0a]),
      Buffer.from(`${'x'.repeat(200_000)}end`),
    ]);
    expect(readFileSync(file).equals(expected)).toBe(true);
  });

  it('is no terminal where the descriptor is a file', () => {
    const fd = openSync(join(directory, 'plain'), 'w');
    expect(new DescriptorOutput(fd).columns).toBeUndefined();
    closeSync(fd);
  });

  it('says why nothing can be written', () => {
    const fd = openSync('/dev/full', 'w');
    const output = new DescriptorOutput(fd);
    output.write('x');
    expect(() => output.flush()).toThrow(
      new Trouble('usage', 'Cannot write the output: no space left on device'),
    );
    closeSync(fd);
  });

  it('ends with OutputClosed when the reader has gone', async () => {
    const fifo = join(directory, 'fifo');
    const made = spawn('mkfifo', [fifo]);
    await once(made, 'exit');
    const reader = openSync(fifo, 'r+');
    const fd = openSync(fifo, 'w');
    closeSync(reader);
    const output = new DescriptorOutput(fd);
    output.write('x');
    expect(() => output.flush()).toThrow(OutputClosed);
    closeSync(fd);
  });
});

describe('Terminal', () => {
  it('reports failures a line each and keeps the first code', () => {
    const { terminal, err } = memoryTerminal();
    terminal.report(new Trouble('path', 'Cannot open "/a\nb"'));
    terminal.report(new Trouble('store', `Cannot read "${shownBytes(asBytes('/x\xff'))}"`));
    expect([terminal.exitCode, err.text]).toEqual([
      5,
      'stratafs: Cannot open "/a\\nb"\nstratafs: Cannot read "/x\\377"\n',
    ]);
  });

  it('throws a bug on', () => {
    const bug = new TypeError('x is not a function');
    expect(() => memoryTerminal().terminal.report(bug)).toThrow(bug);
  });

  it('ends with a stack and 70 at a bug', () => {
    const { terminal, err } = memoryTerminal();
    const bug = new TypeError('bad \x1b[2J name');
    terminal.end(bug);
    const [first, second, third] = err.text.split('\n');
    expect([terminal.exitCode, first, second]).toEqual([
      70,
      'stratafs: a fault of stratafs itself; please report what follows',
      'TypeError: bad \\033[2J name',
    ]);
    expect(third).toMatch(/^ {4}at .*terminal\.test\.ts/);
  });

  it('ends quietly when the reader has gone', () => {
    const { terminal, err } = memoryTerminal();
    terminal.end(new OutputClosed('gone'));
    expect([terminal.exitCode, err.text]).toEqual([141, '']);
  });

  it.each([
    [1, 2],
    [5, 5],
  ])('ends with a failed write after %d with %d', (before, after) => {
    const { terminal } = memoryTerminal();
    terminal.exitWith(before);
    terminal.end(new Trouble('usage', 'Cannot write the output: no space left on device'));
    expect(terminal.exitCode).toBe(after);
  });

  it('goes on without an error output', () => {
    const closed: Output = {
      columns: undefined,
      write() {},
      writeBytes() {},
      flush() {
        throw new OutputClosed('gone');
      },
    };
    const out = new MemoryOutput();
    const terminal = new Terminal(out, closed);
    terminal.report(new Errno(E.EIO, 'read'));
    terminal.out.write('more');
    expect([terminal.exitCode, out.text]).toEqual([5, 'more']);
  });
});
