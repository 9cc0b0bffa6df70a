// The door of a server in the background: takes its orders from the process that started it, mounts, and serves.
import { readSync } from 'node:fs';
import { ORDERS_FD, type ServeArguments } from './orders.ts';
import { DescriptorOutput } from './output.ts';
import { serveMount } from './serve.ts';
import { Terminal } from './terminal.ts';

const terminal = new Terminal(new DescriptorOutput(1), new DescriptorOutput(2));
process.on('uncaughtException', (error) => {
  terminal.end(error);
  process.exit(terminal.exitCode);
});

const orders = readOrders();
if (orders !== undefined) {
  try {
    terminal.exitWith(await serveMount(orders, { terminal, isLaunched: true }));
  } catch (error) {
    terminal.end(error);
  }
}
process.exit(terminal.exitCode);

/** Waits for one line; undefined where whoever started this process ended without a word. */
function readOrders(): ServeArguments | undefined {
  const block = Buffer.alloc(64 << 10);
  let text = '';
  while (!text.endsWith('\n')) {
    const length = readSync(ORDERS_FD, block);
    if (length === 0) return undefined;
    text += block.toString('latin1', 0, length);
  }
  return JSON.parse(Buffer.from(text, 'latin1').toString()) as ServeArguments;
}
