// Random layer stacks, mounted by the kernel and by us, compared as text: lookups first, in random order and with nothing
// listed, then the whole tree. STACKS sets how many, SEED which; a failure shrinks to the smallest stack that differs.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { Agreement, commanded, type Serve, servedBy } from '../support/agreement.ts';
import { Oracle } from '../support/oracle.ts';
import { Server } from '../support/server.ts';
import { type RandomStack, randomStack, stackText, VARIANTS, writable } from '../support/stacks.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const STACKS = Number(process.env.STACKS ?? 150);
const SEED = Number(process.env.SEED ?? 20_260_727);

describeSystem('random layer stacks', ['root', 'overlay', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const server = new Server(temporary, oracle);
  const agreement = new Agreement(oracle, temporary);
  afterAll(() => console.info(String(agreement)));

  async function mustAgree(stack: RandomStack, serve: Serve): Promise<void> {
    const directory = temporary.path('stack');
    const directories = stack.layers.map((_, layer) => join(directory, String(layer)));
    const written = stack.layers.map((steps, layer) => ({
      directory: directories[layer] ?? '',
      steps: writable(steps, layer, directories),
    }));
    try {
      // The lowest first: a link may lead to a layer below.
      await oracle.write(written.toReversed(), { lenient: true });
      const count = directories.length - (stack.variant === 'data-only' ? 1 : 0);
      const difference = await agreement.differences(
        {
          layers: directories.slice(0, count),
          dataLayers: directories.slice(count),
          options: VARIANTS[stack.variant],
          lookups: stack.lookups.map((path) => `/${path}`),
        },
        serve,
      );
      if (difference !== '') throw new Error(`${difference}\n${stackText(stack)}`);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  it(
    `show ${STACKS} times the same as the kernel`,
    async () => {
      const serve = servedBy(server, temporary.path('served'));
      const property = fc.asyncProperty(fc.noBias(randomStack), (stack) => mustAgree(stack, serve));
      await fc.assert(property, { numRuns: STACKS, seed: SEED });
      expect(agreement.stacks).toBeGreaterThanOrEqual(STACKS);
    },
    STACKS * 1000 + 60_000,
  );

  it.each(['cached', 'passthrough'] as const)('show the same through the built command, %s', async (data) => {
    const serve = commanded(temporary, data);
    const property = fc.asyncProperty(fc.noBias(randomStack), (stack) => mustAgree(stack, serve));
    await fc.assert(property, { numRuns: Math.ceil(STACKS / 34), seed: SEED + 1 });
  });
});
