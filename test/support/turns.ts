// What all processes of the machine share, used by one test at a time: whoever has the turn holds a socket by its name, which the
// kernel frees with the process.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Temporary } from './temporary.ts';

/** Waits for the turn, which ends with `temporary`. */
export async function takeTurn(temporary: Temporary, name: string): Promise<void> {
  temporary.undo(await turnOf(name));
}

/** Waits for the turn, which ends with `act`. */
export async function inTurn<T>(name: string, act: () => Promise<T>): Promise<T> {
  const end = await turnOf(name);
  try {
    return await act();
  } finally {
    await end();
  }
}

/** Answers what ends it. */
async function turnOf(name: string): Promise<() => Promise<void>> {
  for (;;) {
    const server = createServer().unref();
    const answer = Promise.race([once(server, 'listening'), once(server, 'error')]);
    // An abstract name: it is no file.
    server.listen(`\0stratafs-test-${name}`);
    await answer.catch(() => undefined);
    if (server.listening) return () => new Promise((resolve) => server.close(() => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
