// Before the rounds each contender mounts once, so that one that cannot fails once and not in every row, and so that a
// mode that silently falls back to another does not put the other's figures under its own name.
import { join } from 'node:path';
import { type Absent, type Contender, PASSTHROUGH } from './contenders.ts';
import { withMount } from './mount.ts';
import { BIG_FILE } from './plan.ts';
import type { Bench } from './scenario.ts';

/** What a server may read while a file is looked up and opened; its data, or requests for them, are more. */
const BYTES_TO_OPEN = 8192;

export interface Probed {
  readonly able: readonly Contender[];
  readonly fallenBack: readonly Absent[];
  readonly failures: readonly string[];
}

export async function probe(bench: Bench, contenders: readonly Contender[]): Promise<Probed> {
  const able: Contender[] = [];
  const fallenBack: Absent[] = [];
  const failures: string[] = [];
  for (const contender of contenders) {
    try {
      const bytes = await bytesServed(bench, contender);
      if (contender.id !== PASSTHROUGH || bytes <= BYTES_TO_OPEN) able.push(contender);
      else
        fallenBack.push({
          id: contender.id,
          reason: `it fell back: its server read ${bytes} bytes for a file`,
        });
    } catch (error) {
      failures.push(`${contender.id}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { able, fallenBack, failures };
}

/** What the server reads, requests and all, while a client reads the big file. */
function bytesServed({ session, clients, stacks }: Bench, contender: Contender): Promise<number> {
  return withMount(session, contender, stacks.full.layers, 'free', async (mounted) => {
    const before = mounted.serverReadBytes();
    await clients.readAll(join(mounted.directory, BIG_FILE), 'free');
    return mounted.serverReadBytes() - before;
  });
}
