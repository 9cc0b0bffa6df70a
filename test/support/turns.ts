// What all processes of the machine share, used by one test at a time: whoever has the turn holds a socket by its name, which the
// kernel frees with the process.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Temporary } from './temporary.ts';

/** Ends with `temporary`. */
export async function takeTurn(temporary: Temporary, name: string): Promise<void> {
  for (;;) {
    const server = createServer().unref();
    const answer = Promise.race([once(server, 'listening'), once(server, 'error')]);
    // An abstract name: it is no file.
    server.listen(`\0stratafs-test-${name}`);
    await answer.catch(() => undefined);
    if (server.listening) {
      temporary.undo(() => new Promise((resolve) => server.close(() => resolve())));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
